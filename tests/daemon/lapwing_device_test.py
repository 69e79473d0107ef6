"""What lapwing-device says and how it ends: flags, messages, exit statuses, prompt, files."""
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from lapwing_device import ROOT
from tiny_server import PUT, TEXT

HERE = "coap://127.0.0.1:9"


# ---- Flags --------------------------------------------------------------------------------------


WRONG = [
    ([], "-u URI is missing"),
    (["-u"], "-u needs a value"),
    (["--frobnicate"], "--frobnicate: no such option"),
    (["-u", HERE, "-x"], "-x: no such option"),
    (["-u", HERE, "extra"], "extra: what is this"),
    (["-u", "http://server"], "not a URI of the form coap://"),
    (["-u", "coap://server:99999"], "not a URI of the form coap://"),
    (["-u", "coaps://server"], "it has no DTLS, TCP or TLS"),
    (["-u", "coap+tcp://server"], "it has no DTLS, TCP or TLS"),
    (["-u", "coaps://server", "-i", "me", "-p", "00ff"], "it has no DTLS, TCP or TLS"),
    (["-u", HERE, "-i", "me", "-p", "00ff"], "credentials are for coaps://"),
    (["-u", HERE, "-i", "me"], "credentials are for coaps://"),
    (["-u", HERE, "-p", "abc"], "an even number of hexadecimal digits"),
    (["-u", HERE, "-p", "zz"], "not 'z'"),
    (["-u", HERE, "-i", ""], "the identity has 1 to 128 octets"),
    (["-u", HERE, "--cert", "/nowhere"], "--cert /nowhere: No such file"),
    (["-u", HERE, "--key", "/dev/null"], "--key /dev/null: the file is empty"),
    (["-u", HERE, "--cid=99"], "a connection id has 0 to 32 octets"),
    (["-u", HERE, "--cid"], "--key, --trust and --cid need"),
    (["-u", HERE, "-n", ""], "the endpoint name has 1 to 252 octets"),
    (["-u", HERE, "-n", "x" * 253], "the endpoint name has 1 to 252 octets"),
    (["-u", HERE, "-n", "caf\udce9"], "the endpoint name is text in UTF-8"),
    (["-u", HERE, "-l", "soon"], "a number of seconds"),
    (["-u", HERE, "-l", "0"], "a number of seconds"),
    (["-u", HERE, "--version", "2.0"], "LwM2M has 1.0, 1.1 and 1.2"),
    (["-u", HERE, "--log", "loud"], "the levels are error"),
    (["-b"], "-u URI is missing"),
    (["-u", HERE] * 6, "at most 4 servers"),
    (["-u", HERE] * 5, "at most 4 servers"),
    (["-u", HERE, "--config", "D.1"], "the configurations are C.1 to C.26"),
    (["-u", HERE, "--config", "C.27"], "the configurations are C.1 to C.26"),
    (["-u", HERE, "--config", "C.13"], "give -b and its URI first"),
    (["-b", "-u", HERE, "--config", "C.14"], "needs 3 URIs"),
    (["-u", HERE, "--factory", "/nowhere"], "--factory /nowhere: No such file"),
    (["-u", HERE, "--factory", "/"], "--factory /: Is a directory"),
]


@pytest.mark.parametrize("args,message", WRONG, ids=[ascii(" ".join(args))[1:41] or "nothing" for args, _ in WRONG])
def test_wrong_usage_is_told_and_ends_with_2(device, args, message):
    thing = device(*args)
    assert thing.wait() == 2
    assert message in thing.stderr() and thing.stderr().startswith("lapwing-device: ")
    assert thing.out.lines == []


@pytest.mark.parametrize("name,missing", [("C.2", "SMS"), ("C.17", "a secure session"), ("C.22", "OSCORE"),
                                          ("C.21", "a secure session and Enrollment"), ("C.26", "the MQTT transport")])
def test_configurations_that_this_build_cannot_have_say_what_is_missing(device, name, missing):
    thing = device("-u", HERE, "--config", name)
    assert thing.wait() == 2
    assert f"--config {name}: not possible with this build, which lacks {missing}" in thing.stderr()


def test_help_and_version(device):
    thing = device("--help")
    assert thing.wait() == 0
    thing.wait_for("^usage: lapwing-device")
    for option in ["--uri", "--trust", "--factory", "--config C.n"]:
        thing.wait_for(option)
    thing = device("-V")
    assert thing.wait() == 0
    thing.wait_for(r"^lapwing-device \d+\.\d+\.\d+$")


