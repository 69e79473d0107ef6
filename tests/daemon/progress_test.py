"""How far long transfers are: in events, in the request, and for somebody who looks at a terminal."""
import base64
import itertools
import os
import pty
import re
import subprocess
import threading
import time

import pytest

from coap_device import CoapDevice
from event_reader import Reader
from lapwing_cli import lapwing
from program import find_program
from slow_path import SlowPath
from tiny_server import ACK, BLOCK2, CONTENT_FORMAT, options_of

PACKAGE = b"lapwing-firmware 2.0\n" + bytes(120_000)
FIRMWARE = "/v1/devices/lamp/resources/5/0/0"
SIZE2 = 28
OPAQUE = 42


@pytest.fixture
def far_lamp(daemon, device, request):
    """A server, with a device "lamp" at the end of a path on which each message takes 15 ms, or as the test says."""
    server = daemon()
    path = SlowPath(server.coap_port, getattr(request, "param", 0.015))
    device("-u", path.uri, "-n", "lamp").wait_for("^registered with server 1")
    yield server
    path.close()


class Teller(CoapDevice):
    """A device whose 19/0/0/0 are 60 kB, in blocks that take a while; it may tell the size."""

    octets = bytes(range(250)) * 240

    def __init__(self, port, tells_size):
        super().__init__(port)
        self.tells_size = tells_size
        assert self.register("teller", "</1/0>,</3/0>,</19/0>")
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while (request := self.receive(30)) is not None:
            if request.code == 1:
                time.sleep(0.02)
                self.give(request, (request.block2 >> 4) * 1024)

    def give(self, request, offset):
        more = offset + 1024 < len(self.octets)
        block = (offset // 1024 << 4 | more << 3 | 6).to_bytes(2, "big")
        options = [(CONTENT_FORMAT, bytes([OPAQUE])), (BLOCK2, block)]
        if self.tells_size and offset == 0:
            options.append((SIZE2, len(self.octets).to_bytes(2, "big")))
        self.send(bytes([0x40 | ACK << 4 | len(request.token), 0x45]) + request.mid + request.token +
                  options_of(options) + b"\xff" + self.octets[offset:offset + 1024])


@pytest.fixture
def teller(daemon):
    started = []

    def start(tells_size):
        server = daemon()
        started.append(Teller(server.coap_port, tells_size))
        return server

    yield start
    for each in started:
        each.close()


def progress_of(reader):
    """(time, progress) of the events so far."""
    return [(data["at"], data["request"]["progress"]) for kind, data in list(reader.events) if kind == "progress"]


def seconds(at):
    return float(at[-7:-1]) + 60 * float(at[-10:-8])


def look_until(server, number, test, timeout=20):
    until = time.monotonic() + timeout
    while True:
        status, request = server.call("GET", f"/v1/requests/{number}")
        assert status == 200
        if test(request):
            return request
        assert time.monotonic() < until, request
        time.sleep(0.02)


def package():
    return base64.b64encode(PACKAGE).decode()


def discard(server):
    """An empty package takes the firmware back to Idle."""
    assert server.call("PUT", FIRMWARE, "")[0] == 200


# ---- Events and requests ------------------------------------------------------------------------


def test_events_tell_how_far_a_write_is_to_those_who_ask(far_lamp):
    reader, other = Reader(far_lamp, "?type=progress&device=lamp"), Reader(far_lamp)
    reader.wait("hello")
    assert far_lamp.call("PUT", FIRMWARE, package(), timeout=60)[0] == 200
    other.wait("request", lambda data: data["request"]["state"] == "done")
    reader.wait("progress", lambda data: data["request"]["progress"]["sent"] == len(PACKAGE))
    told = progress_of(reader)
    sent = [progress["sent"] for _, progress in told]
    assert len(sent) >= 4 and sent == sorted(set(sent)), sent
    assert sent[0] == 1024 and sent[-1] == len(PACKAGE)
    assert all(progress["sent_of"] == len(PACKAGE) and progress["received"] == 0 for _, progress in told)
    between = [seconds(b) - seconds(a) for (a, _), (b, _) in itertools.pairwise(told[:-1])]
    assert all(gap % 60 >= 0.24 for gap in between), between
    assert not progress_of(other)
    reader.close()
    other.close()


def test_a_request_that_went_at_once_shows_how_far_it_is(far_lamp):
    reader = Reader(far_lamp, "?type=progress")
    writer = threading.Thread(target=far_lamp.call, args=("PUT", FIRMWARE, package()), kwargs={"timeout": 60})
    writer.start()
    number = reader.wait("progress")["request"]["id"]
    first = look_until(far_lamp, number, lambda request: True)
    assert first["state"] == "sent" and first["operation"] == "write" and first["path"] == "/5/0/0"
    later = look_until(far_lamp, number, lambda request: request["progress"]["sent"] > first["progress"]["sent"])
    assert later["progress"]["sent_of"] == len(PACKAGE)
    writer.join()
    assert far_lamp.call("GET", f"/v1/requests/{number}")[0] == 404  # it was not queued
    reader.close()


@pytest.mark.parametrize("far_lamp", [0.05], indirect=True)  # it must last while others are asked
def test_a_queued_request_shows_how_far_it_is(far_lamp):
    status, request = far_lamp.call("PUT", FIRMWARE + "?async=true", package())
    assert status == 202 and "progress" not in request
    number = request["id"]
    first = look_until(far_lamp, number, lambda each: "progress" in each)
    assert first["state"] == "sent"
    listed = far_lamp.call("GET", "/v1/devices/lamp/requests")[1]["items"]
    assert [(each["id"], each["state"]) for each in listed] == [(number, "sent")]
    assert listed[0]["progress"]["sent"] >= first["progress"]["sent"]
    table = lapwing("requests", "lamp", url=far_lamp.url, token=far_lamp.token).out
    assert re.search(rf"{number} +write +/5/0/0 +sent .* \d+ of {len(PACKAGE)} octets", table)
    waited = far_lamp.call("GET", f"/v1/requests/{number}?wait=1")[1]
    assert waited["state"] == "sent" and waited["progress"]["sent"] > first["progress"]["sent"]
    ended = far_lamp.call("GET", f"/v1/requests/{number}?wait=60", timeout=90)[1]
    assert ended["state"] == "done" and "progress" not in ended


def test_the_end_of_a_request_is_not_waited_for_twice(far_lamp):
    """The row of an end follows it by up to 200 ms: whoever asks in between must not wait in vain."""
    for _ in range(10):
        number = far_lamp.call("PUT", "/v1/devices/lamp/resources/3/0/14?async=true", "+01:00")[1]["id"]
        assert far_lamp.call("GET", f"/v1/requests/{number}?wait=60")[1]["state"] == "done"
        begun = time.monotonic()
        assert far_lamp.call("GET", f"/v1/requests/{number}?wait=60")[1]["state"] == "done"
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize("tells_size", [True, False])
def test_events_tell_how_far_a_read_is(teller, tells_size):
    server = teller(tells_size)
    reader = Reader(server, "?type=progress")
    reader.wait("hello")
    status, answer = server.call("GET", "/v1/devices/teller/resources/19/0/0/0", timeout=60)
    assert status == 200 and answer["code"] == "2.05"
    reader.wait("progress", lambda data: data["request"]["progress"]["received"] == len(Teller.octets))
    told = [progress for _, progress in progress_of(reader)]
    received = [progress["received"] for progress in told]
    assert len(received) >= 3 and received == sorted(set(received)) and received[0] == 1024
    sizes = {progress.get("received_of") for progress in told[:-1]}
    assert sizes == ({len(Teller.octets)} if tells_size else {None})
    assert told[-1]["received_of"] == len(Teller.octets)
    reader.close()


# ---- At a terminal ------------------------------------------------------------------------------


def at_terminal(server, *args):
    """(what a terminal on stderr shows, stdout, status)"""
    leader, follower = pty.openpty()
    environment = {**os.environ, "LAPWING_URL": server.url, "LAPWING_TOKEN": server.token, "HOME": "/nonexistent"}
    process = subprocess.Popen([find_program("lapwing"), *args], env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=follower, text=True)
    os.close(follower)
    shown = b""
    while True:
        try:
            shown += os.read(leader, 4096)
        except OSError:
            break
    os.close(leader)
    return shown.decode(), process.communicate()[0], process.wait()


def rising(shown, pattern):
    numbers = [int(each) for each in re.findall(pattern, shown)]
    assert len(numbers) >= 2 and numbers == sorted(set(numbers)), shown
    return numbers


def test_a_terminal_sees_a_long_write_and_others_do_not(far_lamp, tmp_path):
    (tmp_path / "package").write_bytes(PACKAGE)
    write = ("write", "lamp", "/5/0/0", f"@{tmp_path}/package")
    shown, out, status = at_terminal(far_lamp, *write)
    assert (out, status) == ("done\n", 0)
    rising(shown, rf"\rwrite /5/0/0: (\d+) of {len(PACKAGE)} octets, \d+ %")
    assert re.search(r", \d+ %, \d+(\.\d)? kB/s\x1b\[K", shown)
    assert shown.endswith("\r\x1b[K")  # nothing stays
    discard(far_lamp)
    quiet = lapwing(*write, url=far_lamp.url, token=far_lamp.token)
    assert (quiet.out, quiet.err, quiet.status) == ("done\n", "", 0)


def test_a_terminal_sees_a_queued_write(far_lamp, tmp_path):
    (tmp_path / "package").write_bytes(PACKAGE)
    shown, out, status = at_terminal(far_lamp, "write", "lamp", "/5/0/0", f"@{tmp_path}/package", "--queue", "--json")
    assert status == 0 and re.fullmatch(r"\{.*\}\n", out), out
    rising(shown, rf"\rwrite /5/0/0: (\d+) of {len(PACKAGE)} octets, \d+ %")
    discard(far_lamp)
    number = lapwing("write", "lamp", "/5/0/0", f"@{tmp_path}/package", "--queue", "--no-wait", url=far_lamp.url,
                     token=far_lamp.token).out.strip()
    shown, out, status = at_terminal(far_lamp, "request", number)
    assert (out, status) == ("done\n", 0)
    rising(shown, rf"\rwrite /5/0/0: (\d+) of {len(PACKAGE)} octets, \d+ %")


@pytest.mark.parametrize("tells_size", [True, False])
def test_a_terminal_sees_a_long_read(teller, tells_size):
    shown, _, status = at_terminal(teller(tells_size), "read", "teller", "/19/0/0/0")
    assert status == 0
    size = f" of {len(Teller.octets)} octets, \\d+ %" if tells_size else " octets"
    rising(shown, rf"\rread /19/0/0/0: (\d+){size}")
