"""lapwing-device under a server that nobody here wrote: every operation of LwM2M 1.1 over plain UDP."""
import os
import signal
import subprocess
import time

import pytest

from peer import Leshan

FORMATS = ["TLV", "SENML_JSON", "SENML_CBOR"]


# ---- Registration -------------------------------------------------------------------------------


def test_register_says_lifetime_version_binding_and_objects(registered):
    thing = registered("-l", "600")
    said = thing.registration
    assert (said["lifetime"], said["version"], said["binding"], said["queue"]) == (600, "1.1", "[U]", False)
    for link in ["</1/0>", "</3/0>", "</5/0>", "</3303/0>"]:
        assert link in said["links"]
    assert "</0" not in said["links"]


def test_queue_mode_is_announced_in_1_1_and_in_1_0(registered):
    assert registered("--queue").registration["queue"] is True
    old = registered("--queue", "--version", "1.0").registration
    assert (old["version"], old["queue"]) == ("1.0", True)


def test_a_server_without_1_2_is_offered_1_1(registered):
    assert registered("--version", "1.2").registration["version"] == "1.1"


def test_update_on_command(registered):
    thing = registered()
    thing.process.type("update")
    thing.process.wait_for("^updated the registration")
    assert thing.event("updated")["registration"] == thing.registration["registration"]


def test_a_new_lifetime_is_told_at_once(registered):
    thing = registered()
    assert thing.ask("write", "/1/0/1", values=120)["code"] == 204
    assert thing.event("updated")["lifetime"] == 120


def test_sigterm_deregisters_and_ends_with_0(registered):
    thing = registered()
    assert thing.process.stop(signal.SIGTERM) == 0
    assert thing.event("unregistered")["expired"] is False


def test_quit_deregisters(registered):
    thing = registered()
    thing.process.type("quit")
    assert thing.process.wait() == 0
    thing.event("unregistered")


def test_a_device_registers_again_after_the_server_lost_everything(registered):
    server = Leshan()
    thing = registered(server=server)
    registered_at = time.monotonic()
    server.stop()
    again = Leshan(server.port)
    try:
        # A registration that is forgotten within 10 s counts as a failed attempt.
        time.sleep(max(0.0, 11 - (time.monotonic() - registered_at)))
        thing.process.type("update")
        thing.process.wait_for("^could not update .*4.04 Not Found")
        thing.process.wait_for("^registered with server 1")
        assert again.event("registered", thing.name)["lifetime"] == 300
    finally:
        thing.process.stop()
        again.stop()


def test_reboot_registers_anew(registered):
    thing = registered()
    assert thing.ask("execute", "/3/0/4")["code"] == 204
    thing.process.wait_for("^asked to reboot")
    thing.process.wait_for("^registered with server 1")
    assert thing.event("registered")["again"] is True


# ---- Read and Discover --------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_read_of_an_object_an_instance_and_a_resource(registered, form):
    thing = registered()
    whole = thing.read("/3", form)
    assert whole["/3/0/17"] and whole["/3/0/16"] == "U" and whole["/3/0/11/0"] == 0
    assert thing.read("/3/0", form).keys() == whole.keys()
    assert thing.read("/3/0/16", form) == {"/3/0/16": "U"}
    assert thing.read("/3/0/11/0" if form != "TLV" else "/3/0/11", form) == {"/3/0/11/0": 0}


@pytest.mark.parametrize("form", ["TEXT", "CBOR"])
def test_read_of_one_value(registered, form):
    thing = registered()
    assert thing.read("/1/0/1", form) == {"/1/0/1": 300}
    assert isinstance(thing.read("/3303/0/5700", form)["/3303/0/5700"], float)
    assert abs(thing.read("/3/0/13", form)["/3/0/13"] - time.time()) < 30


def test_what_cannot_be_read(registered):
    thing = registered()
    assert thing.ask("read", "/3/0/4")["code"] == 405
    assert thing.ask("read", "/3/0/9999")["code"] == 404
    assert thing.ask("read", "/3/1")["code"] == 404
    assert thing.ask("read", "/0/0")["code"] == 401


