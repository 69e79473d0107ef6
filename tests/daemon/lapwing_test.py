"""What lapwing asks for, says and ends with, against an API of canned answers."""
import datetime
import json
import os
import pty
import re
import select
import socket
import subprocess
import time

import pytest

from fake_api import FakeApi, problem
from lapwing_cli import lapwing
from program import ROOT, find_program

REGISTRATION = {"id": "a1", "active": True, "version": "1.1", "bindings": "U", "queue_mode": False, "lifetime": 300,
                "address": "127.0.0.1:4000", "registered_at": "2026-01-01T00:00:00Z",
                "updated_at": "2026-01-01T00:00:00Z", "expires_at": None}
LAMP = {"endpoint": "lamp-1", "state": "online", "created_at": "2026-01-01T00:00:00Z",
        "seen_at": "2026-01-01T00:00:00Z", "requests": 2, "observations": 1, "registration": REGISTRATION}
OBJECTS = [{"id": 3, "version": "1.1", "known": True, "name": "Device", "instances": [0]},
           {"id": 3303, "version": "1.0", "known": True, "name": "Temperature", "instances": [0, 1]},
           {"id": 26241, "version": "1.0", "known": False, "instances": [0]}]
DEVICE_MODEL = {"id": 3, "version": "1.1", "name": "Device", "description": "About it", "resources": [
    {"id": 0, "name": "Manufacturer", "operations": "R", "type": "string", "multiple": False},
    {"id": 9, "name": "Battery Level", "operations": "R", "type": "integer", "multiple": False, "unit": "%"},
    {"id": 13, "name": "Current Time", "operations": "RW", "type": "time", "multiple": False},
    {"id": 15, "name": "Timezone", "operations": "RW", "type": "string", "multiple": False},
    {"id": 90, "name": "Blob", "operations": "RW", "type": "opaque", "multiple": False},
    {"id": 91, "name": "Ratio", "operations": "RW", "type": "float", "multiple": False},
    {"id": 92, "name": "Switch", "operations": "RW", "type": "boolean", "multiple": False}]}
DONE = {"code": "2.04", "path": "/3/0"}


@pytest.fixture
def api():
    started = []

    def start(answers):
        started.append(FakeApi({
            "GET /v1/devices/lamp-1": (200, {**LAMP, "objects": OBJECTS}),
            "GET /v1/models/3/1.1": (200, DEVICE_MODEL), **answers}))
        return started[-1]

    yield start
    for each in started:
        each.close()


# ---- Usage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("args,message", [
    ([], "which command?"),
    (["dance"], "dance: no such command"),
    (["read", "lamp-1"], "usage: lapwing read EP PATH"),
    (["read", "lamp-1", "/3", "/4"], "usage: lapwing read EP PATH"),
    (["devices", "--role", "x"], "devices does not take --role"),
    (["devices", "--frob"], "--frob: no such option"),
    (["devices", "-n", "many"], "--limit: 'many' is not a number"),
    (["read", "lamp-1", "/3", "--wait", "-1"], "--wait: '-1' is not a number"),
    (["read", "lamp-1", "/3", "--expires", "soon"], "--expires: 'soon' is not a time, as 30s, 5m, 2h or 7d"),
    (["read", "lamp-1", "three"], "'three' is not a path such as /3/0/9"),
    (["read", "lamp-1", "/3//9"], "'/3//9' is not a path"),
    (["read", "lamp-1", "/99999"], "'/99999' is not a path"),
    (["write", "lamp-1", "/3", "1"], "write to an instance or a resource"),
    (["write", "lamp-1", "/3/0", "15"], "'15' is not of the form ID=VALUE"),
    (["write", "lamp-1", "/3/0", "x=1"], "'x' is not the id of a resource"),
    (["create", "lamp-1", "/3/0/1"], "create below an object"),
    (["exec", "lamp-1", "/3/0/4", "x"], "'x' is not an argument such as 0=text or 1"),
    (["attrs", "lamp-1", "/3", "pmin"], "'pmin' is not an attribute such as pmin=10"),
    (["attrs", "lamp-1", "/3", "pmin=soon"], "'pmin=soon' is not an attribute"),
    (["composite", "write", "lamp-1", "/3/0=1"], "'/3/0=1' is not of the form /3/0/14=VALUE"),
    (["observe", "lamp-1", "x"], "'x' is not a path"),
    (["cancel", "seven"], "'seven' is not the id of a request"),
    (["credentials", "set", "lamp-1", "psk"], "is not of the form mode=psk or key=00ff"),
    (["credentials", "set", "lamp-1", "key=0"], "is not octets: write hexadecimal digits, or @FILE"),
    (["models", "add", "/nowhere"], "/nowhere: No such file"),
])
def test_wrong_usage_is_told_and_ends_with_2(args, message, api):
    result = lapwing(*args, url=api({}).url)
    assert result.status == 2
    assert message in result.err and result.err.startswith("lapwing: ")
    assert result.out == ""


