"""The REST interface of lapwingd, with lapwing-device at the other end. api/openapi.yaml is its description."""
import base64
import datetime
import http.client
import json
import re
import subprocess
import threading
import time
import urllib.parse

import pytest

from program import ROOT


@pytest.fixture
def lamp(daemon, device):
    """A server at which the device "lamp" is registered."""
    server = daemon()
    device("-u", server.coap, "-n", "lamp")
    wait_until(lambda: server.call("GET", "/v1/devices/lamp")[0] == 200)
    return server


def wait_until(test, timeout=15):
    until = time.monotonic() + timeout
    while not test():
        assert time.monotonic() < until, "time is over"
        time.sleep(0.05)


def seconds(time):
    return datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()


def raw(server, method, target, body=None, headers=None):
    """(status, headers, octets), with nothing added but the token."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=20)
    try:
        connection.request(method, target, body, {"Authorization": f"Bearer {server.token}", **(headers or {})})
    except (BrokenPipeError, ConnectionResetError):
        pass  # the answer came before the end of the body
    answer = connection.getresponse()
    octets = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), octets


def problem(kind, answer, status):
    assert answer[0] == status, answer
    assert answer[1]["type"] == f"urn:lapwing:problem:{kind}"
    assert answer[1]["status"] == status
    return answer[1]


# ---- Who may call -------------------------------------------------------------------------------


def test_everything_but_health_needs_a_token(daemon):
    server = daemon()
    for target in ("/v1/devices", "/v1/server", "/v1/tokens", "/metrics", "/v1/openapi.yaml", "/v1/events"):
        status, body = server.call("GET", target, token=False)
        problem("unauthorized", (status, body), 401)
    assert server.call("GET", "/healthz", token=False) == (200, "ok\n")
    assert server.call("GET", "/readyz", token=False) == (200, {"ready": True})
    assert server.call("GET", "/v1/server", token="lw_wrong")[0] == 401


def test_401_says_how_to_authenticate(daemon):
    server = daemon()
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc)
    connection.request("GET", "/v1/devices")
    assert connection.getresponse().getheader("WWW-Authenticate").startswith("Bearer")


def test_roles_limit_what_a_token_may_do(lamp):
    tokens = {}
    for role in ("viewer", "operator"):
        status, made = lamp.call("POST", "/v1/tokens", {"name": role, "role": role})
        assert status == 201
        tokens[role] = made["token"]
    offset = "/v1/devices/lamp/resources/3/0/14"
    assert lamp.call("GET", offset, token=tokens["viewer"])[0] == 200
    problem("forbidden", lamp.call("PUT", offset, "+01:00", token=tokens["viewer"]), 403)
    assert lamp.call("PUT", offset, "+01:00", token=tokens["operator"])[0] == 200
    problem("forbidden", lamp.call("GET", "/v1/tokens", token=tokens["operator"]), 403)
    assert lamp.call("GET", "/v1/server", token=tokens["viewer"])[1]["token"] == "viewer"


def test_a_token_is_shown_once_and_ends_when_it_is_revoked(daemon):
    server = daemon()
    status, made = server.call("POST", "/v1/tokens", {"name": "ci", "role": "viewer"})
    assert status == 201 and re.fullmatch(r"lw_[A-Za-z0-9_-]{43}", made["token"])
    assert "token" not in server.call("GET", "/v1/tokens")[1]["items"][1]
    problem("exists", server.call("POST", "/v1/tokens", {"name": "ci", "role": "admin"}), 409)
    assert server.call("GET", "/v1/devices", token=made["token"])[0] == 200
    assert server.call("DELETE", "/v1/tokens/ci")[0] == 204
    assert server.call("GET", "/v1/devices", token=made["token"])[0] == 401
    problem("not-found", server.call("DELETE", "/v1/tokens/ci"), 404)


def test_the_last_admin_stays(daemon):
    server = daemon()
    problem("not-possible", server.call("DELETE", "/v1/tokens/admin"), 409)
    other = server.call("POST", "/v1/tokens", {"name": "other", "role": "admin"})[1]["token"]
    assert server.call("DELETE", "/v1/tokens/admin")[0] == 204
    problem("not-possible", server.call("DELETE", "/v1/tokens/other", token=other), 409)


def test_a_token_expires(daemon):
    server = daemon()
    made = server.call("POST", "/v1/tokens", {"name": "old", "role": "admin", "expires_at": "2020-01-01T00:00:00Z"})[1]
    assert made["expires_at"] == "2020-01-01T00:00:00.000Z"
    assert server.call("GET", "/v1/devices", token=made["token"])[0] == 401


def test_no_secret_of_a_token_is_on_disk(daemon, tmp_path):
    server = daemon()
    made = server.call("POST", "/v1/tokens", {"name": "ci", "role": "viewer"})[1]
    server.stop()
    for file in (tmp_path / "data").iterdir():
        if file.name != "admin-token":
            assert made["token"].encode() not in file.read_bytes()


@pytest.mark.parametrize("body,pointer", [
    ([], ""), ({"name": "x"}, ""), ({"name": "a b", "role": "viewer"}, "/name"), ({"name": "x", "role": "king"}, "/role"),
    ({"name": "x", "role": "viewer", "expires_at": "soon"}, "/expires_at"), ({"name": "x", "role": "viewer", "y": 1}, ""),
])
def test_a_token_that_makes_no_sense_is_refused(daemon, body, pointer):
    fault = problem("invalid", daemon().call("POST", "/v1/tokens", body), 422)
    assert fault["errors"][0]["pointer"] == pointer or pointer == ""


def test_open_serves_this_machine_and_no_other_site(daemon):
    server = daemon("--open")
    assert server.call("GET", "/v1/devices", token=False)[0] == 200
    netloc = urllib.parse.urlsplit(server.url).netloc
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        connection = http.client.HTTPConnection(netloc)
        connection.request("POST", "/v1/devices/x/resources/3/0/4", headers=headers)
        assert connection.getresponse().status == 403, headers
    connection = http.client.HTTPConnection(netloc)
    connection.request("GET", "/v1/devices", headers={"Origin": f"http://{netloc}"})
    assert connection.getresponse().status == 200


# ---- Messages -----------------------------------------------------------------------------------


def test_unknown_paths_methods_and_parameters_are_told(daemon):
    server = daemon()
    problem("not-found", server.call("GET", "/v1/nothing"), 404)
    problem("method-not-allowed", server.call("PUT", "/v1/devices", {}), 405)
    assert raw(server, "PUT", "/v1/devices")[1]["Allow"] == "GET, HEAD"
    problem("malformed", server.call("GET", "/v1/devices?limit=0"), 400)
    problem("malformed", server.call("GET", "/v1/devices?lmit=1"), 400)
    problem("malformed", server.call("GET", "/v1/devices/x/resources/03"), 400)


def test_bodies_must_be_json_that_is_labelled_so(lamp):
    target = "/v1/devices/lamp/resources/3/0/14"
    assert raw(lamp, "PUT", target, b'"x"', {"Content-Type": "text/plain"})[0] == 415
    assert raw(lamp, "PUT", target, b'"+01:00"', {"Content-Type": "application/json; charset=utf-8"})[0] == 200
    for body in (b"", b"{", b'{"a":1,"a":2}', b"\xff", b'"x" y'):
        assert raw(lamp, "PUT", target, body, {"Content-Type": "application/json"})[0] == 400, body
    assert raw(lamp, "PUT", target, b" " * 16777217, {"Content-Type": "application/json"})[0] == 413


def test_deep_json_is_refused(lamp):
    deep = b"[" * 100000 + b"]" * 100000
    status, _, body = raw(lamp, "PUT", "/v1/devices/lamp/resources/3/0/14", deep, {"Content-Type": "application/json"})
    assert status == 400, body


def test_the_server_describes_itself(daemon):
    server = daemon()
    _, headers, octets = raw(server, "GET", "/v1/openapi.yaml")
    assert headers["Content-Type"] == "application/yaml"
    assert octets == (ROOT / "api/openapi.yaml").read_bytes()
    status, info = server.call("GET", "/v1/server")
    assert status == 200 and info["role"] == "admin" and info["devices"]["known"] == 0
    assert f"coap 127.0.0.1:{server.coap_port}" in info["listen"]


def test_metrics_have_the_format_of_prometheus(lamp):
    _, headers, octets = raw(lamp, "GET", "/metrics")
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = octets.decode().splitlines()
    assert "lapwing_devices_registered 1" in lines
    for line in lines:
        assert re.fullmatch(r'# (HELP|TYPE) lapwing_\w+ .+|lapwing_\w+(\{class="\dxx"\})? \d+', line), line


# ---- Devices ------------------------------------------------------------------------------------


def test_a_device_is_listed_and_described(lamp):
    status, page = lamp.call("GET", "/v1/devices")
    assert status == 200 and page["total"] == 1 and page["next"] is None
    assert page["items"][0]["endpoint"] == "lamp" and page["items"][0]["state"] == "online"
    status, lamp_itself = lamp.call("GET", "/v1/devices/lamp")
    objects = {each["id"]: each for each in lamp_itself["objects"]}
    assert objects[3] == {"id": 3, "version": "1.1", "known": True, "name": "Device", "instances": [0]}
    assert lamp_itself["registration"]["version"] == "1.1" and "</3/0>" in lamp_itself["registration"]["links"]
    problem("not-found", lamp.call("GET", "/v1/devices/nobody"), 404)


def test_pages_hold_every_device_once(daemon, device):
    server = daemon()
    names = [f"d/{i} ä" for i in range(5)]
    for name in names:
        device("-u", server.coap, "-n", name)
        wait_until(lambda: server.call("GET", "/v1/devices/" + urllib.parse.quote(name, safe=""))[0] == 200)
    seen, cursor = [], ""
    while cursor is not None:
        page = server.call("GET", "/v1/devices?limit=2" + (f"&cursor={cursor}" if cursor else ""))[1]
        assert len(page["items"]) <= 2 and page["total"] == 5
        seen += [each["endpoint"] for each in page["items"]]
        cursor = page["next"]
    assert seen == names
    assert [each["endpoint"] for each in server.call("GET", "/v1/devices?q=D/3")[1]["items"]] == ["d/3 ä"]
    assert len(server.call("GET", "/v1/devices?object=3&state=online")[1]["items"]) == 5
    assert server.call("GET", "/v1/devices?object=31")[1]["items"] == []
    assert server.call("GET", "/v1/devices?state=asleep,offline")[1]["items"] == []
    problem("malformed", server.call("GET", "/v1/devices?cursor=x"), 400)


def test_a_device_that_is_forgotten_registers_again(lamp):
    assert lamp.call("DELETE", "/v1/devices/lamp")[0] == 204
    problem("not-found", lamp.call("GET", "/v1/devices/lamp"), 404)
    problem("not-found", lamp.call("DELETE", "/v1/devices/lamp"), 404)


# ---- Operations ---------------------------------------------------------------------------------


def test_read_gives_values_with_names_and_units(lamp):
    status, answer = lamp.call("GET", "/v1/devices/lamp/resources/3/0/0")
    assert status == 200
    assert answer == {"code": "2.05", "path": "/3/0/0", "format": answer["format"],
                      "values": [{"path": "/3/0/0", "name": "Manufacturer", "type": "string", "value": "Lapwing"}]}
    values = {each["path"]: each for each in lamp.call("GET", "/v1/devices/lamp/resources/3303")[1]["values"]}
    assert values["/3303/0/5700"]["name"] == "Sensor Value" and values["/3303/0/5700"]["type"] == "float"
    assert values["/3303/0/5701"]["value"] == "Cel"


@pytest.mark.parametrize("form", ["tlv", "senml-json", "senml-cbor"])
def test_read_in_the_format_that_is_asked_for(lamp, form):
    answer = lamp.call("GET", f"/v1/devices/lamp/resources/3/0?format={form}")
    if answer[0] == 409:
        assert problem("device-refused", answer, 409)["coap"]["code"] == "4.06"
        return
    values = {each["path"]: each["value"] for each in answer[1]["values"]}
    assert values["/3/0/0"] == "Lapwing" and form.split("-")[0] in answer[1]["format"]


def test_write_replaces_and_changes(lamp):
    target = "/v1/devices/lamp/resources/3/0/14"
    assert lamp.call("PUT", target, "+02:00") == (200, {"code": "2.04", "path": "/3/0/14"})
    assert lamp.call("GET", target)[1]["values"][0]["value"] == "+02:00"
    assert lamp.call("PATCH", "/v1/devices/lamp/resources/3/0", {"14": "+03:00", "15": "Asia/Aden"})[0] == 200
    assert lamp.call("GET", target)[1]["values"][0]["value"] == "+03:00"
    assert lamp.call("PUT", target, {"type": "string", "value": "+04:00"})[0] == 200
    fault = problem("invalid", lamp.call("PATCH", "/v1/devices/lamp/resources/3/0", {"14": 5}), 422)
    assert fault["errors"] == [{"detail": "/3/0/14 must be a string", "pointer": "/14"}]


def test_what_the_device_refuses_is_told_with_its_code(lamp):
    fault = problem("device-refused", lamp.call("GET", "/v1/devices/lamp/resources/3/0/9999"), 409)
    assert fault["coap"] == {"code": "4.04", "name": "Not Found"}
    fault = problem("device-refused", lamp.call("PUT", "/v1/devices/lamp/resources/3/0/0?force=true", "x"), 409)
    assert fault["coap"]["code"] == "4.05"


def test_what_cannot_be_asked_is_not_sent(lamp):
    problem("not-possible", lamp.call("GET", "/v1/devices/lamp/resources/9999/0"), 409)
    problem("not-found", lamp.call("GET", "/v1/devices/nobody/resources/3/0"), 404)
    problem("not-possible", lamp.call("GET", "/v1/devices/lamp/resources/0"), 409)


@pytest.mark.parametrize("method,target,body,words", [
    ("DELETE", "resources/3", None, "a Delete goes to an instance"),
    ("GET", "resources/3/0/0/1", None, "only a multiple resource has instances"),
    ("PUT", "attributes/3/0", {"gt": 3}, "gt, lt and st are for a resource that is a number"),
    ("GET", "resources/3/0?format=text", None, "without `format` the server chooses"),
    ("GET", "discover/3?depth=1", None, "LwM2M version does not have this operation"),
])
def test_what_does_not_go_with_a_path_is_told_in_its_words(lamp, method, target, body, words):
    refusal = problem("not-possible", lamp.call(method, f"/v1/devices/lamp/{target}", body), 409)
    assert words in refusal["detail"]


def test_types_of_events_that_do_not_exist_are_told_with_those_that_do(daemon):
    refusal = problem("malformed", daemon().call("GET", "/v1/events?type=notifications"), 400)
    assert "|notification|" in refusal["detail"]


def test_execute_with_and_without_arguments(lamp):
    assert lamp.call("POST", "/v1/devices/lamp/resources/3/0/12")[1] == {"code": "2.04", "path": "/3/0/12"}
    assert lamp.call("POST", "/v1/devices/lamp/resources/3/0/12", {"arguments": {"0": "x", "1": None}})[0] == 200
    problem("invalid", lamp.call("POST", "/v1/devices/lamp/resources/3/0/12", {"arguments": {"0": "it's"}}), 422)
    problem("invalid", lamp.call("POST", "/v1/devices/lamp/resources/3303"), 422)


def test_discover_tells_links_and_attached_attributes(lamp):
    target = "/v1/devices/lamp/attributes/3303/0/5700"
    assert lamp.call("PUT", target, {"pmin": 10, "gt": 50.5})[0] == 200
    links = {each["path"]: each for each in lamp.call("GET", "/v1/devices/lamp/discover/3303/0")[1]["links"]}
    assert links["/3303/0/5700"]["attributes"] == {"pmin": "10", "gt": "50.5"}
    assert links["/3303/0/5700"]["name"] == "Sensor Value"
    assert lamp.call("PUT", target, {"pmin": None, "gt": None})[0] == 200
    links = {each["path"]: each for each in lamp.call("GET", "/v1/devices/lamp/discover/3303/0")[1]["links"]}
    assert "attributes" not in links["/3303/0/5700"]


def test_composites_reach_several_objects(lamp):
    assert lamp.call("POST", "/v1/devices/lamp/composite/write",
                     {"values": {"/3/0/14": "+05:00", "/1/0/1": 500}})[0] == 200
    answer = lamp.call("POST", "/v1/devices/lamp/composite/read", {"paths": ["/3/0/14", "/1/0/1"]})[1]
    assert {each["path"]: each["value"] for each in answer["values"]} == {"/3/0/14": "+05:00", "/1/0/1": 500}


def test_a_device_that_is_gone_times_out(daemon, device):
    server = daemon()
    gone = device("-u", server.coap, "-n", "gone")
    wait_until(lambda: server.call("GET", "/v1/devices/gone")[0] == 200)
    gone.process.kill()
    gone.process.wait()
    fault = problem("device-timeout", server.call("GET", "/v1/devices/gone/resources/3/0?timeout=2"), 504)
    assert fault["timeout"] == "no-ack"


def test_a_device_that_is_not_registered_is_offline(daemon, device):
    server = daemon()
    lamp = device("-u", server.coap, "-n", "lamp")
    wait_until(lambda: server.call("GET", "/v1/devices/lamp")[0] == 200)
    assert lamp.stop() == 0
    wait_until(lambda: server.call("GET", "/v1/devices/lamp")[1]["state"] == "offline")
    problem("device-offline", server.call("GET", "/v1/devices/lamp/resources/3/0"), 409)
    status, queued = server.call("GET", "/v1/devices/lamp/resources/3/0/0?async")
    assert status == 202 and queued["state"] == "queued"
    device("-u", server.coap, "-n", "lamp")
    status, ended = server.call("GET", f"/v1/requests/{queued['id']}?wait=20")
    assert status == 200 and ended["state"] == "done"
    assert ended["answer"]["values"][0]["value"] == "Lapwing"


# ---- Requests that wait -------------------------------------------------------------------------


@pytest.fixture
def sleeper(daemon, device):
    """A server with a device in queue mode that sleeps."""
    server = daemon("--awake", "1")
    server.device = device("-u", server.coap, "-n", "sleeper", "--queue", "-l", "12")
    wait_until(lambda: server.call("GET", "/v1/devices/sleeper")[0] == 200)
    return server


def asleep(server):
    wait_until(lambda: server.call("GET", "/v1/devices/sleeper")[1]["state"] == "asleep")


def test_a_sleeping_device_gets_its_request_when_it_wakes(sleeper):
    asleep(sleeper)
    status, headers, octets = raw(sleeper, "GET", "/v1/devices/sleeper/resources/3/0/0")
    queued = json.loads(octets)
    assert status == 202 and headers["Location"] == f"/v1/requests/{queued['id']}"
    assert queued == sleeper.call("GET", headers["Location"])[1] and "expires_at" in queued
    assert queued["device"] == "sleeper" and queued["operation"] == "read" and queued["path"] == "/3/0/0"
    status, ended = sleeper.call("GET", headers["Location"] + "?wait=30")
    assert status == 200 and ended["state"] == "done" and ended["answer"]["code"] == "2.05"


def test_wait_waits_for_the_device(sleeper):
    asleep(sleeper)
    status, answer = sleeper.call("GET", "/v1/devices/sleeper/resources/3/0/0?wait=30")
    assert status == 200 and answer["values"][0]["value"] == "Lapwing"


def test_wait_ends_with_a_202(daemon, device):
    server = daemon("--awake", "1")
    device("-u", server.coap, "-n", "sleeper", "--queue", "-l", "300")
    wait_until(lambda: server.call("GET", "/v1/devices/sleeper")[0] == 200)
    asleep(server)
    begun = time.monotonic()
    status, queued = server.call("PUT", "/v1/devices/sleeper/resources/3/0/14?wait=1", "+01:00")
    assert status == 202 and 0.9 < time.monotonic() - begun < 5
    pages = server.call("GET", "/v1/devices/sleeper/requests")[1]
    assert [each["id"] for each in pages["items"]] == [queued["id"]] and pages["next"] is None
    assert server.call("DELETE", f"/v1/requests/{queued['id']}")[0] == 204
    status, ended = server.call("GET", f"/v1/requests/{queued['id']}?wait=5")
    assert status == 200 and ended["state"] == "canceled"
    problem("not-found", server.call("DELETE", f"/v1/requests/{queued['id']}"), 404)


def test_who_waits_for_a_request_of_a_device_that_is_forgotten_is_told(daemon, device):
    server = daemon("--awake", "1")
    device("-u", server.coap, "-n", "sleeper", "--queue", "-l", "300")
    wait_until(lambda: server.call("GET", "/v1/devices/sleeper")[0] == 200)
    asleep(server)
    queued = server.call("GET", "/v1/devices/sleeper/resources/3/0/0")[1]
    threading.Timer(0.5, lambda: server.call("DELETE", "/v1/devices/sleeper")).start()
    status, ended = server.call("GET", f"/v1/requests/{queued['id']}?wait=20")
    assert status == 200 and (ended["state"], ended["problem"]["status"]) == ("canceled", 409)


def test_a_request_that_is_of_no_use_any_more_expires(daemon, device):
    server = daemon("--awake", "1")
    device("-u", server.coap, "-n", "sleeper", "--queue", "-l", "300")
    wait_until(lambda: server.call("GET", "/v1/devices/sleeper")[0] == 200)
    asleep(server)
    status, queued = server.call("POST", "/v1/devices/sleeper/resources/3/0/4?expires=1")
    assert status == 202
    assert 0.9 < seconds(queued["expires_at"]) - seconds(queued["created_at"]) < 1.1
    status, ended = server.call("GET", f"/v1/requests/{queued['id']}?wait=30")
    assert status == 200 and ended["state"] == "expired"


def test_a_queued_request_outlives_the_server(daemon, device, tmp_path):
    first = daemon("--awake", "1")
    device("-u", first.coap, "-n", "sleeper", "--queue", "-l", "300")
    wait_until(lambda: first.call("GET", "/v1/devices/sleeper")[0] == 200)
    asleep(first)
    queued = first.call("PUT", "/v1/devices/sleeper/resources/3/0/14", "+01:00")[1]
    first.process.kill()
    first.process.wait()
    second = daemon(coap_port=first.coap_port)
    status, kept = second.call("GET", f"/v1/requests/{queued['id']}")
    assert status == 200 and kept["state"] == "queued" and kept["operation"] == "write"


def test_requests_that_never_were_are_not_found(daemon):
    server = daemon()
    for id in ("1", "99999999999999999999", "18446744073709551615"):
        problem("not-found", server.call("GET", f"/v1/requests/{id}"), 404)
        problem("not-found", server.call("DELETE", f"/v1/requests/{id}"), 404)
    problem("not-found", server.call("GET", "/v1/devices/nobody/requests"), 404)


# ---- Observations and history -------------------------------------------------------------------


def test_two_who_withdraw_the_same_wish_get_along(lamp):
    target = "/v1/devices/lamp/observations/3/0/14"
    for _ in range(10):
        assert lamp.call("PUT", target)[0] == 200
        answers = []
        both = [threading.Thread(target=lambda: answers.append(lamp.call("DELETE", target)[0])) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert 204 in answers and set(answers) <= {204, 404, 503}, answers


def test_a_wish_is_kept_and_what_it_brings_is_recorded(lamp):
    base = "/v1/devices/lamp/observations"
    status, wish = lamp.call("PUT", f"{base}/3/0/14")
    assert status == 200 and wish["paths"] == ["/3/0/14"] and not wish["composite"]
    wait_until(lambda: lamp.call("GET", f"{base}/3/0/14")[1]["state"] == "established")
    assert lamp.call("PUT", "/v1/devices/lamp/resources/3/0/14", "+06:00")[0] == 200
    history = "/v1/devices/lamp/history/3/0/14"
    wait_until(lambda: any(each["value"] == "+06:00" for each in lamp.call("GET", history)[1]["items"]))
    value = lamp.call("GET", history + "?order=newest&limit=1")[1]
    assert value["items"][0]["value"] == "+06:00" and value["items"][0]["source"] == "notification"
    assert value["items"][0]["name"] == "UTC Offset" and value["more"]
    assert lamp.call("GET", history + "?to=2020-01-01T00:00:00Z")[1] == {"items": [], "more": False}
    assert len(lamp.call("GET", base)[1]["items"]) == 1
    assert lamp.call("DELETE", f"{base}/3/0/14")[0] == 204
    problem("not-found", lamp.call("DELETE", f"{base}/3/0/14"), 404)
    problem("not-found", lamp.call("GET", f"{base}/3/0/14"), 404)


def test_several_paths_are_observed_together(lamp):
    base = "/v1/devices/lamp/observations"
    status, wish = lamp.call("PUT", f"{base}/3/0/15,3/0/14")
    assert status == 200 and wish["paths"] == ["/3/0/14", "/3/0/15"] and wish["composite"]
    assert lamp.call("GET", f"{base}/3/0/14,3/0/15")[0] == 200


def test_wishes_that_make_no_sense_are_refused(lamp):
    base = "/v1/devices/lamp/observations"
    problem("malformed", lamp.call("PUT", f"{base}/3/0/14,"), 400)
    problem("malformed", lamp.call("PUT", f"{base}/" + ",".join(["3"] * 65)), 400)
    problem("invalid", lamp.call("PUT", f"{base}/3", {"attributes": {"pmin": None}}), 422)
    problem("invalid", lamp.call("PUT", f"{base}/3", {"format": "xml"}), 422)
    problem("invalid", lamp.call("PUT", f"{base}/3", {"x": 1}), 422)
    problem("not-found", lamp.call("PUT", "/v1/devices/nobody/observations/3"), 404)
    problem("not-found", lamp.call("GET", "/v1/devices/nobody/observations"), 404)
    problem("not-found", lamp.call("GET", "/v1/devices/nobody/history/3"), 404)


# ---- Credentials --------------------------------------------------------------------------------

KEY = base64.b64encode(b"0123456789abcdef").decode()


def test_secrets_of_credentials_are_written_and_never_read(daemon):
    server = daemon()
    psk = {"mode": "psk", "identity": "lamp-id", "key": KEY}
    status, shown = server.call("PUT", "/v1/credentials/lamp", psk)
    assert status == 200 and shown["identity"] == "lamp-id" and "key" not in shown
    oscore = {"mode": "oscore", "master_secret": KEY, "sender_id": "AA==", "recipient_id": "AQ==", "master_salt": "AQI="}
    assert server.call("PUT", "/v1/credentials/a", oscore)[0] == 200
    listed = server.call("GET", "/v1/credentials")[1]
    assert [each["endpoint"] for each in listed["items"]] == ["a", "lamp"]
    assert KEY not in json.dumps(listed) and "master_salt" not in listed["items"][0]
    page = server.call("GET", "/v1/credentials?limit=1")[1]
    assert server.call("GET", f"/v1/credentials?limit=1&cursor={page['next']}")[1]["items"] == listed["items"][1:]
    assert server.call("GET", "/v1/credentials/lamp") == (200, shown)
    assert server.call("DELETE", "/v1/credentials/lamp")[0] == 204
    problem("not-found", server.call("GET", "/v1/credentials/lamp"), 404)
    problem("not-found", server.call("DELETE", "/v1/credentials/lamp"), 404)


def test_a_psk_identity_belongs_to_one_endpoint(daemon):
    first = daemon()
    psk = {"mode": "psk", "identity": "id", "key": KEY}
    assert first.call("PUT", "/v1/credentials/a", psk)[0] == 200
    problem("exists", first.call("PUT", "/v1/credentials/b", psk), 409)
    first.process.kill()
    first.process.wait()
    second = daemon()  # what was acknowledged is there
    problem("exists", second.call("PUT", "/v1/credentials/b", psk), 409)
    assert second.call("PUT", "/v1/credentials/a", {**psk, "identity": "other"})[0] == 200
    assert second.call("PUT", "/v1/credentials/b", psk)[0] == 200
    assert second.call("DELETE", "/v1/credentials/b")[0] == 204
    assert second.call("PUT", "/v1/credentials/c", psk)[0] == 200


@pytest.mark.parametrize("body,pointer", [
    ({}, "/mode"), ([], ""), ({"mode": "est"}, "/mode"),
    ({"mode": "psk", "identity": "x"}, ""), ({"mode": "psk", "identity": "", "key": KEY}, "/identity"),
    ({"mode": "psk", "identity": "x", "key": ""}, "/key"), ({"mode": "psk", "identity": "x", "key": "a"}, "/key"),
    ({"mode": "psk", "identity": "x", "key": KEY, "more": 1}, ""),
    ({"mode": "rpk", "public_key": KEY}, "/public_key"), ({"mode": "x509", "certificate": KEY}, "/certificate"),
    ({"mode": "oscore", "master_secret": "AQI=", "sender_id": "", "recipient_id": "AQ=="}, "/master_secret"),
    ({"mode": "oscore", "master_secret": KEY, "sender_id": "AQ==", "recipient_id": "AQ=="}, "/recipient_id"),
    ({"mode": "oscore", "master_secret": KEY, "sender_id": "", "recipient_id": "AQ==", "aead": 1}, "/aead"),
])
def test_credentials_that_make_no_sense_are_refused(daemon, body, pointer):
    fault = problem("invalid", daemon().call("PUT", "/v1/credentials/lamp", body), 422)
    assert fault["errors"][0]["pointer"] == pointer


def test_keys_and_certificates_are_kept_as_der(daemon, tmp_path):
    server = daemon()
    run = lambda *args: subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=tmp_path)
    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem", "-out",
        "cert.der", "-outform", "DER", "-subj", "/CN=lamp", "-days", "1")
    run("pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "pub.der")
    public = base64.b64encode((tmp_path / "pub.der").read_bytes()).decode()
    certificate = base64.b64encode((tmp_path / "cert.der").read_bytes()).decode()
    assert server.call("PUT", "/v1/credentials/a", {"mode": "rpk", "public_key": public})[1]["public_key"] == public
    assert server.call("PUT", "/v1/credentials/b", {"mode": "x509", "certificate": certificate})[0] == 200
    assert server.call("PUT", "/v1/credentials/c", {"mode": "x509"})[0] == 200


# ---- Definitions of objects ---------------------------------------------------------------------

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<LWM2M><Object ObjectType="MODefinition"><Name>Kettle</Name><Description1>Boils.</Description1>
<ObjectID>{id}</ObjectID><ObjectURN>urn:oma:lwm2m:x:{id}</ObjectURN><LWM2MVersion>1.0</LWM2MVersion>
<ObjectVersion>1.0</ObjectVersion><MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory>
<Resources><Item ID="14"><Name>Lid</Name><Operations>RW</Operations><MultipleInstances>Single</MultipleInstances>
<Mandatory>Mandatory</Mandatory><Type>Boolean</Type><RangeEnumeration></RangeEnumeration><Units>{unit}</Units>
<Description>Open?</Description></Item></Resources><Description2></Description2></Object></LWM2M>
"""