def test_discover_shows_resources_dimensions_and_attributes(registered):
    thing = registered()
    assert thing.ask("attributes", "/3/0/10", attributes="pmin=5&pmax=60")["code"] == 204
    links = thing.ask("discover", "/3/0")["links"]
    assert "</3/0/11>;dim=1" in links and "</3/0/10>;pmin=5;pmax=60" in links and "</3/0/4>" in links
    assert thing.ask("discover", "/9999")["code"] == 404


# ---- Write --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS + ["TEXT", "CBOR"])
def test_write_of_a_resource(registered, form):
    thing = registered()
    assert thing.ask("write", "/3/0/15", values="Europe/Rome", format=form)["code"] == 204
    assert thing.read("/3/0/15") == {"/3/0/15": "Europe/Rome"}
    assert thing.ask("write", "/1/0/6", values=False, format=form)["code"] == 204
    assert thing.read("/1/0/6") == {"/1/0/6": False}


@pytest.mark.parametrize("form", FORMATS)
def test_update_of_an_instance_keeps_what_it_does_not_name(registered, form):
    thing = registered()
    before = thing.read("/1/0")
    assert thing.ask("write", "/1/0", update=True, values={"2": 3, "3": 30}, format=form)["code"] == 204
    assert thing.read("/1/0") == {**before, "/1/0/2": 3, "/1/0/3": 30}


@pytest.mark.parametrize("form", FORMATS)
def test_replace_of_an_instance_drops_what_it_does_not_name(registered, form):
    thing = registered()
    assert thing.ask("create", "/16", instance=0, values={"0": {"0": "a", "1": "b"}})["code"] == 201
    assert thing.ask("write", "/16/0", values={"0": {"2": "c"}}, format=form)["code"] == 204
    assert thing.read("/16/0") == {"/16/0/0/2": "c"}


def test_what_cannot_be_written(registered):
    thing = registered()
    assert thing.ask("write", "/3/0/0", values="mine")["code"] == 405
    assert thing.ask("write", "/3/0/14", values="noon")["code"] == 400
    assert thing.ask("write", "/0/0/0", values="coap://elsewhere")["code"] == 401


# ---- Execute, Create, Delete --------------------------------------------------------------------


def test_execute(registered):
    thing = registered()
    assert thing.ask("execute", "/3303/0/5605")["code"] == 204
    now = thing.read("/3303/0")
    assert now["/3303/0/5602"] - now["/3303/0/5601"] < 0.5
    assert thing.ask("execute", "/1/0/8")["code"] == 204
    thing.event("updated")
    assert thing.ask("execute", "/3/0/0")["code"] == 405


@pytest.mark.parametrize("form", FORMATS)
def test_create_and_delete_change_the_registration(registered, form):
    thing = registered()
    values = {"0": {"0": "host", "3": "maker"}}
    answer = thing.ask("create", "/16", instance=1, values=values, format=form)
    assert answer["code"] == 201
    assert thing.read("/16/1") == {"/16/1/0/0": "host", "/16/1/0/3": "maker"}
    assert "</16/1>" in thing.event("updated")["links"]
    thing.mark()
    assert thing.ask("delete", "/16/1")["code"] == 202
    assert "</16/1>" not in thing.event("updated")["links"]
    assert thing.ask("delete", "/3/0")["code"] == 405


# ---- Observe ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_observe_notifies_until_it_is_cancelled(registered, form):
    thing = registered()
    zone = "/3/0/15"
    assert thing.ask("observe", zone, format=form)["code"] == 205
    for city in ["Asia/Tokyo", "Asia/Seoul"]:
        thing.process.type(f"set {zone} {city}")
        assert thing.event("notification")["values"] == {zone: city}
        thing.mark()
    assert thing.ask("cancel", zone, format=form)["code"] == 205
    thing.mark()
    thing.process.type(f"set {zone} Asia/Dubai")
    with pytest.raises(AssertionError, match="time is over"):
        thing.event("notification", timeout=1.5)


def test_a_sensor_moves_by_itself(registered):
    thing = registered()
    first = thing.ask("observe", "/3303/0/5700")["values"]
    assert abs(thing.event("notification")["values"]["/3303/0/5700"] - first["/3303/0/5700"]) < 5


