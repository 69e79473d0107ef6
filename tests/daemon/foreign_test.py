"""Foreign CoAP programs as devices of lapwingd, and exchanges that break the rules, octet by octet."""
import base64
import json
import re
import socket
import subprocess
import threading
import time

import pytest

from coap_device import CoapDevice, message
from tiny_server import ACK, CHANGED, CON, GET, LINKS, POST, RESET, SENML_JSON, Message

NON = 1
PING = bytes([0x40, 0, 0x12, 0x34])


@pytest.fixture
def open_server(daemon):
    return daemon("--open", "--store", "memory")


@pytest.fixture
def peer(open_server):
    device = CoapDevice(open_server.coap_port, 1)
    yield device
    device.close()


# ---- libcoap's server as a device ---------------------------------------------------------------


@pytest.fixture
def libcoap_device(open_server):
    """coap-server on the port that coap-client registered from: a device of another make."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run(["coap-client-notls", "-m", "post", "-p", str(port), "-a", "127.0.0.1", "-B", "5", "-t", "40",
                    "-e", "</3/0>,</1/0>", f"{open_server.coap}/rd?ep=foreign&lt=300&lwm2m=1.1&b=U"],
                   check=True, timeout=20, capture_output=True)
    process = subprocess.Popen(["coap-server-notls", "-A", "127.0.0.1", "-p", str(port), "-d", "10"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    yield
    process.kill()
    process.wait()


def test_libcoap_s_server_is_written_read_and_deleted(open_server, libcoap_device):
    path = "/v1/devices/foreign/resources/3/0/15?force=true"
    status, said = open_server.call("PUT", path + "&format=text", "Europe/Oslo")
    assert (status, said["code"]) in [(200, "2.04"), (200, "2.01")], said
    status, said = open_server.call("GET", path)
    assert (status, said["code"]) == (200, "2.05"), said
    # It names no format, so what it means is left to who asked.
    assert base64.b64decode(said["raw"]["payload"]) == b"Europe/Oslo"
    status, said = open_server.call("GET", "/v1/devices/foreign/resources/3/0/14")
    assert (status, said["coap"]["code"]) == (409, "4.04")


# ---- What breaks the rules ----------------------------------------------------------------------


def lives(server):
    assert server.call("GET", "/healthz")[0] == 200
    probe = CoapDevice(server.coap_port, 99)
    assert probe.register("probe", timeout=5)
    probe.close()


MALFORMED = [
    ("nothing but a byte", "40"),
    ("three bytes", "40 01 00"),
    ("version 0", "00 01 00 01"),
    ("version 3", "c0 01 00 01"),
    ("token of nine octets", "49 01 00 01 01 02 03 04 05 06 07 08 09"),
    ("token cut off", "44 01 00 01 01 02"),
    ("empty message with a token", "41 00 00 01 ff"),
    ("option delta 15", "40 01 00 01 f0"),
    ("option length 15", "40 01 00 01 0f"),
    ("option cut off", "40 01 00 01 b4 72 64"),
    ("extended delta cut off", "40 01 00 01 d0"),
    ("option number beyond 65535", "40 01 00 01 e0 ff ff"),
    ("payload marker without payload", "40 01 00 01 b2 72 64 ff"),
    ("reserved class 1", "40 21 00 01"),
    ("reserved class 7", "40 e1 00 01"),
    ("acknowledgement of nothing", "60 45 00 07"),
    ("reset of nothing", "70 00 00 07"),
    ("response nobody asked for", "41 45 00 08 aa ff 31"),
    ("critical option unknown", "40 02 00 01 b2 72 64 e1 ff 00 00"),
    ("path that is not UTF-8", "40 02 00 01 b2 ff fe"),
]


@pytest.mark.parametrize("name,octets", MALFORMED, ids=[name for name, _ in MALFORMED])
def test_malformed_messages_do_no_harm(open_server, peer, name, octets):
    peer.send(bytes.fromhex(octets))
    answer = peer.receive(0.3)
    if answer is not None:
        assert answer.type == RESET or 0x80 <= answer.code < 0xC0, answer.code
    lives(open_server)


def test_every_cut_of_a_register_does_no_harm(open_server, peer):
    whole = message(CON, POST, 7, b"tok", [(11, "rd"), (12, bytes([LINKS])), (15, "ep=cut"), (15, "lt=60"),
                                           (15, "lwm2m=1.1")], b"</3/0>")
    for end in range(len(whole)):
        peer.send(whole[:end])
    while peer.receive(0.3) is not None:
        pass
    lives(open_server)


def test_a_ping_is_answered_with_reset(peer):
    peer.send(PING)
    answer = peer.receive(5)
    assert (answer.type, answer.code, answer.mid) == (RESET, 0, b"\x12\x34")


def test_a_repeated_register_gets_the_same_answer_and_registers_once(open_server, peer):
    register = message(CON, POST, 77, b"tok", [(11, "rd"), (12, bytes([LINKS])), (15, "ep=twice"), (15, "lt=60"),
                                               (15, "lwm2m=1.1")], b"</3/0>")
    answers = []
    for _ in range(3):
        peer.send(register)
        answers.append(peer.receive(5))
    assert {(answer.code, answer.mid, tuple(answer.options[8])) for answer in answers} == \
        {(0x41, (77).to_bytes(2, "big"), tuple(answers[0].options[8]))}
    assert open_server.call("GET", "/v1/devices")[1]["total"] == 1


@pytest.mark.parametrize("query,payload,code", [
    (["lt=60", "lwm2m=1.1"], b"</3/0>", 0x80),
    (["ep=x", "lt=60", "lwm2m=9.0"], b"</3/0>", 0x8C),
    (["ep=x", "lt=abc", "lwm2m=1.1"], b"</3/0>", 0x80),
    (["ep=x", "lt=60", "lwm2m=1.1"], b"</3/0", 0x80),
    (["ep=x", "lt=60", "lwm2m=1.1", "b=XYZ"], b"</3/0>", 0x80),
])
def test_registers_that_are_wrong_are_refused(peer, query, payload, code):
    answer = peer.ask("rd", query, payload, LINKS, timeout=5)
    assert answer.code == code


def test_a_send_that_cannot_be_read_or_comes_from_a_stranger_is_refused(open_server, peer):
    good = json.dumps([{"n": "/3303/0/5700", "v": 1}]).encode()
    stranger = peer.ask("dp", payload=good, content_format=SENML_JSON, timeout=5)
    assert stranger.code >= 0x80
    assert peer.register("sender")
    assert peer.ask("dp", payload=good, content_format=SENML_JSON, timeout=5).code == CHANGED
    assert peer.ask("dp", payload=b"[{", content_format=SENML_JSON, timeout=5).code == 0x80
    assert peer.ask("dp", payload=good, content_format=99, timeout=5).code in (0x80, 0x8F)


def call_later(server, *args):
    """A call of the API beside the test."""
    result = []
    thread = threading.Thread(target=lambda: result.append(server.call(*args)))
    thread.start()
    return thread, result


def next_request(peer, timeout=5):
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        got = peer.receive(0.5)
        if got is not None and 0 < got.code < 0x20:
            return got
    raise AssertionError("no request came")


def test_a_separate_response_is_awaited_and_acknowledged(open_server, peer):
    assert peer.register("slow")
    thread, result = call_later(open_server, "GET", "/v1/devices/slow/resources/3/0/0")
    request = next_request(peer)
    assert (request.code, request.path) == (GET, ["3", "0", "0"])
    peer.send(bytes([0x40 | ACK << 4, 0]) + request.mid)
    time.sleep(0.3)
    peer.send(message(CON, 0x45, 900, request.token, [(12, b"")], b"late"))
    acknowledged = peer.receive(5)
    thread.join()
    assert (acknowledged.type, acknowledged.code, acknowledged.mid) == (ACK, 0, (900).to_bytes(2, "big"))
    assert result[0][0] == 200 and result[0][1]["values"][0]["value"] == "late"


@pytest.mark.parametrize("answer,status", [("reset", 504), ("wrong token", 504), ("garbage payload", 200),
                                           ("bad code", 504)])
def test_answers_that_break_the_rules_end_the_request(open_server, peer, answer, status):
    assert peer.register("odd")
    thread, result = call_later(open_server, "GET", "/v1/devices/odd/resources/3/0/0?timeout=2")
    request = next_request(peer)
    mid = int.from_bytes(request.mid, "big")
    if answer == "reset":
        peer.send(bytes([0x40 | RESET << 4, 0]) + request.mid)
    elif answer == "wrong token":
        peer.send(message(ACK, 0x45, mid, b"zzzz", [], b"x"))
    elif answer == "garbage payload":
        peer.send(message(ACK, 0x45, mid, request.token, [(12, bytes([SENML_JSON]))], b"[{{{"))
    else:
        peer.send(message(ACK, 0x21, mid, request.token))
    thread.join()
    got, said = result[0]
    assert got == status or (answer == "reset" and 400 <= got < 600), said
    if answer == "garbage payload":
        assert "raw" in said
    lives(open_server)


def test_notifications_of_unknown_tokens_are_reset(open_server, peer):
    assert peer.register("noisy")
    peer.send(message(CON, 0x45, 500, b"what", [(6, b"\x05"), (12, b"")], b"1"))
    answer = peer.receive(5)
    assert (answer.type, answer.code, answer.mid) == (RESET, 0, (500).to_bytes(2, "big"))
    peer.send(message(NON, 0x45, 501, b"what", [(6, b"\x06"), (12, b"")], b"1"))
    answer = peer.receive(5)
    assert answer is None or answer.type == RESET


def test_notifications_in_disorder_are_dropped(open_server, peer):
    assert peer.register("watched")
    assert open_server.call("PUT", "/v1/devices/watched/observations/3303/0/5700")[0] == 200
    request = next_request(peer)
    assert 6 in request.options
    peer.send(message(ACK, 0x45, int.from_bytes(request.mid, "big"), request.token, [(6, b"\x0a"), (12, b"")], b"20"))
    for mid, order, value in ((600, b"\x0c", b"22"), (601, b"\x0b", b"21"), (602, b"\x0d", b"23")):
        peer.send(message(CON, 0x45, mid, request.token, [(6, order), (12, b"")], value))
        assert peer.receive(5).type == ACK
    items = open_server.call("GET", "/v1/devices/watched/history/3303/0/5700")[1]["items"]
    assert [item["value"] for item in items if item["value"] != 20] == [22, 23]


def test_a_flood_of_strangers_leaves_the_server_well(open_server):
    socket_ = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for number in range(2000):
        socket_.sendto(message(CON, GET, number, number.to_bytes(2, "big"), [(11, "x")]),
                       ("127.0.0.1", open_server.coap_port))
    socket_.close()
    lives(open_server)
    assert re.search(r"[a-z_]+ \d", open_server.call("GET", "/metrics")[1])
    assert Message(PING).code == 0
