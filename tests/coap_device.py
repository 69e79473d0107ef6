"""A device of a few lines, octet by octet: for tests that kill, flood or break the rules."""
import random
import socket

from tiny_server import (ACK, CHANGED, CON, CONTENT_FORMAT, CREATED, LINKS, LOCATION_PATH, POST, URI_PATH,
                         URI_QUERY, Message, options_of)


def message(kind, code, mid, token=b"", options=(), payload=b""):
    pairs = sorted(((number, value if isinstance(value, bytes) else value.encode()) for number, value in options),
                   key=lambda each: each[0])
    return (bytes([0x40 | kind << 4 | len(token), code]) + mid.to_bytes(2, "big") + token + options_of(pairs) +
            (b"\xff" + payload if payload else b""))


class CoapDevice:
    """`on_request(request)` returns the code of the answer; None: silence."""

    def __init__(self, port, seed=0, on_request=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.server = ("127.0.0.1", port)
        self.random = random.Random(seed)
        self.mid = self.random.randrange(65536)
        self.on_request = on_request
        self.location = None

    def close(self):
        self.socket.close()

    def send(self, datagram):
        self.socket.sendto(datagram, self.server)

    def receive(self, timeout):
        """One datagram, or None. Requests are answered, and returned too."""
        self.socket.settimeout(timeout)
        try:
            datagram = self.socket.recv(4096)
        except (TimeoutError, OSError):
            return None
        request = Message(datagram)
        if 0 < request.code < 0x20 and self.on_request is not None:
            code = self.on_request(request)
            if code is not None:
                self.send(bytes([0x40 | ACK << 4 | len(request.token), code]) + request.mid + request.token)
        return request

    def ask(self, path, query=(), payload=b"", content_format=None, code=POST, timeout=1.0):
        """The response to a confirmable request, or None. What else comes meanwhile is served."""
        self.mid = (self.mid + 1) % 65536
        token = self.random.randbytes(4)
        options = [(URI_PATH, part) for part in path.split("/")] + [(URI_QUERY, each) for each in query]
        if content_format is not None:
            options.append((CONTENT_FORMAT, bytes([content_format])))
        self.send(message(CON, code, self.mid, token, options, payload))
        for _ in range(200):
            answer = self.receive(timeout)
            if answer is None:
                return None
            if answer.token == token and answer.code >= 0x40:
                if answer.type == CON:
                    self.send(bytes([0x40 | ACK << 4, 0]) + answer.mid)
                return answer
        return None

    def register(self, endpoint, links="</1/0>,</3/0>,</3303/0>", lifetime=86400, version="1.1", more=(), timeout=1.0):
        """Whether the server said 2.01."""
        query = [f"ep={endpoint}", f"lt={lifetime}", f"lwm2m={version}", "b=U", *more]
        answer = self.ask("rd", query, links.encode(), LINKS, timeout=timeout)
        if answer is None or answer.code != CREATED:
            return False
        self.location = "rd/" + location_of(answer)
        return True

    def update(self, timeout=1.0):
        """Whether the server knows the registration; None: it said nothing."""
        answer = self.ask(self.location, timeout=timeout)
        return None if answer is None else answer.code == CHANGED


def location_of(answer):
    """The last Location-Path."""
    return answer.options[LOCATION_PATH][-1].decode()
