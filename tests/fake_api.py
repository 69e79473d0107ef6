"""An API that answers what a test tells it to: for what `lapwing` says, not for what a server does."""
import http.server
import json
import threading
import time


class FakeApi:
    """`answers`: {"GET /v1/devices?limit=500": (status, document)}, or a list of them, one a call; the document may be
    text, and a third element the seconds that it takes. What was asked stands in `calls` as (method and path, headers, body)."""

    def __init__(self, answers):
        fake = self
        self.answers = {key: list(value) if isinstance(value, list) else value for key, value in answers.items()}
        self.calls = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                key = f"{self.command} {self.path}"
                fake.calls.append((key, dict(self.headers), body))
                status, document, *delay = fake.pick(key)
                time.sleep(*delay or [0])
                text = document if isinstance(document, str) else json.dumps(document)
                octets = b"" if status == 204 else text.encode()
                self.send_response(status)
                if text.startswith("event:") or text.startswith("id:"):
                    self.send_header("Content-Type", "text/event-stream")
                    self.send_header("Connection", "close")
                    self.close_connection = True
                else:
                    self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = answer

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def pick(self, key):
        answer = self.answers.get(key, (404, problem("not-found", 404, f"unexpected: {key}")))
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer

    def body(self, index=-1):
        return json.loads(self.calls[index][2])

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def problem(kind, status, detail, **more):
    return {"type": f"urn:lapwing:problem:{kind}", "title": kind, "status": status, "detail": detail, **more}
