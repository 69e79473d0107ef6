"""A relay between a device and its server on which each datagram of the device takes a while."""
import heapq
import select
import socket
import threading
import time


class SlowPath:
    """The device talks to `uri`; what it sends arrives `delay` seconds later, in order."""

    def __init__(self, port, delay):
        self.server = ("127.0.0.1", port)
        self.delay = delay
        self.near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # to the device
        self.near.bind(("127.0.0.1", 0))
        self.far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # to the server
        self.far.bind(("127.0.0.1", 0))
        self.uri = f"coap://127.0.0.1:{self.near.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        waiting, count, device = [], 0, None
        while True:
            left = max(0, waiting[0][0] - time.monotonic()) if waiting else None
            for each in select.select([self.near, self.far], [], [], left)[0]:
                octets, peer = each.recvfrom(65536)
                if not octets:
                    return
                if each is self.far:
                    self.near.sendto(octets, device)
                else:
                    device = peer
                    count += 1
                    heapq.heappush(waiting, (time.monotonic() + self.delay, count, octets))
            while waiting and waiting[0][0] <= time.monotonic():
                self.far.sendto(heapq.heappop(waiting)[2], self.server)

    def close(self):
        self.near.sendto(b"", self.near.getsockname())
        self.thread.join()
        self.near.close()
        self.far.close()
