"""lapwing-device --config C.n against what the enabler test specification says each configuration holds, as a
server sees it: read over the air, every value. What is not possible yet is refused, which lapwing_device_test.py
has; NoSec stands in for the keys."""
import base64

import pytest

from tiny_server import GET, LINKS, POST, PUT, TEXT

ANY = object()  # it is there; the configuration does not say which value

SERVER_MINIMAL = {"/1/0/0": 1, "/1/0/1": 86400, "/1/0/6": False, "/1/0/7": "U"}
DEVICE_MINIMAL = {"/3/0/0": ANY, "/3/0/1": ANY, "/3/0/2": ANY, "/3/0/3": ANY, "/3/0/11/0": 0, "/3/0/16": "U"}
C_1 = SERVER_MINIMAL | DEVICE_MINIMAL
C_3 = C_1 | {"/1/0/2": 1, "/1/0/3": 10, "/1/0/5": 86400}
C_4 = C_3 | {"/3/0/6/0": 1, "/3/0/6/1": 2, "/3/0/7/0": 0, "/3/0/7/1": 0, "/3/0/8/0": 0, "/3/0/8/1": 0, "/3/0/9": 0}
C_10 = C_1 | {"/10/0/4": 3600, "/10/0/5": 600, "/10/0/8": ANY, "/10/0/9": ANY, "/11/0/0": ANY, "/11/0/3": True} | {
    f"/12/0/{i}": ANY for i in (0, 1, 3, 4, 8, 14, 15)}

HOLDS = {
    "C.1": C_1,
    "C.3": C_3,
    "C.4": C_4,
    "C.5": C_3 | {f"/4/0/{i}": ANY for i in (0, "1/0", 2, 3, "4/0", "5/0", 6, "7/0", 8, 9, 10)},
    "C.6": C_4 | {f"/3/0/{i}": ANY for i in (10, 13, 14, 15, 17, 18, 19, 20, 21, "22/0")},
    "C.7": C_3 | {"/6/0/0": 43.5723, "/6/0/1": 153.21760, "/6/0/2": 140, "/6/0/3": 100, "/6/0/4": ANY,
                  "/6/0/5": 1367491215, "/6/0/6": 3},
    # 5/0/8: this build fetches over CoAP alone
    "C.8": C_3 | {"/5/0/1": ANY, "/5/0/3": 0, "/5/0/5": 0, "/5/0/6": ANY, "/5/0/7": ANY, "/5/0/8/0": 0, "/5/0/9": 2},
    "C.9": C_3 | {f"/7/0/{i}": 0 for i in (0, 1, 2, 3, 4, 5, 8)},
    "C.10": C_10 | {"/10/0/6": 40},
    "C.11": C_10 | {"/10/0/11/0": "11:0", "/10/0/13": 3, "/10/0/14": 1},
    "C.12": C_3 | {f"/16/0/0/{i}": ANY for i in range(4)},
    "C.15": C_3 | {"/19/0/0/0": ANY, "/19/1/0/0": ""},
    "C.16": C_3 | {"/20/0/4010": 0, "/20/0/4013": 3, "/20/0/4014": ANY},
}
EXECUTES = {name: ["/1/0/8", "/3/0/4"] for name in HOLDS}
EXECUTES["C.6"] += ["/3/0/5", "/3/0/12"]
EXECUTES["C.8"] += ["/5/0/2"]
EXECUTES["C.9"] += ["/7/0/6", "/7/0/7"]
EXECUTES["C.16"] += ["/20/0/4011"]


def expect(here, holds):
    seen = {}
    for instance in {"/".join(path.split("/")[:3]) for path in holds}:
        seen |= here.values(instance)
    for path, value in holds.items():
        assert path in seen
        if value is not ANY:
            assert seen[path] == (pytest.approx(value) if isinstance(value, float) else value), path
    assert [path for path in seen if path.startswith("/5/0/8/")] in ([], ["/5/0/8/0"])


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("name", HOLDS)
def test_a_configuration_is_what_a_server_finds(device, server, name, version):
    here = server()
    device("-u", here.uri, "--config", name, "--version", version).wait_for("^registered")
    links = here.wait_for(lambda r: r.is_register).payload.decode()
    for path in HOLDS[name]:
        instance = "/".join(path.split("/")[:3])
        assert f"<{instance}>" in links
    expect(here, HOLDS[name])
    for path in EXECUTES[name]:
        code, found = here.ask(GET, "/".join(path.split("/")[:3]), accept=LINKS)
        assert code == "2.05" and f"<{path}>" in found.decode()


def test_values_of_a_configuration_stay_as_they_are(device, server):
    here = server()
    device("-u", here.uri, "--config", "C.4").wait_for("^registered")
    before = here.values("/3/0/9") | here.values("/3303/0/5700")
    assert here.ask(PUT, "/1/0/2", content_format=TEXT, payload=b"101")[0] == "2.04"
    assert here.values("/1/0/2") == {"/1/0/2": 101}
    assert here.values("/3/0/9") | here.values("/3303/0/5700") == before


def test_a_lifetime_that_was_given_is_not_that_of_the_configuration(device, server):
    here, there = server(), server()
    device("-u", here.uri, "--config", "C.1").wait_for("^registered")
    device("-u", there.uri, "--config", "C.1", "-l", "77").wait_for("^registered")
    assert "lt=86400" in here.wait_for(lambda r: r.is_register).query
    assert "lt=77" in there.wait_for(lambda r: r.is_register).query


def test_c_13_has_a_bootstrap_server_and_no_server(device, server):
    boot = server()
    device("-b", "-u", boot.uri, "--config", "C.13")
    boot.wait_for(lambda r: r.is_bootstrap)
    code, links = boot.ask(GET, "/", accept=LINKS)
    assert code == "2.05" and "</0/0>" in links.decode() and "</1/" not in links.decode()
    assert "</3/0>" in links.decode()


def test_c_14_has_two_servers_and_their_rights(device, server):
    boot, one, two = server(), server(), server()
    thing = device("-b", "-u", boot.uri, "-u", one.uri, "-u", two.uri, "--config", "C.14")
    assert {thing.wait_for(r"^registered with server (\d)")[1] for _ in range(2)} == {"1", "2"}
    assert one.values("/2/0") == {"/2/0/0": 1, "/2/0/1": 0, "/2/0/2/1": 15, "/2/0/3": 1}
    assert two.values("/2/1") == {"/2/1/0": 1, "/2/1/1": 1, "/2/1/2/2": 15, "/2/1/3": 2}
    assert one.values("/1/0/0") == {"/1/0/0": 1}
    assert two.values("/1/1/0") == {"/1/1/0": 2}
    for server_, other in ((one, "/1/1/0"), (two, "/1/0/0")):
        assert server_.ask(GET, other)[0] == "4.01"
    # 3:0 belongs to the device (65535): of what has no right for anybody, nobody has one
    assert one.ask(POST, "/3/0/4")[0] == "4.01"


def test_the_blob_of_c_15_is_octets(device, server):
    here = server()
    device("-u", here.uri, "--config", "C.15").wait_for("^registered")
    blob = here.values("/19/0/0/0")["/19/0/0/0"]
    assert base64.urlsafe_b64decode(blob + "=" * (-len(blob) % 4)) == b"Lapwing"
