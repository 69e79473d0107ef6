"""lapwingd as a process on ports of its own; LAPWINGD names the program."""
import json
import urllib.error
import urllib.request

from program import Program


class Daemon(Program):
    """Listens on free ports of 127.0.0.1, keeps its data in `data_dir`, and is ready."""

    def __init__(self, data_dir, *args, env=None, ready=True, http="127.0.0.1:0", coap_port=0):
        super().__init__("lapwingd", "--listen", "127.0.0.1", "--coap-port", coap_port, "--http", http, "--data-dir",
                         data_dir, *args, env=env)
        self.data_dir = data_dir
        if ready:
            self.wait_for_ready()

    def wait_for_ready(self, timeout=30):
        self.wait_for("^ready$", timeout)
        listens = dict(line.split()[1:] for line in self.out.lines if line.startswith("listen "))
        self.coap_port = int(listens["coap"].rsplit(":", 1)[1])
        self.coap = f"coap://127.0.0.1:{self.coap_port}"
        self.url = f"http://{listens['http']}" if "http" in listens else None

    def signal(self, number):
        """Sends it to a loop that waits: what comes just before that, gcc 12's thread sanitizer may keep for good."""
        self.call("GET", "/v1/devices")
        self.process.send_signal(number)

    @property
    def token(self):
        return (self.data_dir / "admin-token").read_text(encoding="ascii").strip()

    def call(self, method, path, body=None, token=True, timeout=30):
        """(status, JSON or text) of a call of the API."""
        headers = {"Content-Type": "application/json"}
        if token is True:
            token = self.token if (self.data_dir / "admin-token").exists() else None
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, decode(answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, decode(refusal.read())


def decode(octets):
    try:
        return json.loads(octets)
    except ValueError:
        return octets.decode()
