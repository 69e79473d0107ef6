"""The smallest server that can be registered with: CoAP over UDP from the standard library, for what a program
says and does, not for the protocol, which has suites of its own."""
import socket
import threading
import time

CREATED, DELETED, CHANGED = 0x41, 0x42, 0x44
ACK, RESET = 2, 3
URI_PATH, URI_QUERY, LOCATION_PATH = 11, 15, 8
POST, DELETE = 2, 4


def code(text):
    """"4.03" as its octet."""
    kind, detail = text.split(".")
    return int(kind) << 5 | int(detail)


class Request:
    def __init__(self, datagram):
        token = datagram[0] & 15
        self.type = datagram[0] >> 4 & 3
        self.code = datagram[1]
        self.mid = datagram[2:4]
        self.token = datagram[4:4 + token]
        self.path = []
        self.query = []
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
            if number == URI_PATH:
                self.path.append(value.decode())
            elif number == URI_QUERY:
                self.query.append(value.decode())

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
    def is_deregister(self):
        return self.code == DELETE and self.path[:1] == ["rd"]

    @property
    def is_bootstrap(self):
        return self.code == POST and self.path == ["bs"]


class TinyServer:
    """Answers Register with `register` ("2.01", "4.03", …; None: silence; "reset"), all else with success."""

    def __init__(self, register="2.01"):
        self.register = register
        self.requests = []
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
            if datagram[1] == 0 or datagram[1] >= 0x20:
                continue
            request = Request(datagram)
            answer = self.answer(request)
            if answer is not None:
                self.socket.sendto(answer, peer)
            with self.changed:
                self.requests.append(request)
                self.changed.notify_all()

    def answer(self, request):
        if not (request.is_register or request.is_bootstrap):
            status, options = (DELETED if request.code == DELETE else CHANGED), b""
        elif self.register is None:
            return None
        elif self.register == "reset":
            return bytes([0x40 | RESET << 4, 0]) + request.mid
        else:
            status, options = code(self.register), b"\x82rd\x01x" if self.register == "2.01" else b""
        return bytes([0x40 | ACK << 4 | len(request.token), status]) + request.mid + request.token + options

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
