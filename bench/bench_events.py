#!/usr/bin/env python3
"""From the datagram of a Send or a notification to its event on /v1/events, with recording in SQLite on.

Usage: bench/bench_events.py [--json FILE] [--quick]; LAPWINGD names the program (build/bench/lapwingd)
"""
import argparse
import json
import os
import pathlib
import socket
import statistics
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
os.environ.setdefault("LAPWINGD", str(ROOT / "build/bench/lapwingd"))

from coap_device import CoapDevice, message  # noqa: E402
from lapwingd import Daemon  # noqa: E402
from tiny_server import ACK, CHANGED, CON, SENML_JSON  # noqa: E402

TARGET_MS = 50
PAUSE = 0.005


class Events:
    """When which value was seen on the stream."""

    def __init__(self, url):
        host, port = url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.sendall(f"GET /v1/events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        self.seen = {}
        self.changed = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.socket.makefile("rb"):
            if line.startswith(b"data: "):
                now = time.perf_counter()
                values = json.loads(line[6:]).get("values", [])
                with self.changed:
                    self.seen.update((value["value"], now) for value in values)
                    self.changed.notify_all()

    def wait_for(self, value):
        with self.changed:
            assert self.changed.wait_for(lambda: value in self.seen, 10), f"{value} was never told"
            return self.seen[value]


def measure(events, count, first, tell):
    """Milliseconds of each."""
    times = []
    for number in range(first, first + count):
        sent = time.perf_counter()
        tell(number)
        times.append((events.wait_for(number) - sent) * 1000)
        time.sleep(PAUSE)
    return sorted(times)


def run(server, count):
    device = CoapDevice(server.coap_port, 1)
    assert device.register("bench")
    events = Events(server.url)
    time.sleep(0.2)

    def send(number):
        payload = json.dumps([{"n": "/3303/0/5700", "v": number}]).encode()
        assert device.ask("dp", payload=payload, content_format=SENML_JSON).code == CHANGED

    assert server.call("PUT", "/v1/devices/bench/observations/3303/0/5700")[0] == 200
    observe = device.receive(5)
    device.send(message(ACK, 0x45, int.from_bytes(observe.mid, "big"), observe.token, [(6, b""), (12, b"")], b"0"))

    def notify(number):
        order = number.to_bytes(3, "big")
        device.send(message(CON, 0x45, number % 65536, observe.token, [(6, order), (12, b"")], str(number).encode()))
        assert device.receive(5).type == ACK

    return {"Send to /v1/events": measure(events, count, 1000, send),
            "notification to /v1/events": measure(events, count, 100_000, notify)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        server = Daemon(pathlib.Path(folder), "--open", "--log", "warning")
        results = run(server, 20 if args.quick else 500)
        server.stop()
    print(f"events: {'':28} {'p50':>9} {'p99':>9}   target of p99")
    cases = []
    for name, times in results.items():
        p99 = times[int(len(times) * 0.99)]
        reached = p99 < TARGET_MS
        print(f"  {name:34} {statistics.median(times):6.2f} ms {p99:6.2f} ms   {TARGET_MS} ms"
              f"{'' if reached else '  MISSED'}")
        cases.append({"case": name, "p50_ms": statistics.median(times), "p99_ms": p99, "ratio": TARGET_MS / p99,
                      "target": 1.0, "reached": reached})
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps({"bench": "events", "cases": cases}) + "\n", encoding="utf-8")
    return 0 if all(case["reached"] for case in cases) else 1


if __name__ == "__main__":
    sys.exit(main())
