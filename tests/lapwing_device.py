"""lapwing-device as a process; LAPWING_DEVICE names the program."""
import json

from program import ROOT, Program

__all__ = ["Device", "ROOT"]


class Device(Program):
    def __init__(self, *args):
        super().__init__("lapwing-device", *args)

    def event(self, name, timeout=15):
        """The next JSON line with that event."""
        index, line = self.out.find(lambda text: json.loads(text)["event"] == name, self.seen, timeout)
        self.seen = index + 1
        return json.loads(line)
