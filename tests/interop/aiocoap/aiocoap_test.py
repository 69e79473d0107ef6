"""A device made with aiocoap, which nobody here wrote, on lapwingd: every trip that CoAP knows."""
import asyncio
import base64
import socket
import threading
import time

import aiocoap
import aiocoap.resource
import pytest
from aiocoap.numbers.codes import Code

TEXT, LINKS, OPAQUE = 0, 40, 42


class Plain(aiocoap.resource.ObservableResource):
    """A resource of text that can be written and observed."""

    def __init__(self, value, delay=0.0):
        super().__init__()
        self.value = value
        self.delay = delay

    async def render_get(self, request):
        await asyncio.sleep(self.delay)
        return aiocoap.Message(code=Code.CONTENT, payload=self.value, content_format=TEXT)

    async def render_put(self, request):
        self.value = request.payload
        self.updated_state()
        return aiocoap.Message(code=Code.CHANGED)


class Large(aiocoap.resource.Resource):
    async def render_get(self, request):
        return aiocoap.Message(code=Code.CONTENT, payload=bytes(range(256)) * 20, content_format=OPAQUE)

    async def render_put(self, request):
        self.received = request.payload
        return aiocoap.Message(code=Code.CHANGED)


class Executable(aiocoap.resource.Resource):
    def __init__(self):
        super().__init__()
        self.calls = []

    async def render_post(self, request):
        self.calls.append(request.payload.decode())
        return aiocoap.Message(code=Code.CHANGED)


class AiocoapDevice:
    """Runs on a loop and thread of its own."""

    def __init__(self, server):
        self.server = server
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.maker, self.zone, self.slow = Plain(b"aiocoap"), Plain(b"Etc/UTC"), Plain(b"late", 1.0)
        self.sensor, self.large, self.reboot = Plain(b"20.5"), Large(), Executable()
        self.run(self.open())

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    async def open(self):
        site = aiocoap.resource.Site()
        for path, resource in [("3/0/0", self.maker), ("3/0/15", self.zone), ("3/0/4", self.reboot),
                               ("3/0/2", self.slow), ("3303/0/5700", self.sensor), ("19/0/0/0", self.large)]:
            site.add_resource(path.split("/"), resource)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.context = await aiocoap.Context.create_server_context(site, bind=("127.0.0.1", port),
                                                                   transports=["udp6"])

    async def request(self, code, path, query=(), payload=b"", content_format=None):
        message = aiocoap.Message(code=code, uri=f"{self.server.coap}/{path}", payload=payload)
        message.opt.uri_query = query
        if content_format is not None:
            message.opt.content_format = content_format
        return await self.context.request(message).response

    def register(self, name):
        answer = self.run(self.request(Code.POST, "rd", [f"ep={name}", "lt=300", "lwm2m=1.1", "b=U"],
                                       b"</1/0>,</3/0>,</3303/0>,</19/0>", LINKS))
        assert answer.code == Code.CREATED
        self.location = "/".join(answer.opt.location_path)

    def set_sensor(self, value):
        self.sensor.value = value
        self.loop.call_soon_threadsafe(self.sensor.updated_state)

    def close(self):
        self.run(self.context.shutdown())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


@pytest.fixture
def server(daemon):
    return daemon("--open", "--store", "memory")


@pytest.fixture
def device(server):
    device = AiocoapDevice(server)
    device.register("foreign")
    yield device
    device.close()


RESOURCES = "/v1/devices/foreign/resources"


def test_it_registers_updates_and_leaves(server, device):
    assert server.call("GET", "/v1/devices/foreign")[1]["state"] == "online"
    assert device.run(device.request(Code.POST, device.location, ["lt=600"])).code == Code.CHANGED
    assert server.call("GET", "/v1/devices/foreign")[1]["registration"]["lifetime"] == 600
    assert device.run(device.request(Code.DELETE, device.location)).code == Code.DELETED
    assert server.call("GET", "/v1/devices/foreign")[1]["state"] == "offline"
    assert device.run(device.request(Code.POST, device.location)).code == Code.NOT_FOUND


def test_read_write_and_execute(server, device):
    status, said = server.call("GET", f"{RESOURCES}/3/0/0")
    assert (status, said["values"][0]["value"]) == (200, "aiocoap")
    assert server.call("PUT", f"{RESOURCES}/3/0/15?format=text", "Europe/Oslo")[0] == 200
    assert device.zone.value == b"Europe/Oslo"
    assert server.call("POST", f"{RESOURCES}/3/0/4", {"arguments": {"0": "now"}})[0] == 200
    assert device.reboot.calls == ["0='now'"]
    status, said = server.call("GET", f"{RESOURCES}/3/0/9")
    assert (status, said["coap"]["code"]) == (409, "4.04")
    status, said = server.call("DELETE", f"{RESOURCES}/3303/0?force=true")
    assert status == 409 and said["coap"]["code"] in ("4.04", "4.05")


def test_a_separate_response(server, device):
    status, said = server.call("GET", f"{RESOURCES}/3/0/2")
    assert (status, said["values"][0]["value"]) == (200, "late")


def test_bodies_in_blocks_both_ways(server, device):
    status, said = server.call("GET", f"{RESOURCES}/19/0/0/0?format=opaque")
    assert status == 200, said
    assert base64.b64decode(said["values"][0]["value"]) == bytes(range(256)) * 20
    body = bytes(255 - octet for octet in range(256)) * 30
    status, said = server.call("PUT", f"{RESOURCES}/19/0/0/0?format=opaque",
                               {"type": "opaque", "value": base64.b64encode(body).decode()})
    assert status == 200, said
    assert device.large.received == body


def test_an_observation(server, device):
    assert server.call("PUT", "/v1/devices/foreign/observations/3303/0/5700")[0] == 200

    def wait_for(value):
        for _ in range(100):
            items = server.call("GET", "/v1/devices/foreign/history/3303/0/5700")[1]["items"]
            if value in [item["value"] for item in items]:
                return
            time.sleep(0.1)
        raise AssertionError(items)

    wait_for(20.5)
    device.set_sensor(b"21.5")
    wait_for(21.5)
    assert server.call("DELETE", "/v1/devices/foreign/observations/3303/0/5700")[0] == 204
