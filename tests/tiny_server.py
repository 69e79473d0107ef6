"""The smallest server that can be registered with: CoAP over UDP from the standard library, for what a program
says and does, not for the protocol, which has suites of its own."""
import json
import socket
import threading
import time

CREATED, DELETED, CHANGED = 0x41, 0x42, 0x44
CON, ACK, RESET = 0, 2, 3
URI_PATH, URI_QUERY, LOCATION_PATH, CONTENT_FORMAT, ACCEPT, BLOCK2 = 11, 15, 8, 12, 17, 23
GET, POST, PUT, DELETE = 1, 2, 3, 4
TEXT, LINKS, SENML_JSON = 0, 40, 110


def code(text):
    """"4.03" as its octet."""
    kind, detail = text.split(".")
    return int(kind) << 5 | int(detail)


def options_of(pairs):
    """(number, octets) in ascending order, as a message has them; lengths and steps below 269."""
    def part(n):
        return (n, b"") if n < 13 else (13, bytes([n - 13]))
    out, last = b"", 0
    for number, value in pairs:
        (delta, more), (length, longer) = part(number - last), part(len(value))
        out += bytes([delta << 4 | length]) + more + longer + value
        last = number
    return out


def uint(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


class Message:
    def __init__(self, datagram):
        token = datagram[0] & 15
        self.type = datagram[0] >> 4 & 3
        self.code = datagram[1]
        self.mid = datagram[2:4]
        self.token = datagram[4:4 + token]
        self.path = []
        self.query = []
        self.block2 = 0
        self.options = {}  # values by number
        self.payload = b""
        number, at = 0, 4 + token
        while at < len(datagram):
            if datagram[at] == 0xFF:
                self.payload = datagram[at + 1:]
                break
            delta, length = datagram[at] >> 4, datagram[at] & 15
            at += 1
            delta, at = self.extended(datagram, delta, at)
            length, at = self.extended(datagram, length, at)
            number += delta
            value = datagram[at:at + length]
            at += length
            self.options.setdefault(number, []).append(value)
            if number == URI_PATH:
                self.path.append(value.decode())
            elif number == URI_QUERY:
                self.query.append(value.decode())
            elif number == BLOCK2:
                self.block2 = int.from_bytes(value, "big")

    @staticmethod
    def extended(datagram, nibble, at):
        if nibble == 13:
            return datagram[at] + 13, at + 1
        if nibble == 14:
            return int.from_bytes(datagram[at:at + 2], "big") + 269, at + 2
        return nibble, at

    @property
    def is_register(self):
        return self.code == POST and self.path == ["rd"]

    @property
    def is_update(self):
        return self.code == POST and self.path == ["rd", "x"]

    @property
    def is_deregister(self):
        return self.code == DELETE and self.path[:1] == ["rd"]

    @property
    def is_bootstrap(self):
        return self.code == POST and self.path == ["bs"]


class TinyServer:
    """Answers Register with `register` ("2.01", "4.03", …; None: silence; "reset"), Update with `update`, all else
    with success."""

    def __init__(self, register="2.01", update="2.04"):
        self.register = register
        self.update = update
        self.requests = []
        self.answers = {}  # by token
        self.peer = None  # the device that was heard of last
        self.mid = 0
        self.changed = threading.Condition()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.uri = f"coap://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            datagram, peer = self.socket.recvfrom(2048)
            if not datagram:
                return
            if datagram[1] == 0:
                continue
            if datagram[1] >= 0x20:
                self.hear(Message(datagram))
                continue
            request = Message(datagram)
            self.peer = peer
            answer = self.answer(request)
            if answer is not None:
                self.socket.sendto(answer, peer)
            with self.changed:
                self.requests.append(request)
                self.changed.notify_all()

    def answer(self, request):
        if request.is_update:
            status, options = code(self.update), b""
        elif not (request.is_register or request.is_bootstrap):
            status, options = (DELETED if request.code == DELETE else CHANGED), b""
        elif self.register is None:
            return None
        elif self.register == "reset":
            return bytes([0x40 | RESET << 4, 0]) + request.mid
        else:
            status, options = code(self.register), b"\x82rd\x01x" if self.register == "2.01" else b""
        return bytes([0x40 | ACK << 4 | len(request.token), status]) + request.mid + request.token + options

    def hear(self, message):
        with self.changed:
            self.answers[message.token] = message
            self.changed.notify_all()

    def exchange(self, method, options, payload, timeout=15):
        """The answer of the device to one request; sent again when none comes."""
        self.mid += 1
        token = self.mid.to_bytes(2, "big")
        datagram = bytes([0x42 | CON << 4, method]) + token + token + options_of(options)
        datagram += b"\xff" + payload if payload else b""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            self.socket.sendto(datagram, self.peer)
            with self.changed:
                if self.changed.wait_for(lambda: token in self.answers, 2):
                    return self.answers.pop(token)
        raise AssertionError("the device does not answer")

    def ask(self, method, path, accept=None, content_format=None, payload=b""):
        """("2.05", payload) of a request to the device, the blocks of a large answer put together."""
        body = b""
        while True:
            options = [(URI_PATH, part.encode()) for part in path.strip("/").split("/") if part]
            options += [(CONTENT_FORMAT, uint(content_format))] if content_format is not None else []
            options += [(ACCEPT, uint(accept))] if accept is not None else []
            options += [(BLOCK2, uint(len(body) // 1024 << 4 | 6))] if body else []
            answer = self.exchange(method, options, payload)
            body += answer.payload
            if not answer.block2 & 8:
                return f"{answer.code >> 5}.{answer.code & 31:02}", body

    def values(self, path):
        """All values at and below a path, by path."""
        code, payload = self.ask(GET, path, accept=SENML_JSON)
        assert code == "2.05", f"GET {path}: {code}"
        base, values = "", {}
        for record in json.loads(payload):
            base = record.get("bn", base)
            value = [record[key] for key in ("v", "vs", "vb", "vd", "vlo") if key in record]
            values[base + record.get("n", "")] = value[0] if value else None
        return values

    def wait_for(self, test, timeout=15):
        """The first request that `test` accepts."""
        until = time.monotonic() + timeout
        with self.changed:
            while True:
                for request in self.requests:
                    if test(request):
                        return request
                assert self.changed.wait(until - time.monotonic()), "no such request came"

    def close(self):
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()
