"""Fixtures of all suites."""
import pytest

from lapwing_device import Device
from lapwingd import Daemon
from tiny_server import TinyServer


@pytest.fixture
def server():
    """Starts tiny servers."""
    started = []

    def start(**options):
        started.append(TinyServer(**options))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def device(server, daemon):  # servers outlive devices, which say goodbye to them
    """Starts devices; those that still run at the end must stop cleanly, which is when sanitizers speak."""
    started = []

    def start(*args):
        started.append(Device(*args))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            assert each.stop() == 0, each.stderr()
        assert "Sanitizer" not in each.stderr(), each.stderr()


@pytest.fixture
def daemon(tmp_path):
    """Starts servers; those that still run at the end must stop cleanly, which is when sanitizers speak."""
    started = []

    def start(*args, **options):
        started.append(Daemon(options.pop("data_dir", tmp_path / "data"), *args, **options))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            assert each.stop() == 0, each.stderr()
        assert "Sanitizer" not in each.stderr(), each.stderr()
