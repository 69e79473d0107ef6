"""A program under test as a process, and the lines it says."""
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Lines:
    """Lines of a stream as they come, to be waited for."""

    def __init__(self, stream):
        self.lines = []
        self.closed = False
        self.changed = threading.Condition()
        threading.Thread(target=self.read, args=(stream,), daemon=True).start()

    def read(self, stream):
        for line in stream:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        stream.close()
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def find(self, test, start=0, timeout=15):
        """(index, line) of the first line from `start` on that `test` accepts; fails after `timeout` s."""
        until = time.monotonic() + timeout
        with self.changed:
            while True:
                for index in range(start, len(self.lines)):
                    if test(self.lines[index]):
                        return index, self.lines[index]
                left = until - time.monotonic()
                if left <= 0 or self.closed:
                    seen = "\n".join(self.lines[start:])
                    raise AssertionError(f"{'it ended' if self.closed else 'time is over'}; it said:\n{seen}")
                self.changed.wait(left)


def find_program(name):
    """From the environment (LAPWING_DEVICE for lapwing-device), or the build of `make test`."""
    return os.environ.get(name.upper().replace("-", "_"), str(ROOT / "build/asan" / name))


class Program:
    """Lines that a test waited for are behind it: the next wait starts after them."""

    def __init__(self, name, *args, env=None):
        self.process = subprocess.Popen([find_program(name), *map(str, args)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1,
                                        env={**os.environ, **(env or {})})
        self.out = Lines(self.process.stdout)
        self.err = Lines(self.process.stderr)
        self.seen = 0
        self.seen_err = 0

    def wait_for(self, pattern, timeout=15):
        """The match of the next line of stdout that has the pattern in it."""
        index, line = self.out.find(re.compile(pattern).search, self.seen, timeout)
        self.seen = index + 1
        return re.search(pattern, line)

    def wait_for_log(self, pattern, timeout=15):
        """The same on stderr."""
        index, line = self.err.find(re.compile(pattern).search, self.seen_err, timeout)
        self.seen_err = index + 1
        return re.search(pattern, line)

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def listens_to(self, number):
        """Whether the signal would not just kill it."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        masks = re.findall(r"^Sig(?:Cgt|Blk):\s*([0-9a-f]+)$", status, re.M)
        return any(int(mask, 16) >> number - 1 & 1 for mask in masks)

    def stop(self, number=signal.SIGTERM, timeout=15):
        """The exit status after that signal, which a program that has only just been started hears too."""
        until = time.monotonic() + timeout
        while self.process.poll() is None and not self.listens_to(number) and time.monotonic() < until:
            time.sleep(0.01)
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.wait(timeout)

    def wait(self, timeout=15):
        return self.process.wait(timeout)

    def stderr(self):
        """All of it, once the process has ended."""
        with self.err.changed:
            self.err.changed.wait_for(lambda: self.err.closed, 5)
        return "\n".join(self.err.lines)