def test_help_manual_and_completion_know_every_command_and_option():
    result = lapwing("--help")
    assert result.status == 0
    manual = (ROOT / "man/lapwing.1").read_text(encoding="utf-8")
    for option in set(re.findall(r"--[a-z-]+", result.out)):
        assert re.search(rf"Fl -{option[2:]}\b", manual), option
    for name in re.findall(r"^  ([a-z]+(?: [a-z]+)?) ", result.out, re.M):
        assert re.search(rf"^\.It Ic {name}( |$)", manual, re.M), name
    assert re.match(r"lapwing \d+\.\d+\.\d+$", lapwing("-V").out)


def commands():
    return re.findall(r"^  ([a-z]+(?: [a-z]+)?)(?= [A-Z[]|  )", lapwing("--help").out, re.M)


@pytest.mark.parametrize("name", commands())
def test_each_command_has_a_page_with_examples_that_work(name):
    page = lapwing(*name.split(), "--help")
    assert page.status == 0 and page.err == ""
    assert page.out.startswith(f"usage: lapwing {name} ")
    assert set(re.findall(r"--[a-z-]+", page.out.split("Example")[0])) <= set(re.findall(r"--[a-z-]+", lapwing("-h").out))
    examples = re.findall(rf"^  lapwing ({name} ?.*)$", page.out.split("Example")[1].split("See also")[0], re.M)
    assert examples
    for example in examples:
        if "@" not in example and ".xml" not in example:  # files that are not here
            result = lapwing(*example.split(), url="http://127.0.0.1:1")
            assert result.status == 3, result.err  # the command line is right, and no server there


def test_help_comes_with_the_word_of_several_commands_and_before_it():
    assert lapwing("--help", "read").out == lapwing("read", "-h", "lamp-1").out
    assert lapwing("composite", "--help").lines == [
        "usage:",
        "  lapwing composite read EP PATH...        several paths at once",
        "  lapwing composite write EP PATH=VALUE... several resources at once"]
    assert "lapwing tokens add NAME" in lapwing("tokens", "--help").out.split("See also")[1]
    nothing = lapwing("sing", "--help")
    assert nothing.status == 2 and "sing: no such command" in nothing.err
    assert "Try 'lapwing read --help'." in lapwing("read", "lamp-1").err


# ---- Where the server is ------------------------------------------------------------------------


