"""A reader of /v1/events."""
import http.client
import json
import socket
import threading
import time
import urllib.parse


class Reader:
    """Events as they come: (type, data), hello included."""

    def __init__(self, server, query="", last=None):
        netloc = urllib.parse.urlsplit(server.url).netloc
        self.connection = http.client.HTTPConnection(netloc, timeout=30)
        headers = {"Authorization": f"Bearer {server.token}"}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        self.connection.request("GET", "/v1/events" + query, headers=headers)
        self.sock = self.connection.sock
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.events = []
        self.changed = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        name = data = None
        try:
            for line in self.answer:
                line = line.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    data = json.loads(line[6:])
                elif not line and name:
                    with self.changed:
                        self.events.append((name, data))
                        self.changed.notify_all()
                    name = data = None
        except (OSError, ValueError, http.client.HTTPException):
            pass
        with self.changed:
            self.events.append(("end", None))
            self.changed.notify_all()

    def wait(self, name, test=lambda data: True, timeout=20):
        until = time.monotonic() + timeout
        with self.changed:
            while True:
                for kind, data in self.events:
                    if kind == name and (data is None or test(data)):
                        return data
                assert self.changed.wait(max(0, until - time.monotonic())), self.events

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)
