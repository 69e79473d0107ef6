#!/usr/bin/env python3
"""examples/pump.c as a server meets it. Usage: pump_test.py PROGRAM"""
import socket
import subprocess
import sys
import unittest

PROGRAM = sys.argv.pop(1)

CON, ACK = 0, 2
GET, POST, PUT = 1, 2, 3
CREATED, CHANGED, CONTENT, BAD_REQUEST, FORBIDDEN = 0x41, 0x44, 0x45, 0x80, 0x83
LOCATION_PATH, URI_PATH, CONTENT_FORMAT, ACCEPT = 8, 11, 12, 17
TEXT = b""  # text/plain is 0, which has no octets


def message(kind, code, mid, token=b"", options=(), payload=b""):
    """RFC 7252 section 3, options of up to 12 octets and with deltas up to 12."""
    out = bytes([0x40 | kind << 4 | len(token), code]) + mid.to_bytes(2, "big") + token
    last = 0
    for number, value in options:
        out += bytes([(number - last) << 4 | len(value)]) + value
        last = number
    return out + (b"\xff" + payload if payload else b"")


class Server(unittest.TestCase):
    def start(self, answer, options=()):
        """The program, and the answer to its Register."""
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(20)
        self.mid = 1000
        uri = f"coap://127.0.0.1:{self.socket.getsockname()[1]}"
        self.pump = subprocess.Popen([PROGRAM, uri], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.pump.wait)
        self.addCleanup(self.pump.kill)
        self.addCleanup(self.pump.stdout.close)
        self.register, self.device = self.socket.recvfrom(2048)
        token = self.register[4:4 + (self.register[0] & 15)]
        self.socket.sendto(message(ACK, answer, int.from_bytes(self.register[2:4], "big"), token, options),
                           self.device)


class RefusedPump(Server):
    def test_it_says_what_the_server_answered(self):
        self.start(FORBIDDEN)
        line = next(line for line in self.pump.stdout if line.startswith("not registered"))
        self.assertEqual(line, "not registered: the server answered 4.03; it will be tried again\n")


class Pump(Server):
    def setUp(self):
        self.start(CREATED, [(LOCATION_PATH, b"rd"), (LOCATION_PATH, b"1")])

    def ask(self, code, path, options=(), payload=b""):
        """The code and the payload of the answer."""
        self.mid += 1
        segments = [(URI_PATH, part.encode()) for part in path.split("/")]
        self.socket.sendto(message(CON, code, self.mid, b"\x07", segments + list(options), payload),
                           self.device)
        while True:
            answer = self.socket.recv(2048)
            if answer[0] >> 4 & 3 == ACK and int.from_bytes(answer[2:4], "big") == self.mid:
                return answer[1], answer.partition(b"\xff")[2]

    def read(self, path):
        return self.ask(GET, path, [(ACCEPT, TEXT)])

    def write(self, path, text):
        return self.ask(PUT, path, [(CONTENT_FORMAT, TEXT)], text)[0]

    def test_registers_and_is_read_written_and_executed(self):
        self.assertIn(b"</32770/0>", self.register)
        self.assertEqual(self.read("32770/0/5"), (CONTENT, b"cellar"))
        self.assertEqual(self.read("32770/0/2"), (CONTENT, b"0"))
        self.assertEqual(self.write("32770/0/0", b"1"), CHANGED)
        self.assertEqual(self.read("32770/0/2"), (CONTENT, b"3"))
        self.assertEqual(self.write("32770/0/1", b"0"), BAD_REQUEST)  # while it runs
        self.assertEqual(self.write("32770/0/1", b"3001"), BAD_REQUEST)
        self.assertEqual(self.read("32770/0/1"), (CONTENT, b"1500"))
        self.assertEqual(self.ask(POST, "32770/0/4")[0], CHANGED)
        self.assertEqual(self.read("32770/0/3"), (CONTENT, b"0"))
        self.pump.terminate()
        said = self.pump.stdout.read()
        self.assertLess(said.find("registered with server 1\n"),
                        said.find("motor on, 1500 turns a minute\n"))


if __name__ == "__main__":
    unittest.main()
