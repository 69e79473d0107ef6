#!/usr/bin/env python3
"""Our endpoint against libcoap's command-line client and server, over UDP and TCP.

  libcoap_test.py COAP_PEER [unittest options]

Both ends of a test that we wrote ourselves could agree on a mistake; these were written by others.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PEER = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
CLIENT = shutil.which("coap-client-notls")
SERVER = shutil.which("coap-server-notls")
BIG = bytes(b"0123456789abcdef"[(i // 16 + i) % 16] for i in range(5000))


class OurServer(unittest.TestCase):
    """coap-client asks coap_peer."""

    transport = "udp"
    scheme = "coap"

    def setUp(self):
        self.peer = subprocess.Popen([PEER, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ports = dict(self.peer.stdout.readline().decode().split() for _ in range(2))
        self.base = f"{self.scheme}://127.0.0.1:{ports[self.transport]}"

    def tearDown(self):
        self.peer.stdin.close()
        self.assertEqual(self.peer.wait(20), 0, "the peer (or a sanitizer in it) complained")
        self.peer.stdout.close()

    def ask(self, method, path, *options, body=None, wait=20):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out")
            command = [CLIENT, "-v", "6", "-B", str(wait), "-m", method, "-o", out, *options]
            if body is not None:
                source = os.path.join(folder, "in")
                with open(source, "wb") as file:
                    file.write(body)
                command += ["-f", source]
            command.append(self.base + path)
            run = subprocess.run(command, capture_output=True, timeout=60, check=False)
            self.log = (run.stdout + run.stderr).decode(errors="replace")
            if not os.path.exists(out):
                return b""
            with open(out, "rb") as file:
                return file.read()

    def test_get(self):
        self.assertEqual(self.ask("get", "/small"), b"hello")

    def test_get_non_confirmable(self):
        if self.transport == "tcp":
            return  # a stream has no message types
        self.assertEqual(self.ask("get", "/small", "-N"), b"hello")

    def test_unknown_path_is_4_04(self):
        self.ask("get", "/nothing")
        self.assertIn("4.04", self.log)

    def test_block2_in_all_sizes(self):
        for size in (16, 64, 256, 1024):
            with self.subTest(size=size):
                self.assertEqual(self.ask("get", "/big", "-b", str(size)), BIG)
        self.assertEqual(self.ask("get", "/big"), BIG)

    def test_put_in_blocks_and_read_back(self):
        for size in (32, 512, 1024):
            with self.subTest(size=size):
                body = os.urandom(10 * size + 7)
                self.ask("put", "/store", "-b", str(size), body=body)
                self.assertEqual(self.ask("get", "/store"), body)

    def test_post_with_blocks_both_ways(self):
        body = os.urandom(3000)
        self.assertEqual(self.ask("post", "/echo", "-b", "256", body=body), body)

    def test_fetch_and_ipatch(self):
        self.assertEqual(self.ask("fetch", "/echo", body=b"what is asked for"), b"what is asked for")
        self.ask("put", "/store", body=b"one")
        self.ask("ipatch", "/store", body=b", two")
        self.assertEqual(self.ask("get", "/store"), b"one, two")

    def test_delete(self):
        self.ask("put", "/store", body=b"gone soon")
        self.ask("delete", "/store")
        self.assertEqual(self.ask("get", "/store"), b"")

    def test_separate_response(self):
        self.assertEqual(self.ask("get", "/slow"), b"late")

    def test_observe(self):
        numbers = [int(n) for n in re.findall(rb"\d+", self.ask("get", "/count", "-w", "-s", "2"))]
        self.assertGreaterEqual(len(numbers), 4, self.log)
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_lost_datagrams_are_repeated(self):
        if self.transport == "tcp":
            return  # nothing is lost on a stream
        self.assertEqual(self.ask("get", "/small", "-l", "1"), b"hello")
        self.assertEqual(self.ask("put", "/store", "-b", "64", "-l", "2,4", body=BIG[:300]), b"")
        self.assertEqual(self.ask("get", "/store"), BIG[:300])


class OurServerTcp(OurServer):
    transport = "tcp"
    scheme = "coap+tcp"


class OurClient(unittest.TestCase):
    """coap_peer asks coap-server."""

    transport = "udp"

    @classmethod
    def setUpClass(cls):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind(("127.0.0.1", 0))
            cls.port = str(probe.getsockname()[1])
        cls.server = subprocess.Popen([SERVER, "-A", "127.0.0.1", "-p", cls.port, "-d", "10", "-e", "-v", "3"],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                if probe.connect_ex(("127.0.0.1", int(cls.port))) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError("coap-server does not listen")

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.wait(10)

    def run_peer(self, *arguments):
        run = subprocess.run([PEER, *arguments], capture_output=True, timeout=90, check=False)
        self.assertEqual(run.stderr, b"")
        self.assertEqual(run.returncode, 0, run.stdout)
        return run.stdout

    def ask(self, method, path, body=None):
        arguments = ["ask", self.transport, self.port, method, path]
        if body is None:
            return self.run_peer(*arguments)
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            return self.run_peer(*arguments, file.name)

    def test_get(self):
        answer = self.ask("GET", "/")
        self.assertTrue(answer.startswith(b"2.05\n"))
        self.assertIn(b"libcoap", answer)

    def test_unknown_path_is_4_04(self):
        self.assertTrue(self.ask("GET", "/nothing").startswith(b"4.04\n"))

    def test_put_and_get_in_blocks(self):
        body = os.urandom(20000)
        created = self.ask("PUT", f"/new-{self.transport}", body)
        self.assertIn(created[:5], (b"2.01\n", b"2.04\n"))
        self.assertEqual(self.ask("GET", f"/new-{self.transport}"), b"2.05\n" + body)

    def test_separate_response(self):
        self.assertTrue(self.ask("GET", "/async").startswith(b"2.05\n"))

    def test_observe(self):
        ticks = self.run_peer("watch", self.transport, self.port, "/time", "2").splitlines()
        self.assertEqual(len(ticks), 2)


class OurClientTcp(OurClient):
    transport = "tcp"


if __name__ == "__main__":
    if not PEER or CLIENT is None or SERVER is None:
        print("libcoap_test: needs the path of coap_peer, and libcoap's programs (package libcoap3-bin)",
              file=sys.stderr)
        sys.exit(2)
    unittest.main(verbosity=2)
