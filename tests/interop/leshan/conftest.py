"""One server for the whole suite, a device for each test."""
import time

import pytest

from peer import Leshan, Registered


@pytest.fixture(scope="session")
def leshan():
    server = Leshan()
    yield server
    server.stop()


@pytest.fixture
def registered(leshan, device, request):
    """Starts a device that is named after the test, and waits until both sides call it registered."""
    def start(*args, server=None):
        server = server or leshan
        name = f"{request.node.name}-{time.monotonic_ns()}"[-60:]
        since = server.mark()
        process = device("-u", server.uri, "-n", name, "--prompt", *args)
        process.wait_for("^registered with server 1 at coap://")
        return Registered(server, process, server.event("registered", name, since))
    return start