def test_help_manual_and_completion_name_the_same_options(device):
    thing = device("--help")
    thing.wait_for("version of this program$")
    assert thing.wait() == 0
    helped = set(re.findall(r"--[a-z-]+", "\n".join(thing.out.lines)))
    manual = (ROOT / "man/lapwing-device.1").read_text(encoding="utf-8")
    assert helped == set("--" + name for name in re.findall(r"(?:Fl|,) -([a-z-]+)", manual))
    for completion in ["lapwing-device.bash", "_lapwing-device"]:
        text = (ROOT / "completions" / completion).read_text(encoding="utf-8")
        assert helped == set(re.findall(r"--[a-z][a-z-]*[a-z]", text))


# ---- Registering --------------------------------------------------------------------------------


def test_it_registers_says_so_and_deregisters(device, server):
    here = server()
    thing = device("-u", here.uri, "-n", "one", "-l", "77")
    thing.wait_for(f"^registered with server 1 at {here.uri} as one$")
    register = here.wait_for(lambda r: r.is_register)
    assert {"ep=one", "lt=77", "lwm2m=1.1"} <= set(register.query)
    assert b"</3/0>" in register.payload
    assert thing.stop() == 0
    here.wait_for(lambda r: r.is_deregister)
    thing.wait_for("^de-registered from server 1")


def test_the_default_name_is_the_host_s(device, server):
    here = server()
    device("-u", here.uri)
    assert f"ep=lapwing-{socket.gethostname()}" in here.wait_for(lambda r: r.is_register).query


@pytest.mark.parametrize("version,expected", [("1.0", "lwm2m=1.0"), ("1.1", "lwm2m=1.1"), ("1.2", "lwm2m=1.2")])
def test_versions_and_queue_mode(device, server, version, expected):
    here = server()
    device("-u", here.uri, "--version", version, "--queue")
    query = here.wait_for(lambda r: r.is_register).query
    assert expected in query
    assert ("b=UQ" if version == "1.0" else "Q") in query


def test_several_servers(device, server):
    one, two = server(), server()
    thing = device("-u", one.uri, "-u", two.uri)
    said = {thing.wait_for(r"^registered with server (\d)")[1] for _ in range(2)}
    assert said == {"1", "2"}


def test_a_bootstrap_server_is_asked(device, server):
    here = server()
    thing = device("-b", "-u", here.uri, "-n", "boot")
    thing.wait_for(f"^bootstrapping from the Bootstrap-Server at {here.uri}")
    assert "ep=boot" in here.wait_for(lambda r: r.is_bootstrap).query


@pytest.mark.parametrize("answer,words", [
    ("4.03", "the server answered 4.03 Forbidden; it does not accept this endpoint name or its credentials"),
    ("4.00", "the server answered 4.00 Bad Request; it may not know this endpoint name"),
    ("4.12", "the server answered 4.12 Precondition Failed; it does not speak any LwM2M version"),
    ("5.00", "the server answered 5.00 Internal Server Error"),
    ("reset", "the server answered with Reset"),
])
def test_a_refused_registration_says_why_and_when_again(device, server, answer, words):
    here = server(register=answer)
    thing = device("-u", here.uri)
    line = thing.wait_for("^could not register with server 1 at .*").string
    assert words in line
    assert "; trying again in 6" in line


def test_a_refused_update_says_why_and_what_follows_says_when(device, server):
    thing = device("-u", server(update="4.04").uri, "--prompt")
    thing.wait_for("^registered")
    thing.type("update")
    line = thing.wait_for("^could not update the registration with server 1 at .*").string
    assert "4.04 Not Found; it does not know the registration" in line and "again" not in line
    assert "; trying again in 6" in thing.wait_for("^could not register with server 1 at .*").string


def test_a_server_that_is_not_there(device):
    free = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    thing = device("-u", f"coap://127.0.0.1:{port}")
    thing.wait_for(r"^warning: link: coap://127\.0\.0\.1:\d+: nobody listens there \(yet\): Connection refused$")


def test_a_name_that_does_not_exist(device):
    thing = device("-u", "coap://no..such..name")
    thing.wait_for("^warning: link: coap://no..such..name: the name was not found: ")
    thing.wait_for(r"^could not register with server 1 at coap://no..such..name: .*; trying again in 6\d s$")


def test_the_sensor_of_the_readme_registers(server):
    here = server()
    with subprocess.Popen([os.environ["LAPWING_SENSOR"], here.uri], stderr=subprocess.DEVNULL) as process:
        register = here.wait_for(lambda r: r.is_register)
        process.kill()
    assert "ep=sensor" in register.query and b"</3303/0>" in register.payload


