"""Fixtures of all suites."""
import pytest

from lapwing_device import Device


@pytest.fixture
def device():
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
