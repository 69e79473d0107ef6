"""lapwing-device fetches a package by itself, in blocks, from a CoAP server that nobody here wrote: libcoap's."""
import os
import shutil
import socket
import subprocess
import time

import pytest

from tiny_server import POST, PUT, TEXT

PACKAGE = b"lapwing-firmware 8.1.0\n" + os.urandom(6000)


@pytest.fixture
def package_server():
    """Starts libcoap's server on a free port, with that package as /fw; its URI."""
    programs = [shutil.which(name) for name in ("coap-server-notls", "coap-client-notls")]
    assert all(programs), "libcoap's programs are missing: tools/setup test"
    started = []

    def start(package, tmp_path):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        started.append(subprocess.Popen([programs[0], "-A", "127.0.0.1", "-p", str(port), "-d", "10", "-v", "3"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        uri = f"coap://127.0.0.1:{port}/fw"
        (tmp_path / "package").write_bytes(package)
        for _ in range(50):
            subprocess.run([programs[1], "-m", "put", "-B", "5", "-f", tmp_path / "package", uri], timeout=30,
                           check=False, capture_output=True)
            subprocess.run([programs[1], "-B", "5", "-o", tmp_path / "back", uri], timeout=30, check=False,
                           capture_output=True)
            if (tmp_path / "back").exists() and (tmp_path / "back").read_bytes() == package:
                return uri, started[-1]
            time.sleep(0.1)
        raise AssertionError("libcoap's server does not serve the package")

    yield start
    for each in started:
        each.kill()
        each.wait()


def until(here, path, value, timeout=20):
    end = time.monotonic() + timeout
    while here.values(path)[path] != value:
        assert time.monotonic() < end, f"{path} does not become {value}"
        time.sleep(0.1)


def pull(here, uri):
    assert here.ask(PUT, "/5/0/1", content_format=TEXT, payload=uri.encode())[0] == "2.04"


def test_a_package_is_pulled_in_blocks_and_installed(device, server, package_server, tmp_path):
    here = server()
    uri, _ = package_server(PACKAGE, tmp_path)
    thing = device("-u", here.uri, "--state-dir", tmp_path / "state")
    thing.wait_for("^registered")
    pull(here, uri)
    until(here, "/5/0/3", 2)
    assert here.values("/5/0/5") | here.values("/5/0/7") == {"/5/0/5": 0, "/5/0/7": "8.1.0"}
    assert here.ask(POST, "/5/0/2")[0] == "2.04"
    thing.wait_for("^restarted")
    thing.wait_for("^registered")
    assert here.values("/5/0/3") | here.values("/5/0/5") == {"/5/0/3": 0, "/5/0/5": 1}
    assert here.values("/3/0/3") == {"/3/0/3": "8.1.0"}


@pytest.mark.parametrize("word,result", [("space", 2), ("memory", 3), ("integrity", 5), ("type", 6)])
def test_a_package_that_is_no_good_is_told(device, server, package_server, tmp_path, word, result):
    here = server()
    uri, _ = package_server(f"lapwing-firmware 8.1.0 {word}\n".encode() + bytes(3000), tmp_path)
    device("-u", here.uri).wait_for("^registered")
    pull(here, uri)
    until(here, "/5/0/5", result)
    assert here.values("/5/0/3") == {"/5/0/3": 0}


def test_what_cannot_be_fetched_is_told(device, server, package_server, tmp_path):
    here = server()
    uri, _ = package_server(PACKAGE, tmp_path)
    device("-u", here.uri).wait_for("^registered")
    for wrong, result in ((uri + "/nothing", 7), ("coaps" + uri[4:], 9), ("http://127.0.0.1/fw", 9)):
        pull(here, wrong)
        until(here, "/5/0/5", result)
        assert here.values("/5/0/3") == {"/5/0/3": 0}
    pull(here, uri)
    until(here, "/5/0/3", 2)
