"""The command `lapwing`; LAPWING names the program."""
import os
import subprocess

from program import find_program


class Result:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr
        self.lines = done.stdout.splitlines()

    def rows(self):
        """Cells of a table, without its head."""
        return [[cell for cell in line.split("  ") if cell.strip()] for line in self.lines[1:]]


def lapwing(*args, url=None, token=None, home="/nonexistent", env=None, timeout=60):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LAPWING_")}
    environment.update({"HOME": str(home), "XDG_CONFIG_HOME": ""})
    if url:
        environment["LAPWING_URL"] = url
    if token:
        environment["LAPWING_TOKEN"] = token
    environment.update(env or {})
    done = subprocess.run([find_program("lapwing"), *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=timeout, env=environment, check=False)
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return Result(done)
