"""lapwingd, lapwing-device and lapwing together: what an operator does with devices, and what outlives a restart."""
import json
import os
import re
import subprocess
import time

import pytest

from lapwing_cli import lapwing
from program import find_program


class Operator:
    """`lapwing` for one server."""

    def __init__(self, server):
        self.server = server

    def __call__(self, *args, status=0, **options):
        result = lapwing(*args, url=self.server.url, token=self.server.token, **options)
        assert result.status == status, f"{args}: {result.status}\n{result.out}{result.err}"
        return result

    def value(self, name, path):
        """The JSON value of a resource."""
        values = json.loads(self("read", name, path, "--json").out)["values"]
        assert [each["path"] for each in values] == [path]
        return values[0]["value"]

    def wait_until(self, test, *args, timeout=20):
        """The output of a command as soon as `test` accepts it."""
        until = time.monotonic() + timeout
        while True:
            out = self(*args).out
            if test(out):
                return out
            assert time.monotonic() < until, out
            time.sleep(0.2)


class Setting:
    def __init__(self, server, device):
        self.server = server
        self.start_device = device
        self.ask = Operator(server)

    def device(self, name, *args):
        thing = self.start_device("-u", self.server.coap, "-n", name, "--prompt", *args)
        thing.wait_for("^registered with server 1")
        return thing


@pytest.fixture
def setting(daemon, device):
    return Setting(daemon(), device)


# ---- Operations ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_every_operation_reaches_a_device(setting, version):
    setting.device("lamp", "--version", version)
    ask = setting.ask
    assert re.search(rf"^lamp +online +{re.escape(version)} ", ask("devices").out, re.M)
    assert re.search(r"^/3/0/0 +Manufacturer +Lapwing$", ask("read", "lamp", "/3/0").out, re.M)
    assert ask("write", "lamp", "/3/0/15", "Europe/Oslo").out == "done\n"
    assert ask.value("lamp", "/3/0/15") == "Europe/Oslo"
    ask("write", "lamp", "/3/0", "--partial", "14=+02:00", "15=Asia/Tokyo")
    assert (ask.value("lamp", "/3/0/14"), ask.value("lamp", "/3/0/15")) == ("+02:00", "Asia/Tokyo")
    ask("exec", "lamp", "/3/0/12")
    assert ask("create", "lamp", "/16", "0/0=Host").out == "/16/0 created\n"
    assert re.search(r"^/16/0/0/0 .* Host$", ask("read", "lamp", "/16/0").out, re.M)
    ask("delete", "lamp", "/16/0")
    assert "4.04" in ask("read", "lamp", "/16/0", status=6).err
    ask("attrs", "lamp", "/3303/0/5700", "pmin=3")
    assert "pmin=3" in ask("discover", "lamp", "/3303").out
    assert "4.05" in ask("read", "lamp", "/3/0/4", "--force", status=6).err


def test_composite_operations(setting):
    setting.device("lamp", "--version", "1.2")
    out = setting.ask("composite", "read", "lamp", "/3/0/0", "/3303/0/5700").out
    assert "Manufacturer" in out and "/3303/0/5700" in out
    setting.ask("composite", "write", "lamp", "/3/0/15=Asia/Tokyo", "/3/0/14=+09:00")
    assert setting.ask.value("lamp", "/3/0/15") == "Asia/Tokyo"


def test_a_firmware_goes_up_in_blocks(setting, tmp_path):
    setting.device("lamp")
    (tmp_path / "package").write_bytes(b"lapwing-firmware 2.0\n" + bytes(120_000))
    setting.ask("write", "lamp", "/5/0/0", f"@{tmp_path}/package")
    setting.ask.wait_until(lambda out: re.search(r"/5/0/3 +State +2", out), "read", "lamp", "/5/0/3")


def test_errors_are_told_as_what_they_are(setting):
    thing = setting.device("lamp")
    ask = setting.ask
    assert "the device answered 4.04 Not Found" in ask("read", "lamp", "/3/0/99", "--force", status=6).err
    ask("read", "nobody", "/3/0", status=5)
    ask("request", "12345", "--no-wait", status=5)
    assert lapwing("devices", url=setting.server.url, token="wrong").status == 4
    assert lapwing("devices", url=setting.server.url).status == 4
    assert thing.stop() == 0
    assert "it is not registered; --queue keeps the request" in ask("read", "lamp", "/3/0", status=1).err
    assert "--force" in ask("read", "lamp", "/9999", "--queue", status=1).err
    assert re.search(r"^lamp +offline", ask("devices").out, re.M)
    ask("forget", "lamp")
    assert len(ask("devices").lines) == 1


def test_roles_are_kept(setting):
    setting.device("lamp")
    viewer = setting.ask("tokens", "add", "looker", "--role", "viewer").out.strip()
    assert lapwing("read", "lamp", "/3/0", url=setting.server.url, token=viewer).status == 0
    assert lapwing("write", "lamp", "/3/0/15", "x", url=setting.server.url, token=viewer).status == 4
    setting.ask("tokens", "delete", "looker")
    assert lapwing("devices", url=setting.server.url, token=viewer).status == 4


# ---- What devices tell --------------------------------------------------------------------------