# ---- Signals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0(device, server, number):
    here = server()
    thing = device("-u", here.uri)
    thing.wait_for("^registered")
    assert thing.stop(number) == 0
    here.wait_for(lambda r: r.is_deregister)


def test_a_silent_server_does_not_keep_it_from_ending(device, server):
    thing = device("-u", server(register=None).uri)
    time.sleep(0.5)
    started = time.monotonic()
    assert thing.stop() == 0
    assert time.monotonic() - started < 8


# ---- JSON ---------------------------------------------------------------------------------------


def test_json_lines(device, server):
    here = server()
    thing = device("-u", here.uri, "-n", 'q"\\', "--json", "--log", "detail", "--prompt")
    said = thing.event("registered")
    assert (said["server"], said["uri"], said["endpoint"], said["code"]) == (1, here.uri, 'q"\\', "2.01")
    assert time.time() - 60 < time.mktime(time.strptime(said["time"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    thing.type("get /1/0/1")
    said = thing.event("value")
    assert (said["path"], said["value"]) == ("/1/0/1", "300")
    thing.type("nonsense")
    assert "no such command" in thing.event("error")["text"]
    thing.type("quit")
    assert thing.wait() == 0
    for line in thing.out.lines:
        assert {"time", "event", "text"} <= json.loads(line).keys()


def test_json_tells_when_it_tries_again(device, server):
    thing = device("-u", server(register="4.03").uri, "--json")
    said = thing.event("registration-failed")
    assert said["code"] == "4.03" and 55000 < said["retry_in_ms"] < 70000


# ---- Prompt -------------------------------------------------------------------------------------


@pytest.fixture
def prompt(device, server):
    here = server()
    thing = device("-u", here.uri, "--prompt")
    thing.wait_for("^registered")
    thing.server = here
    return thing


@pytest.mark.parametrize("line,answer", [
    ("get /1/0/1", r"^/1/0/1  300  \(Lifetime\)$"),
    ("get /3/0/11", r"^/3/0/11/0  0  \(Error Code\)$"),
    ("get 3/0", "not a path such as /3/0/9"),
    ("get /9/9", "/9/9: no value there"),
    ("list", r"^/3  Device$"),
    ("set /3/0/15 Europe/Oslo", "^/3/0/15: done$"),
    ("set /3/0/14=+01:00", "^/3/0/14: done$"),
    ("set /3/0/13 2030-01-01T00:00:00Z", "^/3/0/13: done$"),
    ("set /16/0/0/3 text with blanks", "^/16/0/0/3: done$"),
    ("set /6/0/4 00ff10", "^/6/0/4: done$"),
    ("set /3/0/22/0 4:0", "^/3/0/22/0: done$"),
    ("set", "^set: which path, and to what value"),
    ("set 3/0/9 1", "^3/0/9: not a path such as /3/0/9"),
    ("set /3/0/9", "^/3/0/9: takes a value of type Integer"),
    ("set /3/0/9 many", "^/3/0/9: takes a value of type Integer"),
    ("set /3/0/9 999", "^/3/0/9: the value is outside its range"),
    ("set /3/0/11 1", "name a single value"),
    ("set /3/0/4444 1", "this device has no such resource"),
    ("set /1/0/6 maybe", "^/1/0/6: takes a value of type Boolean"),
    ("set /3303/0/5701 millimetres", "^/3303/0/5701: larger than the limit"),
    ("send /3/0/9999", "send: nothing there is readable"),
    ("send", "send: which paths"),
    ("send 3", "not a path"),
    ("update", "^updated the registration with server 1"),
    ("bootstrap", "^bootstrap: this device has no Bootstrap-Server"),
    ("help", "^send      PATH"),
    ("   ", None),
    ("dance", "dance: no such command"),
])
def test_the_prompt(prompt, line, answer):
    prompt.type(line)
    if answer is not None:
        prompt.wait_for(answer)
    prompt.type("quit")
    assert prompt.wait() == 0


def test_values_that_were_set_are_shown(prompt):
    for path, value in [("/3/0/15", "Europe/Oslo"), ("/6/0/4", "00ff10"), ("/3/0/22/0", "4:0"), ("/3342/0/5500", "true"),
                        ("/3303/0/5604", "99.5")]:
        prompt.type(f"set {path} {value}")
        prompt.type(f"get {path}")
        prompt.wait_for(f"^{path}  {value}  ")


def test_a_sensor_that_was_set_stays_and_counts(prompt):
    prompt.type("set /3303/0/5700 60.5")
    time.sleep(2.2)
    prompt.type("get /3303/0")
    prompt.wait_for("^/3303/0/5602  60.5  ")
    prompt.wait_for("^/3303/0/5700  60.5  ")


def test_send_reaches_the_server(prompt):
    prompt.type("send /3/0/16 /3303/0")
    prompt.wait_for("^sent values to server 1")
    prompt.server.wait_for(lambda r: r.path == ["dp"])


def test_reboot_registers_anew(prompt):
    prompt.type("reboot")
    prompt.wait_for("^restarted$")
    prompt.wait_for("^registered with server 1")


def test_the_end_of_stdin_is_not_the_end(device, server):
    thing = device("-u", server().uri, "--prompt")
    thing.process.stdin.close()
    thing.wait_for("^registered")
    time.sleep(0.3)
    assert thing.process.poll() is None


def test_a_line_that_is_too_long_is_refused_and_the_next_is_read(prompt):
    prompt.type("set /3/0/15 " + "x" * 2000)
    prompt.wait_for("a line is at most")
    prompt.type("")
    prompt.type("get /1/0/1")
    prompt.wait_for("^/1/0/1  300")


# ---- Files --------------------------------------------------------------------------------------


def test_a_state_folder_that_cannot_be_used_ends_with_1(device, tmp_path):
    thing = device("-u", HERE, "--state-dir", tmp_path / "no" / "such")
    assert thing.wait() == 1
    assert "--state-dir" in thing.stderr() and "No such file or directory" in thing.stderr()


def test_a_state_folder_has_one_user(device, server, tmp_path):
    thing = device("-u", server().uri, "--state-dir", tmp_path / "state")
    thing.wait_for("^registered")
    other = device("-u", HERE, "--state-dir", tmp_path / "state")
    assert other.wait() == 1
    assert "another process uses it" in other.stderr()


def test_a_killed_device_resumes_its_registration(device, server, tmp_path):
    here = server()
    state = tmp_path / "state"
    thing = device("-u", here.uri, "--state-dir", state)
    thing.wait_for("^registered")
    time.sleep(1.5)
    thing.process.kill()
    thing.process.wait()
    assert os.stat(state / "state.lw").st_mode & 0o777 == 0o600
    thing = device("-u", here.uri, "--state-dir", state)
    thing.wait_for("^registered with server 1")
    assert len([r for r in here.requests if r.is_register]) == 1


def test_a_uri_that_gives_way_to_what_is_kept_is_told(device, server, tmp_path):
    here, there = server(), server()
    thing = device("-u", here.uri, "--state-dir", tmp_path)
    thing.wait_for("^registered")
    assert here.ask(PUT, "/1/0/1", content_format=TEXT, payload=b"600")[0] == "2.04"
    thing.wait_for("^updated")
    thing.stop()
    thing = device("-u", there.uri, "--state-dir", tmp_path)
    thing.wait_for(f"^-u {there.uri} is not used: the accounts kept in {tmp_path} are$")
    thing.wait_for(f"^registered with server 1 at {here.uri} ")


def test_factory_data_from_a_file(device, server, tmp_path):
    here = server()
    factory = tmp_path / "factory"
    factory.write_text(f"# an account\n\n/0/0/0 {here.uri}\n/0/0/1 false\n/0/0/2 3\n/0/0/10 7\n"
                       "/1/0/0 7\n/1/0/1 1234\n/1/0/7 U\n/3/0/0 = The Works\n")
    thing = device("--factory", factory, "--prompt")
    thing.wait_for("^registered with server 7")
    assert "lt=1234" in here.wait_for(lambda r: r.is_register).query
    thing.type("get /3/0/0")
    thing.wait_for(r"^/3/0/0  The Works  \(Manufacturer\)")


def test_a_line_of_the_factory_file_that_is_too_long_is_named(device, tmp_path):
    factory = tmp_path / "factory"
    factory.write_text("/1/0/1 600\n" + "#" * 1200 + " /1/0/1 700\n")
    thing = device("-u", HERE, "--factory", factory)
    assert thing.wait() == 2
    assert f"--factory {factory}, line 2: larger than the limit" in thing.stderr()


def test_a_wrong_line_of_the_factory_file_is_named(device, tmp_path):
    factory = tmp_path / "factory"
    factory.write_text("/1/0/0 1\n/1/0/1 soon\n")
    thing = device("-u", HERE, "--factory", factory)
    assert thing.wait() == 2
    assert f"--factory {factory}, line 2: the bytes do not follow their format" in thing.stderr()
