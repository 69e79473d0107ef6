"""The foreign server: Eclipse Leshan, in a Java process that Peer.java drives. `tools/setup leshan` fetches it;
where it is missing the suite fails, it does not skip."""
import json
import os
import pathlib
import subprocess

from program import Lines, ROOT

LIBRARIES = pathlib.Path(os.environ.get("LESHAN", str(ROOT / "build/deps/leshan")))
HERE = pathlib.Path(__file__).resolve().parent


class Leshan:
    def __init__(self, port=0):
        jars = LIBRARIES / "lib"
        assert jars.is_dir(), f"{jars} is missing: tools/setup leshan"
        self.process = subprocess.Popen(
            ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*", HERE / "Peer.java", str(port), ROOT / "objects"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.out = Lines(self.process.stdout)
        self.orders = 0
        ready = json.loads(self.out.find(lambda line: '"ready"' in line, timeout=60)[1])
        self.uri = ready["uri"]
        self.port = int(self.uri.rsplit(":", 1)[1])

    def order(self, endpoint, do, path=None, **more):
        """One operation on a device; its answer: code, and what came with it."""
        self.orders += 1
        order = {"id": self.orders, "endpoint": endpoint, "do": do, **more}
        if path is not None:
            order["path"] = path
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.out.find(lambda line: f'"answer":{self.orders}' in line[:20] and
                                          json.loads(line).get("answer") == self.orders)[1])
        assert "exception" not in answer, answer["exception"]
        return answer

    def mark(self):
        """Where the events that come from now on begin."""
        return len(self.out.lines)

    def event(self, name, endpoint, since=0, timeout=20):
        """The first event of that device after a mark."""
        def is_it(line):
            event = json.loads(line)
            return event.get("event") == name and event.get("endpoint") == endpoint
        return json.loads(self.out.find(is_it, since, timeout)[1])

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)


class Registered:
    """A device and the server it is registered with."""

    def __init__(self, server, process, registration):
        self.server = server
        self.process = process
        self.registration = registration
        self.name = registration["endpoint"]
        self.since = server.mark()

    def ask(self, do, path=None, **more):
        return self.server.order(self.name, do, path, **more)

    def read(self, path, form="SENML_CBOR"):
        answer = self.ask("read", path, format=form)
        assert answer["code"] == 205, answer
        return answer["values"]

    def event(self, name, timeout=20):
        return self.server.event(name, self.name, self.since, timeout)

    def mark(self):
        self.since = self.server.mark()