def upload(server, xml):
    status, _, octets = raw(server, "POST", "/v1/models", xml.encode(), {"Content-Type": "application/xml"})
    return status, json.loads(octets)


def test_a_definition_is_uploaded_and_in_force_at_once_and_after_a_restart(daemon):
    first = daemon()
    status, told = upload(first, MODEL.format(id=26241, unit="1"))
    assert status == 201 and told["items"][0]["name"] == "Kettle" and told["items"][0]["source"] == "uploaded"
    model = first.call("GET", "/v1/models/26241/1.0")[1]
    assert model["resources"][0]["name"] == "Lid" and model["resources"][0]["type"] == "boolean"
    assert model["resources"][0]["operations"] == "RW" and model["resources"][0]["mandatory"]
    first.process.kill()
    first.process.wait()
    second = daemon()
    assert second.call("GET", "/v1/models/26241/1.0") == (200, model)
    assert second.call("DELETE", "/v1/models/26241/1.0")[0] == 204
    problem("not-found", second.call("GET", "/v1/models/26241/1.0"), 404)
    problem("not-found", second.call("DELETE", "/v1/models/26241/1.0"), 404)


def test_a_built_in_definition_can_be_replaced_but_not_removed(lamp):
    problem("not-possible", lamp.call("DELETE", "/v1/models/3/1.1"), 409)
    before = lamp.call("GET", "/v1/models/3/1.1")[1]
    xml = MODEL.format(id=3, unit="").replace("<ObjectVersion>1.0", "<ObjectVersion>1.1")
    assert upload(lamp, xml.replace("x:3<", "oma:3:1.1<"))[0] == 201
    fault = problem("invalid", lamp.call("PUT", "/v1/devices/lamp/resources/3/0/14", "+01:00"), 422)
    assert "true or false" in fault["errors"][0]["detail"]
    assert lamp.call("DELETE", "/v1/models/3/1.1")[0] == 204
    assert lamp.call("GET", "/v1/models/3/1.1") == (200, before)
    assert lamp.call("PUT", "/v1/devices/lamp/resources/3/0/14", "+01:00")[0] == 200


def test_what_is_wrong_in_a_definition_is_told_with_its_line(daemon):
    status, told = upload(daemon(), MODEL.format(id=26241, unit="").replace("Boolean", "Colour"))
    assert status == 422 and told["type"] == "urn:lapwing:problem:invalid"
    assert told["errors"][0]["line"] == 6 and "Colour" in told["errors"][0]["detail"]


def test_all_definitions_are_listed(daemon):
    items = daemon().call("GET", "/v1/models")[1]["items"]
    assert {"id": 3, "version": "1.1", "name": "Device", "urn": "urn:oma:lwm2m:oma:3:1.1", "source": "built-in",
            "multiple": False, "mandatory": True} in items
