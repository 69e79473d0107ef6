"""kill -9 at random moments under load. What was acknowledged is there afterwards, and what must not be delivered
twice is not.

TORTURE_ROUNDS kills (`make torture`: 200), TORTURE_SEED repeats a run. One round: lapwingd starts on the data that the
last one left, everything acknowledged in the last round is looked for, load begins, and at a random moment the process
is killed. After the last round the queue runs dry, and the whole book is checked.
"""
import collections
import http.client
import json
import os
import random
import threading
import time

from coap_device import CoapDevice
from lapwingd import Daemon
from tiny_server import CHANGED, SENML_JSON

ROUNDS = int(os.environ.get("TORTURE_ROUNDS", "12"))
SEED = int(os.environ.get("TORTURE_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
WRITTEN_BEHIND = 0.2  # s; registrations may be lost when they are younger (design.md section 5)
REBOOT = ["3", "0", "4"]
PAUSE = 0.01  # s between two things of one thread
LAST = -1  # the round in which nothing is killed


class Book:
    """What was acknowledged, in all rounds; `fresh` is what the last one added."""

    def __init__(self):
        self.lock = threading.Lock()
        self.all = collections.defaultdict(dict)
        self.fresh = collections.defaultdict(dict)

    def note(self, kind, key, value):
        with self.lock:
            self.all[kind][key] = value
            self.fresh[kind][key] = value

    def turn(self):
        """What is to be looked for now."""
        with self.lock:
            fresh, self.fresh = self.fresh, collections.defaultdict(dict)
            return fresh


class Api:
    """One connection; calls fail when the server dies, which is no news here."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)

    def call(self, method, path, body=None):
        """(status, document), or (None, None): killed meanwhile."""
        try:
            self.connection.request(method, path, None if body is None else json.dumps(body),
                                    {"Content-Type": "application/json"})
            answer = self.connection.getresponse()
            octets = answer.read()
            return answer.status, json.loads(octets) if octets else None
        except (OSError, http.client.HTTPException, ValueError):
            self.connection.close()
            return None, None


class Executor(CoapDevice):
    """A device that counts how often it was told to do each thing. A message that is repeated counts once."""

    def __init__(self, port, seed):
        super().__init__(port, seed, self.execute)
        self.seen = set()
        self.round = 0
        self.done = collections.Counter()

    def execute(self, request):
        key = (self.round, request.mid, request.token)
        if key not in self.seen and request.path == REBOOT:
            self.done[request.payload.decode()] += 1
        self.seen.add(key)
        if self.round == LAST:
            return CHANGED
        time.sleep(self.random.uniform(0, 0.02))
        return None if self.random.random() < 0.05 else CHANGED

    def attend(self, seconds):
        """Registers or updates, then serves what comes."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.location is None or self.update(0.2) is False:
                self.register("executor", timeout=0.2)
            pause = min(until, time.monotonic() + 0.1)
            while time.monotonic() < pause and self.receive(0.02) is not None:
                pass


class Torture:
    def __init__(self, data_dir, seed):
        self.data_dir = data_dir
        self.random = random.Random(seed)
        self.book = Book()
        self.number = 0
        self.lock = threading.Lock()
        self.coap_port = 0
        self.executor = None
        self.last_kill = 0.0

    def next_number(self):
        with self.lock:
            self.number += 1
            return self.number

    def start(self):
        server = Daemon(self.data_dir, "--open", "--max-requests", "65535", "--max-wishes", "65535", "--log", "warning",
                        coap_port=self.coap_port)
        self.coap_port = server.coap_port
        return server

    # ---- Load, a thread each, until the server is dead

    def register_devices(self, alive):
        while alive():
            number = self.next_number()
            device = CoapDevice(self.coap_port, number)
            if device.register(f"r{number}", timeout=0.5):
                self.book.note("registration", f"r{number}", time.monotonic())
            device.close()
            time.sleep(PAUSE)

    def send_values(self, alive):
        device = CoapDevice(self.coap_port, self.next_number())
        while alive():
            if device.location is None:
                device.register("sender", timeout=0.5)
                continue
            number = self.next_number()
            payload = json.dumps([{"n": "/3303/0/5700", "v": number}]).encode()
            answer = device.ask("dp", payload=payload, content_format=SENML_JSON, timeout=0.5)
            if answer is not None and answer.code == CHANGED:
                self.book.note("value", number, True)
            elif answer is not None:
                device.location = None
        device.close()

    def operate(self, url, alive):
        api = Api(url)
        while alive():
            time.sleep(2 * PAUSE)
            number = self.next_number()
            kind = number % 4
            if kind == 0:
                status, said = api.call("POST", "/v1/devices/executor/resources/3/0/4?async=true",
                                        {"arguments": {"0": str(number)}})
                if status == 202:
                    self.book.note("request", said["id"], f"0='{number}'")
            elif kind == 1:
                status, said = api.call("PUT", f"/v1/devices/idle/observations/3/0/{number % 60000}")
                if status == 200:
                    self.book.note("wish", f"/3/0/{number % 60000}", True)
            elif kind == 2:
                status, said = api.call("PUT", f"/v1/credentials/c{number}",
                                        {"mode": "psk", "identity": f"i{number}", "key": "AAEC"})
                if status == 200:
                    self.book.note("credential", f"c{number}", f"i{number}")
            else:
                status, said = api.call("GET", "/v1/devices/idle/resources/3/0?async=true")
                if status == 202:
                    self.book.note("waiting", said["id"], True)

    # ---- Looking

    def look(self, server, book, deadline=None):
        """Everything in `book` is there."""
        api = Api(server.url)

        def found(path):
            status, said = api.call("GET", path)
            assert status == 200, f"{path}: {status} {said}"
            return said

        for name, since in book["registration"].items():
            if deadline is None or since < deadline:
                assert found(f"/v1/devices/{name}")["registration"]["active"], name
        for number, argument in book["request"].items():
            assert found(f"/v1/requests/{number}")["operation"] == "execute", argument
        for number in book["waiting"]:
            assert found(f"/v1/requests/{number}")["state"] == "queued"
        for name, identity in book["credential"].items():
            assert found(f"/v1/credentials/{name}")["identity"] == identity
        if book["wish"]:
            kept = {wish["paths"][0] for wish in found("/v1/devices/idle/observations")["items"]}
            assert not set(book["wish"]) - kept
        if book["value"]:
            recorded = found("/v1/devices/sender/history/3303/0/5700?limit=10000&order=newest")
            missing = set(book["value"]) - {item["value"] for item in recorded["items"]}
            assert not missing or recorded["more"], sorted(missing)

    # ---- Rounds

    def run_round(self, number):
        server = self.start()
        self.look(server, self.book.turn(), self.last_kill - WRITTEN_BEHIND)
        if self.executor is None:
            self.prepare(server)
        self.executor.round = number
        dead = threading.Event()

        def alive():
            return not dead.is_set()

        threads = [threading.Thread(target=self.register_devices, args=(alive,)),
                   threading.Thread(target=self.send_values, args=(alive,)),
                   *(threading.Thread(target=self.operate, args=(server.url, alive)) for _ in range(3))]
        moment = self.random.choice([0.05, 0.3, 1.0]) * self.random.uniform(0.2, 1.5)
        for thread in threads:
            thread.start()
        self.executor.attend(moment)
        server.process.kill()
        self.last_kill = time.monotonic()
        dead.set()
        server.process.wait()
        for thread in threads:
            thread.join()
        assert "Sanitizer" not in server.stderr(), server.stderr()

    def prepare(self, server):
        idle = CoapDevice(self.coap_port, 1)
        assert idle.register("idle", more=["Q"])
        assert idle.ask(idle.location, code=4) is not None  # it leaves: what is asked of it waits
        idle.close()
        self.executor = Executor(self.coap_port, self.random.randrange(1 << 30))
        assert self.executor.register("executor")

    def finish(self):
        """The queue runs dry; then every Execute has one outcome, and was done at most once."""
        server = self.start()
        self.look(server, self.book.turn(), self.last_kill - WRITTEN_BEHIND)
        self.executor.round = LAST
        api = Api(server.url)
        open_requests = set(self.book.all["request"])
        outcomes = collections.Counter()
        until = time.monotonic() + 60 + len(open_requests) * 0.5
        while open_requests and time.monotonic() < until:
            self.executor.attend(0.3)
            for number in sorted(open_requests, key=int)[:50]:
                state = api.call("GET", f"/v1/requests/{number}")[1]["state"]
                if state not in ("queued", "sent"):
                    open_requests.discard(number)
                    outcomes[state] += 1
                    times = self.executor.done[self.book.all["request"][number]]
                    assert times <= 1, f"request {number} was carried out {times} times"
                    assert times == 1 or state != "done", f"request {number} is done, and never came"
        assert not open_requests, f"{len(open_requests)} requests still wait"
        assert not [argument for argument, times in self.executor.done.items() if times > 1]
        self.look(server, {**collections.defaultdict(dict), **self.book.all,
                           "registration": {}, "request": {}})
        assert server.stop() == 0, server.stderr()
        return outcomes


def test_nothing_acknowledged_is_missing_after_kill_9(tmp_path, capsys):
    torture = Torture(tmp_path / "data", SEED)
    with capsys.disabled():
        print(f"\ntorture: {ROUNDS} kills, seed {SEED}")
    for number in range(ROUNDS):
        torture.run_round(number)
    outcomes = torture.finish()
    counts = {kind: len(items) for kind, items in torture.book.all.items()}
    with capsys.disabled():
        print(f"torture: {ROUNDS} kills, acknowledged and found: "
              + ", ".join(f"{count} x {kind}" for kind, count in sorted(counts.items()))
              + "; executes: " + ", ".join(f"{count} {state}" for state, count in sorted(outcomes.items())))
    assert all(counts[kind] > 0 for kind in ("registration", "value", "request", "wish", "credential", "waiting"))
