"""/v1/events of lapwingd: what happens, as it happens, also after a pause and a restart."""
import time

from event_reader import Reader


def test_the_life_of_a_device_is_told(daemon, device):
    server = daemon()
    reader = Reader(server)
    assert reader.status == 200 and reader.answer.getheader("Content-Type") == "text/event-stream"
    reader.wait("hello")
    lamp = device("-u", server.coap, "-n", "lamp")
    registered = reader.wait("registered")
    assert registered["device"] == "lamp" and registered["type"] == "registered"
    assert server.call("PUT", "/v1/devices/lamp/observations/3/0/14")[0] == 200
    assert reader.wait("observed")["paths"] == ["/3/0/14"]
    assert server.call("PUT", "/v1/devices/lamp/resources/3/0/14", "+07:00")[0] == 200
    told = reader.wait("notification", lambda data: data["values"][0]["value"] == "+07:00")
    assert told["values"][0]["name"] == "UTC Offset"
    ended = reader.wait("request", lambda data: data["request"]["state"] == "done")
    assert ended["request"]["operation"] == "write" and ended["request"]["answer"]["code"] == "2.04"
    assert lamp.stop() == 0
    reader.wait("deregistered")
    assert server.call("DELETE", "/v1/devices/lamp")[0] == 204
    reader.wait("removed")
    ids = [data["id"] for kind, data in reader.events if kind != "hello"]
    assert ids == sorted(set(ids))


def test_filters_are_by_device_and_type(daemon, device):
    server = daemon()
    reader = Reader(server, "?device=b&type=registered,updated")
    reader.wait("hello")
    device("-u", server.coap, "-n", "a")
    device("-u", server.coap, "-n", "b")
    assert reader.wait("registered")["device"] == "b"
    assert {data["device"] for kind, data in reader.events if kind != "hello"} == {"b"}
    assert server.call("GET", "/v1/events?type=nonsense")[0] == 400
    assert server.call("GET", "/v1/events?after=-1")[0] == 400


def test_a_reader_comes_back_and_misses_nothing(daemon, device):
    server = daemon()
    device("-u", server.coap, "-n", "a")
    first = Reader(server, "?after=0")
    seen = first.wait("registered")["id"]
    first.close()
    device("-u", server.coap, "-n", "b")
    second = Reader(server, last=seen)
    assert second.wait("registered")["device"] == "b"
    assert all(data["id"] > seen for kind, data in second.events if "id" in (data or {}))


def test_ids_ascend_after_a_crash_and_the_gap_is_told(daemon, device):
    first = daemon()
    device("-u", first.coap, "-n", "a")
    seen = Reader(first, "?after=0").wait("registered")["id"]
    first.process.kill()
    first.process.wait()
    second = daemon()
    reader = Reader(second, last=seen)
    reader.wait("reset")
    device("-u", second.coap, "-n", "b")
    assert reader.wait("registered", lambda data: data["device"] == "b")["id"] > seen


def test_streams_end_when_the_server_ends(daemon):
    server = daemon()
    reader = Reader(server)
    reader.wait("hello")
    assert server.stop() == 0
    reader.wait("end")


def test_readers_that_left_are_forgotten(daemon, device):
    server = daemon()
    readers = [Reader(server) for _ in range(5)]
    for each in readers:
        each.wait("hello")
    assert server.call("GET", "/v1/server")[1]["events"]["readers"] == 5
    for each in readers:
        each.close()
    # Found out when something is to be sent.
    until = time.monotonic() + 20
    i = 0
    while server.call("GET", "/v1/server")[1]["events"]["readers"] > 0:
        assert time.monotonic() < until
        i += 1
        device("-u", server.coap, "-n", f"d{i}")
        time.sleep(0.5)