def test_pmax_repeats_a_value_that_does_not_change(registered):
    thing = registered()
    assert thing.ask("attributes", "/3/0/16", attributes="pmin=1&pmax=2")["code"] == 204
    assert thing.ask("observe", "/3/0/16")["code"] == 205
    assert thing.event("notification")["values"] == {"/3/0/16": "U"}


def test_observe_of_an_instance_tells_all_of_it(registered):
    thing = registered()
    assert thing.ask("observe", "/3342/0")["code"] == 205
    thing.process.type("set /3342/0/5500 true")
    assert thing.event("notification")["values"]["/3342/0/5500"] is True


def test_the_sensor_of_the_readme_is_observed(leshan):
    since = leshan.mark()
    with subprocess.Popen([os.environ["LAPWING_SENSOR"], leshan.uri], stderr=subprocess.DEVNULL) as process:
        leshan.event("registered", "sensor", since)
        assert leshan.order("sensor", "observe", "/3303/0/5700")["code"] == 205
        value = leshan.event("notification", "sensor", since)["values"]["/3303/0/5700"]
        process.kill()
    assert 20 <= value <= 22


# ---- Send ---------------------------------------------------------------------------------------


def test_send(registered):
    thing = registered()
    thing.process.type("send /3/0/16 /3303/0/5701")
    assert thing.event("send")["values"] == {"/3/0/16": "U", "/3303/0/5701": "Cel"}
    thing.process.wait_for("^sent values to server 1")
    assert thing.ask("write", "/1/0/23", values=True)["code"] == 204
    thing.process.type("send /3/0/16")
    thing.process.wait_for("the server mutes Send")


# ---- Power --------------------------------------------------------------------------------------


def test_a_killed_device_goes_on_with_its_registration_and_observations(registered, device, tmp_path):
    state = ["--state-dir", tmp_path / "state"]
    thing = registered(*state)
    assert thing.ask("observe", "/3/0/15")["code"] == 205
    time.sleep(1.5)
    thing.process.process.kill()
    thing.process.process.wait()
    thing.mark()
    again = device("-u", thing.server.uri, "-n", thing.name, "--prompt", *state)
    again.wait_for("^registered with server 1")
    assert thing.event("updated")["registration"] == thing.registration["registration"]
    again.type("set /3/0/15 Asia/Tokyo")
    assert thing.event("notification")["values"] == {"/3/0/15": "Asia/Tokyo"}


# ---- Composite ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["SENML_JSON", "SENML_CBOR"])
def test_composites(registered, form):
    thing = registered()
    both = {"/3/0/15": "UTC", "/1/0/3": 77}
    assert thing.ask("write-composite", values=both, format=form)["code"] == 204
    answer = thing.ask("read-composite", paths=list(both), format=form)
    assert (answer["code"], answer["values"]) == (205, both)
    assert thing.ask("observe-composite", paths=list(both), format=form)["code"] == 205
    thing.process.type("set /3/0/15 Asia/Tokyo")
    assert thing.event("notification")["values"] == {**both, "/3/0/15": "Asia/Tokyo"}


# ---- Firmware -----------------------------------------------------------------------------------


def test_firmware_is_pushed_in_blocks_and_installed(registered, tmp_path):
    thing = registered("--state-dir", tmp_path / "state")
    package = b"lapwing-firmware 7.7.7\n" + bytes(range(256)) * 12
    assert thing.ask("write", "/5/0/0", values=package.hex(), format="OPAQUE")["code"] == 204
    state = thing.read("/5/0")
    assert (state["/5/0/3"], state["/5/0/5"], state["/5/0/7"]) == (2, 0, "7.7.7")
    assert thing.ask("execute", "/5/0/2")["code"] == 204
    thing.process.wait_for("^restarted")
    thing.process.wait_for("^registered with server 1")
    state = thing.read("/5/0")
    assert (state["/5/0/3"], state["/5/0/5"]) == (0, 1)
    assert thing.read("/3/0/3") == {"/3/0/3": "7.7.7"}


def test_a_broken_package_is_told_in_the_result(registered):
    thing = registered()
    package = b"lapwing-firmware 7.7.7 integrity\n"
    assert thing.ask("write", "/5/0/0", values=package.hex(), format="OPAQUE")["code"] == 204
    state = thing.read("/5/0")
    assert (state["/5/0/3"], state["/5/0/5"]) == (0, 5)