def test_an_observation_tells_of_changes_and_they_are_recorded(setting):
    thing = setting.device("lamp")
    setting.ask("observe", "lamp", "/3342/0/5500")
    setting.ask.wait_until(lambda out: "established" in out, "observations", "lamp")
    thing.type("set /3342/0/5500 true")
    setting.ask.wait_until(lambda out: "true" in out, "history", "lamp", "/3342/0/5500")
    setting.ask("unobserve", "lamp", "/3342/0/5500")
    assert len(setting.ask("observations", "lamp").lines) == 1


def test_a_composite_observation(setting):
    thing = setting.device("lamp", "--version", "1.2")
    setting.ask("observe", "lamp", "/3342/0/5500", "/3/0/15")
    setting.ask.wait_until(lambda out: "established" in out, "observations", "lamp")
    thing.type("set /3342/0/5500 true")
    setting.ask.wait_until(lambda out: re.search(r"5500.*true", out), "history", "lamp", "/3342")


def test_send_is_recorded_and_an_event(setting):
    thing = setting.device("lamp")
    thing.type("send /3/0/0 /3303/0/5700")
    thing.wait_for("^sent values to server 1")
    out = setting.ask.wait_until(lambda text: "Lapwing" in text, "history", "lamp", "/3/0/0")
    assert "Manufacturer" in out
    events = lapwing_events(setting, "--type", "send,registered")
    assert [event["type"] for event in events] == ["registered", "send"]
    assert {value["path"] for value in events[1]["values"]} == {"/3/0/0", "/3303/0/5700"}


def lapwing_events(setting, *args):
    """What `lapwing events --after 0` prints within a second and a half."""
    environment = {**os.environ, "LAPWING_URL": setting.server.url, "LAPWING_TOKEN": setting.server.token}
    process = subprocess.Popen([find_program("lapwing"), "events", "--json", "--after", "0", *args], env=environment,
                               stdout=subprocess.PIPE, text=True)
    time.sleep(1.5)
    process.kill()
    return [json.loads(line) for line in process.communicate()[0].splitlines()]


# ---- Sleeping devices ---------------------------------------------------------------------------


def test_requests_wait_for_a_device_that_sleeps(daemon, device):
    setting = Setting(daemon("--awake", "1s"), device)
    thing = setting.device("sleeper", "--queue")
    setting.ask.wait_until(lambda out: "asleep" in out, "devices")
    first = setting.ask("write", "sleeper", "/3/0/15", "Europe/Oslo", "--no-wait").out.strip()
    second = setting.ask("read", "sleeper", "/3/0/15", "--no-wait").out.strip()
    third = setting.ask("exec", "sleeper", "/3/0/12", "--no-wait").out.strip()
    assert int(first) < int(second) < int(third)
    listed = setting.ask("requests", "sleeper").rows()
    assert {(row[0], row[3].strip()) for row in listed} == {(number, "queued") for number in (first, second, third)}
    setting.ask("cancel", third)
    thing.type("update")
    assert "Europe/Oslo" in setting.ask("request", second).out
    assert "it was cancelled" in setting.ask("request", third, status=1).err
    assert setting.ask("request", first).out == "done\n"


def test_a_request_that_waits_is_followed(daemon, device):
    setting = Setting(daemon("--awake", "1s"), device)
    thing = setting.device("sleeper", "--queue")
    setting.ask.wait_until(lambda out: "asleep" in out, "devices")
    result = setting.ask("read", "sleeper", "/3/0/0", "--wait", "1", status=7)
    assert "waits until the device wakes" in result.err and "it still waits" in result.err
    thing.type("update")
    setting.ask.wait_until(lambda out: "done" in out, "requests", "sleeper")


def test_a_request_for_a_device_that_is_away_waits_for_it(setting):
    assert setting.device("lamp").stop() == 0
    number = setting.ask("write", "lamp", "/3/0/15", "Europe/Oslo", "--queue", "--no-wait").out.strip()
    setting.device("lamp")
    assert setting.ask("request", number).out == "done\n"
    assert setting.ask.value("lamp", "/3/0/15") == "Europe/Oslo"


# ---- Restarts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_an_operator_was_told_outlives_a_restart(daemon, device, end):
    first = daemon("--awake", "1s")
    setting = Setting(first, device)
    thing = setting.device("sleeper", "--queue", "-l", "600")
    ask = setting.ask
    ask("observe", "sleeper", "/3342/0/5500")
    ask.wait_until(lambda out: "established" in out, "observations", "sleeper")
    ask.wait_until(lambda out: "asleep" in out, "devices")
    number = ask("read", "sleeper", "/3/0/0", "--no-wait").out.strip()
    token = ask("tokens", "add", "second", "--role", "operator").out.strip()
    ask("credentials", "set", "sleeper", "mode=psk", "identity=me", "key=00ff")
    time.sleep(0.5)  # registrations are written behind
    if end == "stop":
        assert first.stop() == 0
    else:
        first.process.kill()
        first.process.wait()
    setting.server = daemon("--awake", "1s", coap_port=first.coap_port)
    ask = setting.ask = Operator(setting.server)
    assert re.search(r"^sleeper +(asleep|online) +1\.1", ask("devices").out, re.M)
    assert "queued" in ask("requests", "sleeper").out
    assert "/3342/0/5500" in ask("observations", "sleeper").out
    assert lapwing("devices", url=setting.server.url, token=token).status == 0
    assert "me" in ask("credentials").out
    thing.type("update")
    assert "Lapwing" in ask("request", number).out
    thing.type("set /3342/0/5500 true")
    ask.wait_until(lambda out: "true" in out, "history", "sleeper", "/3342/0/5500")