def test_no_server_ends_with_3():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        result = lapwing("devices", url=f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert result.status == 3
    assert "Failed to connect" in result.err


def test_something_that_is_no_lapwingd_is_told(api):
    result = lapwing("devices", url=api({"GET /v1/devices?limit=500": (500, "<html>")}).url)
    assert result.status == 1
    assert "answered with HTTP status 500: is this the API of lapwingd?" in result.err


def test_url_and_token_from_flags_environment_and_file(api, tmp_path):
    server = api({"GET /v1/tokens": (200, {"items": []})})
    config = tmp_path / ".config"
    config.mkdir()

    def token_of(*args, **options):
        assert lapwing("tokens", *args, home=tmp_path, **options).status == 0
        return server.calls[-1][1].get("Authorization")

    (config / "lapwing").write_text(f"# mine\n\nurl: {server.url}/\ntoken: from-file\n")
    assert token_of() == "Bearer from-file"
    assert token_of(token="from-env") == "Bearer from-env"
    assert token_of("--token", "from-flag", token="from-env") == "Bearer from-flag"
    (config / "lapwing").write_text("url: http://127.0.0.1:9\ntoken: of-another-server\n")
    assert token_of(url=server.url) is None
    assert token_of("--url", server.url) is None


def test_a_wrong_line_of_the_file_is_named(tmp_path):
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config" / "lapwing").write_text("url: http://x\nhost = y\n")
    result = lapwing("devices", home=tmp_path)
    assert result.status == 2
    assert "lapwing, line 2: 'url: …' or 'token: …' is expected" in result.err


@pytest.mark.parametrize("kind,code,status,words", [
    ("unauthorized", 401, 4, "give --token, LAPWING_TOKEN or a line"),
    ("forbidden", 403, 4, "because"),
    ("not-found", 404, 5, "because"),
    ("device-offline", 409, 1, "because --queue"),
    ("not-possible", 409, 1, "because"),
    ("device-timeout", 504, 7, "because"),
    ("busy", 503, 1, "because"),
])
def test_problems_have_their_words_and_exit_statuses(api, kind, code, status, words):
    server = api({"GET /v1/devices/lamp-1/resources/3/0": (code, problem(kind, code, "because async=true"))})
    result = lapwing("read", "lamp-1", "/3/0", url=server.url)
    assert result.status == status
    assert words in result.err
    shown = lapwing("read", "lamp-1", "/3/0", "--json", url=server.url)
    assert shown.status == status and json.loads(shown.out)["status"] == code


def test_what_a_device_refuses_has_its_code_and_meaning(api):
    refusal = problem("device-refused", 409, "x", coap={"code": "4.05", "name": "Method Not Allowed", "text": "no"})
    server = api({"GET /v1/devices/lamp-1/resources/3/0/4": (409, refusal)})
    result = lapwing("read", "lamp-1", "3/0/4", url=server.url)
    assert result.status == 6
    assert "the device answered 4.05 Method Not Allowed: no" in result.err


def test_errors_of_a_body_say_where(api):
    invalid = problem("invalid", 422, "wrong", errors=[{"pointer": "/15", "detail": "not a string"},
                                                       {"line": 3, "detail": "unclosed"}])
    server = api({"PUT /v1/devices/lamp-1/resources/3/0": (422, invalid)})
    result = lapwing("write", "lamp-1", "/3/0", "15=x", url=server.url)
    assert result.status == 1
    assert "  /15: not a string\n  line 3: unclosed\n" in result.err


# ---- Devices ------------------------------------------------------------------------------------


def test_devices_of_all_pages_are_one_table(api):
    server = api({"GET /v1/devices?limit=500": (200, {"items": [LAMP], "next": "c 2"}),
                  "GET /v1/devices?limit=500&cursor=c%202": (200, {"items": [{**LAMP, "endpoint": "lamp-2"}],
                                                                   "next": None})})
    result = lapwing("devices", url=server.url)
    assert result.status == 0
    assert [row[0] for row in result.rows()] == ["lamp-1", "lamp-2"]
    assert re.match(r"^lamp-1 +online +1\.1 +U +300 +127\.0\.0\.1:4000 +-?.* +2 +1$", result.lines[1])
    assert all(line == line.rstrip() for line in result.lines)
    assert [json.loads(line)["endpoint"] for line in lapwing("devices", "-j", url=server.url).lines] == \
        ["lamp-1", "lamp-2"]
    assert len(lapwing("devices", "--limit", "1", url=server.url).lines) == 2


def test_requests_and_credentials_of_all_pages_are_one_table(api):
    request = {"id": "9", "device": "lamp-1", "operation": "read", "path": "/3", "state": "queued"}
    known = {"endpoint": "a", "mode": "x509", "changed_at": "2026-01-01T00:00:00Z"}
    for words, path, first, second in ((["requests", "lamp-1"], "/v1/devices/lamp-1/requests", request, {"id": "8"}),
                                       (["credentials"], "/v1/credentials", known, {"endpoint": "b"})):
        server = api({f"GET {path}?limit=500": (200, {"items": [first], "next": "5"}),
                      f"GET {path}?limit=500&cursor=5": (200, {"items": [{**first, **second}], "next": None})})
        assert len(lapwing(*words, url=server.url).rows()) == 2
        assert [json.loads(line) for line in lapwing(*words, "--json", url=server.url).lines] == \
            [first, {**first, **second}]
        assert len(lapwing(*words, "-n", "1", url=server.url).rows()) == 1


def test_filters_are_passed_on(api):
    key = "GET /v1/devices?q=a%20b&state=online,asleep&object=3303&limit=500".replace(",", "%2C")
    server = api({key: (200, {"items": [], "next": None})})
    assert lapwing("devices", "-q", "a b", "-s", "online,asleep", "-o", "3303", url=server.url).status == 0


def test_one_device(api):
    result = lapwing("device", "lamp-1", url=api({}).url)
    assert result.status == 0
    assert re.search(r"^endpoint +lamp-1$", result.out, re.M)
    assert re.search(r"^/3303 +1\.0 +Temperature +0 1$", result.out, re.M)
    assert re.search(r"^/26241 +1\.0 +unknown +0$", result.out, re.M)


def test_names_are_escaped(api):
    server = api({"GET /v1/devices/urn%3Adev%2F%20%C3%BC": (200, {**LAMP, "objects": []}),
                  "DELETE /v1/devices/a%3F": (204, "")})
    assert lapwing("device", "urn:dev/ ü", url=server.url).status == 0
    assert lapwing("forget", "a?", url=server.url).out == "a? is forgotten\n"


@pytest.mark.parametrize("name", [".", "..", "../lamp"])
def test_names_of_dots_are_names(api, name):
    escaped = name.replace("/", "%2F")
    server = api({f"GET /v1/devices/{escaped}/resources/3/0/9": (200, {"code": "2.05", "path": "/3/0/9", "values": []})})
    assert lapwing("read", name, "/3/0/9", url=server.url).status == 0


def test_what_devices_say_does_not_reach_the_terminal_as_commands(api):
    server = api({"GET /v1/devices?limit=500": (200, {"items": [{**LAMP, "endpoint": "a\x1b[2Jb\n"}], "next": None})})
    assert "a?[2Jb?" in lapwing("devices", url=server.url).out


# ---- Operations ---------------------------------------------------------------------------------


READ = "GET /v1/devices/lamp-1/resources/3/0"


def test_read_shows_names_values_and_units(api):
    server = api({READ: (200, {"code": "2.05", "path": "/3/0", "values": [
        {"path": "/3/0/0", "name": "Manufacturer", "type": "string", "value": "Lapwing"},
        {"path": "/3/0/9", "name": "Battery Level", "type": "integer", "value": 87, "unit": "%"},
        {"path": "/3/0/91", "name": "Ratio", "type": "float", "value": 21.1},
        {"path": "/3/0/11", "type": "empty"}]})})
    result = lapwing("read", "lamp-1", "/3/0", url=server.url)
    assert result.status == 0
    assert result.lines[0].split() == ["PATH", "NAME", "VALUE", "UNIT"]
    assert re.match(r"^/3/0/9 +Battery Level +87 +%$", result.lines[2])
    assert "21.1" in result.lines[3] and "empty" in result.lines[4]
    assert json.loads(lapwing("read", "lamp-1", "/3/0", "-j", url=server.url).out)["code"] == "2.05"


@pytest.mark.parametrize("path,text,value", [
    ("/3/0/15", "Europe/Oslo", "Europe/Oslo"),
    ("/3/0/15", "5", "5"),
    ("/3/0/15", "a=b", "a=b"),
    ("/3/0/9", "-5", -5),
    ("/3/0/9", "9007199254740993", "9007199254740993"),
    ("/3/0/9", "18446744073709551615", "18446744073709551615"),
    ("/3/0/91", "21.1", 21.1),
    ("/3/0/91", "NaN", "NaN"),
    ("/3/0/92", "true", True),
    ("/3/0/92", "0", False),
    ("/3/0/90", "00ff10", "AP8Q"),
    ("/3/0/90", "", ""),
    ("/3/0/13", "0", "1970-01-01T00:00:00Z"),
    ("/3/0/13", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
    ("/26241/0/1", "7", {"type": "integer", "value": 7}),
    ("/26241/0/1", "7.5", {"type": "float", "value": 7.5}),
    ("/26241/0/1", "true", {"type": "boolean", "value": True}),
    ("/26241/0/1", "x", {"type": "string", "value": "x"}),
    ("/9999/0/1", "x", {"type": "string", "value": "x"}),
])
def test_values_have_the_types_of_the_definition(api, path, text, value):
    server = api({f"PUT /v1/devices/lamp-1/resources{path}": (200, DONE)})
    result = lapwing("write", "lamp-1", path, text, url=server.url)
    assert (result.status, result.out) == (0, "done\n")
    assert server.body() == value


@pytest.mark.parametrize("path,text,words", [("/3/0/9", "many", "'many' is not an integer"),
                                             ("/3/0/91", "x", "'x' is not a number"),
                                             ("/3/0/92", "x", "'x' is not true or false"),
                                             ("/3/0/90", "0g", "is not octets"),
                                             ("/3/0/90", "@/nowhere", "/nowhere: No such file")])
def test_values_of_another_type_are_refused_at_once(api, path, text, words):
    server = api({})
    result = lapwing("write", "lamp-1", path, text, url=server.url)
    assert result.status == 2 and words in result.err
    assert not any(call[0].startswith("PUT") for call in server.calls)


def test_a_type_can_be_given_and_octets_come_from_a_file(api, tmp_path):
    server = api({"PUT /v1/devices/lamp-1/resources/26241/0/1": (200, DONE)})
    (tmp_path / "blob").write_bytes(bytes(range(256)))
    assert lapwing("write", "lamp-1", "/26241/0/1", "-t", "opaque", f"@{tmp_path}/blob", url=server.url).status == 0
    assert server.body()["type"] == "opaque" and server.body()["value"].startswith("AAECAwQF")


def test_pairs_write_an_instance_and_partial_is_patch(api):
    server = api({"PUT /v1/devices/lamp-1/resources/3/0": (200, DONE),
                  "PATCH /v1/devices/lamp-1/resources/3/0": (200, DONE)})
    assert lapwing("write", "lamp-1", "/3/0", "15=x", "9=1", "7/0=3", "7/1=4", url=server.url).status == 0
    assert server.body() == {"15": "x", "9": 1, "7": {"0": {"type": "integer", "value": 3},
                                                      "1": {"type": "integer", "value": 4}}}
    assert lapwing("write", "lamp-1", "/3/0", "15=x", "--partial", url=server.url).status == 0
    assert server.body() == {"15": "x"}


def test_the_other_operations_say_what_the_api_wants(api):
    base = "/v1/devices/lamp-1"
    done = (200, DONE)
    server = api({f"POST {base}/resources/3/0/4": done, f"DELETE {base}/resources/3303/1": done,
                  f"POST {base}/resources/3": (200, {"code": "2.01", "path": "/3/7"}),
                  f"PUT {base}/attributes/3/0/9": done,
                  f"GET {base}/discover/3?depth=2": (200, {"code": "2.05", "path": "/3", "links": [
                      {"path": "/3/0/9", "name": "Battery Level", "attributes": {"pmin": "10", "con": None}}]}),
                  f"POST {base}/composite/read": (200, {"code": "2.05", "path": "/", "values": []}),
                  f"POST {base}/composite/write": done})

    server.answers[f"POST {base}/resources/3/0/4?expires=600"] = done
    assert lapwing("exec", "lamp-1", "/3/0/4", "--expires", "10m", url=server.url).status == 0

    def body_of(*args):
        result = lapwing(*args, url=server.url)
        assert result.status == 0, result.err
        return server.calls[-1][2] and server.body(), result.out

    assert body_of("exec", "lamp-1", "/3/0/4") == (b"", "done\n")
    assert body_of("exec", "lamp-1", "/3/0/4", "0=a b", "1")[0] == {"arguments": {"0": "a b", "1": None}}
    assert body_of("create", "lamp-1", "/3", "15=x") == ({"15": "x"}, "/3/7 created\n")
    assert body_of("delete", "lamp-1", "/3303/1")[1] == "done\n"
    assert body_of("attrs", "lamp-1", "/3/0/9", "pmin=10", "gt=2.5", "con=1", "lt=")[0] == \
        {"pmin": 10, "gt": 2.5, "con": True, "lt": None}
    assert "/3/0/9  Battery Level  pmin=10 con" in body_of("discover", "lamp-1", "/3", "--depth", "2")[1]
    assert body_of("composite", "read", "lamp-1", "/3/0/9", "3303/0")[0] == {"paths": ["/3/0/9", "/3303/0"]}
    assert body_of("composite", "write", "lamp-1", "/3/0/15=x", "/3/0/9=1")[0] == \
        {"values": {"/3/0/15": "x", "/3/0/9": 1}}


QUEUED = {"id": "17", "device": "lamp-1", "operation": "read", "path": "/3/0", "state": "queued",
          "created_at": "2026-01-01T00:00:00Z"}


def test_a_sleeping_device_is_waited_for(api):
    done = {**QUEUED, "state": "done", "answer": {"code": "2.05", "path": "/3/0", "values": [
        {"path": "/3/0/9", "type": "integer", "value": 5}]}}
    server = api({READ: (202, QUEUED),
                  "GET /v1/requests/17?wait=20": [(200, QUEUED), (200, {**QUEUED, "state": "sent"}), (200, done)]})
    result = lapwing("read", "lamp-1", "/3/0", url=server.url)
    assert result.status == 0
    assert "lamp-1: request 17 waits until the device wakes (Ctrl-C leaves it in the queue)" in result.err
    assert "/3/0/9" in result.out
    assert len([call for call in server.calls if "requests" in call[0]]) == 3


@pytest.mark.parametrize("end,status,words", [
    ({"state": "expired"}, 7, "request 17: the device did not come in time"),
    ({"state": "unknown"}, 1, "whether the device did it is not known"),
    ({"state": "canceled"}, 1, "request 17: it was cancelled"),
    ({"state": "done", "problem": problem("device-refused", 409, "x", coap={"code": "4.04", "name": "Not Found"})}, 6,
     "the device answered 4.04 Not Found"),
    ({"state": "failed", "problem": problem("device-timeout", 504, "no answer")}, 7, "no answer"),
])
def test_a_queued_request_may_end_badly(api, end, status, words):
    server = api({READ: (202, QUEUED), "GET /v1/requests/17?wait=20": (200, {**QUEUED, **end})})
    result = lapwing("read", "lamp-1", "/3/0", url=server.url)
    assert result.status == status and words in result.err


def test_waiting_can_be_bounded_or_left_out(api):
    server = api({READ: (202, QUEUED), READ + "?async=true": (202, QUEUED),
                  **{f"GET /v1/requests/17?wait={n}": (200, QUEUED) for n in (0, 1)}})
    result = lapwing("read", "lamp-1", "/3/0", "--wait", "1", url=server.url)
    assert result.status == 7 and "'lapwing request 17' follows it" in result.err
    assert lapwing("read", "lamp-1", "/3/0", "--no-wait", url=server.url).out == "17\n"
    assert lapwing("read", "lamp-1", "/3/0", "--no-wait", "--queue", url=server.url).out == "17\n"


# ---- Observations, events, the rest -------------------------------------------------------------


def test_observing(api):
    wish = {"paths": ["/3/0/9"], "composite": False, "state": "established", "created_at": "2026-01-01T00:00:00Z",
            "notifications": 4}
    server = api({"PUT /v1/devices/lamp-1/observations/3/0/9": (200, wish),
                  "PUT /v1/devices/lamp-1/observations/3/0/9,3303/0": (200, {**wish, "paths": ["/3/0/9", "/3303/0"]}),
                  "GET /v1/devices/lamp-1/observations": (200, {"items": [wish]}),
                  "DELETE /v1/devices/lamp-1/observations/3/0/9": (204, "")})
    assert "/3/0/9 is observed on lamp-1 (established)" in lapwing("observe", "lamp-1", "/3/0/9", url=server.url).out
    lapwing("observe", "lamp-1", "/3/0/9", "-a", "pmin=5,con=true", url=server.url)
    assert server.body() == {"attributes": {"pmin": 5, "con": True}}
    assert "/3/0/9 /3303/0 is" in lapwing("observe", "lamp-1", "/3/0/9", "/3303/0", url=server.url).out
    assert re.match(r"^/3/0/9 +established +4$", lapwing("observations", "lamp-1", url=server.url).lines[1])
    assert lapwing("unobserve", "lamp-1", "3/0/9", url=server.url).out == "not observed any more\n"
    refused = {**wish, "state": "refused", "error": "too old"}
    server = api({"PUT /v1/devices/lamp-1/observations/3/0/9": (200, refused),
                  "GET /v1/devices/lamp-1/observations": (200, {"items": [refused]})})
    assert "is not observed on lamp-1: too old; it is" in lapwing("observe", "lamp-1", "/3/0/9", url=server.url).out
    assert re.match(r"^/3/0/9 +refused +too old +4$", lapwing("observations", "lamp-1", url=server.url).lines[1])


def test_watch_prints_events_and_goes_on_after_a_break(api):
    first = {"id": 7, "type": "registered", "at": "2026-01-01T10:00:00.5Z", "device": "lamp-1"}
    second = {"id": 8, "type": "notification", "at": "2026-01-01T10:00:01Z", "device": "lamp-1", "paths": ["/3/0/9"],
              "values": [{"path": "/3/0/9", "name": "Battery Level", "type": "integer", "value": 5, "unit": "%"}]}
    server = api({"GET /v1/events?device=lamp-1": [
        (200, f"event: hello\ndata: {{}}\n\nid: 7\nevent: registered\ndata: {json.dumps(first)}\n\n"),
        (200, f": beat\n\nid: 8\nevent: notification\ndata: {json.dumps(second)}\n\n".replace(": beat", "event: hello")),
        (401, problem("unauthorized", 401, "over"))]})
    result = lapwing("watch", "lamp-1", url=server.url)
    assert result.lines == ["10:00:00  lamp-1  registered",
                            "10:00:01  lamp-1  notification  /3/0/9  Battery Level=5 %"]
    assert [call[1].get("Last-Event-ID") for call in server.calls] == [None, "7", "8"]
    assert result.status == 4


def test_watch_misses_nothing_while_the_connection_is_broken_though_nothing_came_before(api):
    server = api({"GET /v1/events": [(200, 'event: hello\ndata: {"oldest":1,"newest":41}\n\n'),
                                     (401, problem("unauthorized", 401, "over"))]})
    assert lapwing("watch", url=server.url).status == 4
    assert [call[1].get("Last-Event-ID") for call in server.calls] == [None, "41"]


def test_watch_leaves_a_server_that_has_fallen_silent():
    """It says how often it gives a sign of life; without any, the connection is made anew, and goes on where it was."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        watch = subprocess.Popen([find_program("lapwing"), "watch", "--url", url], stderr=subprocess.PIPE, text=True)
        server.settimeout(30)
        silent, _ = server.accept()
        silent.recv(4096)
        silent.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'
                       b'event: hello\ndata: {"oldest":1,"newest":41,"heartbeat":1}\n\n')
        again, _ = server.accept()
        assert b"Last-Event-ID: 41" in again.recv(4096)
        again.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        again.close()
        silent.close()
    assert "fallen silent" in watch.communicate(timeout=30)[1]
    assert watch.returncode == 4


def test_a_server_that_is_away_is_told_once(api):
    server = api({"GET /v1/events": (200, "event: hello\ndata: {}\n\n")})
    watch = subprocess.Popen([find_program("lapwing"), "watch", "--url", server.url], stderr=subprocess.PIPE, text=True)
    while not server.calls:
        time.sleep(0.05)
    server.close()
    time.sleep(3.5)
    watch.terminate()
    assert len(watch.communicate()[1].splitlines()) == 1


def test_history_takes_moments_that_are_relative(api):
    server = api({})
    lapwing("history", "lamp-1", "/3/0/9", "--from", "2h", "--to", "2026-01-01T00:00:00Z", "--step", "60", "--newest",
            "-n", "5", url=server.url)
    assert re.match(r"GET /v1/devices/lamp-1/history/3/0/9\?from=20\d\d-\d\d-\d\dT\d\d%3A\d\d%3A\d\dZ"
                    r"&to=2026-01-01T00%3A00%3A00Z&step=60&limit=5&order=newest", server.calls[0][0])


def test_credentials(api):
    known = {"endpoint": "lamp-1", "mode": "psk", "identity": "me", "changed_at": "2026-01-01T00:00:00Z"}
    server = api({"PUT /v1/credentials/lamp-1": (200, known), "GET /v1/credentials?limit=500": (200, {"items": [known], "next": None}),
                  "GET /v1/credentials/lamp-1": (200, known), "DELETE /v1/credentials/lamp-1": (204, "")})
    result = lapwing("credentials", "set", "lamp-1", "mode=psk", "identity=me", "key=00ff", url=server.url)
    assert result.out == "done\n"
    assert server.body() == {"mode": "psk", "identity": "me", "key": "AP8="}
    assert re.match(r"^lamp-1 +psk +me ", lapwing("credentials", url=server.url).lines[1])
    assert "identity      me" in lapwing("credentials", "lamp-1", url=server.url).lines
    assert lapwing("credentials", "delete", "lamp-1", url=server.url).out == "deleted\n"


def test_models(api, tmp_path):
    head = {"id": 3, "version": "1.1", "name": "Device", "urn": "u", "source": "built-in"}
    server = api({"GET /v1/models": (200, {"items": [{**head, "version": "1.0"}, head]}),
                  "POST /v1/models": (201, {"items": [head], "warnings": [{"line": 4, "detail": "odd"}]}),
                  "DELETE /v1/models/3/1.1": (204, "")})
    assert re.match(r"^3 +1\.1 +Device +built-in$", lapwing("models", url=server.url).lines[2])
    assert re.search(r"^9 +Battery Level +R +integer +%$", lapwing("model", "3", url=server.url).out, re.M)
    assert lapwing("model", "99", url=server.url).status == 5
    (tmp_path / "x.xml").write_text("<LWM2M/>")
    result = lapwing("models", "add", tmp_path / "x.xml", url=server.url)
    assert result.out == "/3 Device 1.1\n" and "x.xml:4: odd" in result.err
    assert server.calls[-1][1]["Content-Type"] == "application/xml" and server.calls[-1][2] == b"<LWM2M/>"
    assert lapwing("models", "delete", "3", "1.1", url=server.url).out == "deleted\n"


def test_tokens_and_server(api):
    server = api({"GET /v1/tokens": (200, {"items": [{"name": "me", "role": "admin",
                                                      "created_at": "2026-01-01T00:00:00Z"}]}),
                  "POST /v1/tokens": (201, {"name": "new", "role": "operator", "token": "lw_secret"}),
                  "DELETE /v1/tokens/me": (204, ""),
                  "GET /v1/server": (200, {"version": "0.1.0", "started_at": "2026-01-01T00:00:00Z",
                                           "listen": ["coap [::]:5683"], "role": "admin",
                                           "devices": {"known": 3, "registered": 2, "asleep": 1},
                                           "store": {"ok": True, "waiting": 0, "octets": 77}})})
    assert re.match(r"^me +admin ", lapwing("tokens", url=server.url).lines[1])
    assert lapwing("tokens", "add", "new", "--role", "operator", url=server.url).out == "lw_secret\n"
    assert server.body() == {"name": "new", "role": "operator"}
    lapwing("tokens", "add", "new", "--expires", "7d", url=server.url)
    until = datetime.datetime.fromisoformat(server.body()["expires_at"].replace("Z", "+00:00"))
    assert abs(until.timestamp() - time.time() - 7 * 86400) < 60
    assert lapwing("tokens", "delete", "me", url=server.url).out == "revoked\n"
    assert "devices       3 known, 2 registered, 1 asleep" in lapwing("server", url=server.url).lines


# ---- The terminal and the shells ----------------------------------------------------------------


def on_terminal(url, stream="stdout", **env):
    leader, follower = pty.openpty()
    environment = {**os.environ, "LAPWING_URL": url, "HOME": "/nonexistent", **env}
    streams = {"stdout": subprocess.DEVNULL, stream: follower}
    process = subprocess.Popen([find_program("lapwing"), "device", "lamp-1"], env=environment, **streams)
    os.close(follower)
    text = b""
    while select.select([leader], [], [], 20)[0]:
        try:
            piece = os.read(leader, 4096)
        except OSError:
            break
        text += piece
    os.close(leader)
    assert process.wait() == 0
    return text


def test_colours_are_for_terminals_that_want_them(api):
    url = api({}).url
    assert b"\x1b[32monline\x1b[0m" in on_terminal(url)
    assert b"\x1b" not in on_terminal(url, NO_COLOR="1")
    assert "\x1b" not in lapwing("device", "lamp-1", url=url).out


def test_somebody_at_a_terminal_sees_that_it_goes_on(api):
    server = api({"GET /v1/devices/lamp-1": (200, {**LAMP, "objects": []}, 3.5)})
    text = on_terminal(server.url, "stderr")
    assert b"\rwaiting for the answer: 2 s" in text and text.endswith(b"\r\x1b[K")
    assert lapwing("device", "lamp-1", url=server.url).err == ""


@pytest.mark.parametrize("words,expected", [
    (["dev"], ["devices", "device"]),
    (["credentials", ""], ["set", "delete", "lamp-1"]),
    (["read", "la"], ["lamp-1"]),
    (["read", "lamp-1", ""], ["/3", "/3303", "/26241"]),
    (["read", "lamp-1", "/33"], ["/3303"]),
    (["read", "--json", "lamp-1", "/3303/"], ["/3303/0", "/3303/1"]),
    (["read", "--token", "x", "lamp-1", "/3/0/9"], ["/3/0/9", "/3/0/90", "/3/0/91", "/3/0/92"]),
    (["observe", "lamp-1", "/3/0/9", "/330"], ["/3303"]),
    (["history", "--n"], ["--newest"]),
    (["devices", "--state", ""], ["online", "asleep", "offline"]),
    (["tokens", "add", "x", "-r", "v"], ["viewer"]),
    (["write", "lamp-1", "/3/0/9", "--type", "o"], ["opaque", "objlnk"]),
    (["watch", "--type", "p"], ["progress"]),
    (["read", "--token", ""], []),
])
def test_completion_knows_commands_names_and_paths(api, words, expected):
    devices = (200, {"items": [LAMP], "next": None})
    server = api({"GET /v1/devices?limit=200": devices, "GET /v1/devices?limit=200&q=la": devices})
    result = lapwing("complete", "--", *words, url=server.url)
    assert (result.status, result.lines, result.err) == (0, expected, "")


def test_completion_without_a_server_offers_commands_and_is_silent():
    result = lapwing("complete", "--", "read", "x", url="http://127.0.0.1:9")
    assert (result.status, result.out, result.err) == (0, "", "")
