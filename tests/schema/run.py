#!/usr/bin/env python3
"""Makes calls of api/openapi.yaml and sends them to lapwingd, with a device registered (schemathesis).

No answer may be a server error or undocumented: its status, its media type, its schema, its headers. What the
description forbids must be refused. That all it allows is accepted is not asked: a body has to fit its path, which
a schema cannot say. Left out are /v1/events, which never ends, and what would revoke the token of this run.

Usage: run.py [further arguments of schemathesis]
"""
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lapwing_device import Device  # noqa: E402
from lapwingd import Daemon  # noqa: E402
from program import ROOT  # noqa: E402

EXAMPLES = 30


def wait_for_device(daemon):
    until = time.monotonic() + 30
    while daemon.call("GET", "/v1/devices/lamp-1")[0] != 200:
        assert time.monotonic() < until, daemon.stderr()
        time.sleep(0.1)


def main():
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    with tempfile.TemporaryDirectory() as scratch:
        daemon = Daemon(pathlib.Path(scratch) / "data")
        device = Device("-u", daemon.coap, "-n", "lamp-1")
        wait_for_device(daemon)
        status = subprocess.run(
            [program, "run", ROOT / "api/openapi.yaml", "--url", daemon.url,
             "--header", f"Authorization: Bearer {daemon.token}", "--max-examples", str(EXAMPLES),
             "--exclude-path", "/v1/events", "--exclude-operation-id", "delete_token", "--exclude-checks", "positive_data_acceptance", "--request-timeout", "20",
             "--no-color", *sys.argv[1:]], cwd=scratch, check=False).returncode
        device.process.kill()
        device.process.wait()
        ended = daemon.stop()
    if ended != 0 or "Sanitizer" in daemon.stderr():
        print(daemon.stderr(), file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
