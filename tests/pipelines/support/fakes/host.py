"""A web host on loopback that answers, fails by schedule, and remembers how often it was asked."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


Handle = Callable[[str, dict[str, str]], Answer]
Schedule = Callable[[int], str]  # number of the request, from 1 → a fault, or ""


class FakeHost:
    """Serves until closed. `asked` counts the requests that were answered in full, by path and query."""

    def __init__(self, handle: Handle, schedule: Schedule = lambda number: "") -> None:
        self.handle, self.schedule = handle, schedule
        self.times: list[float] = []
        self.asked: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.server = _Server(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def netloc(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.netloc}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def worst_excess(self, a_second: float) -> float:
        """By how many requests a bucket that drains `a_second` was ever overfull beyond the first."""
        level = worst = last = 0.0
        for at in self.times:
            level = max(0.0, level - (at - last) * a_second) + 1
            worst, last = max(worst, level), at
        return worst - 1

    def __enter__(self) -> FakeHost:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, request: object, address: object) -> None:
        pass  # a client that was killed


def every(faults: Mapping[int, str], dead: range = range(0)) -> Schedule:
    """Each n-th request meets its fault; requests within `dead` find no one there."""

    def schedule(number: int) -> str:
        if number in dead:
            return "reset"
        return next((fault for n, fault in faults.items() if number % n == 0), "")

    return schedule


def _handler(host: FakeHost) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        posted = ""  # the text of a POST; its fake finds it as the parameter "body"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            with host.lock:
                host.times.append(time.monotonic())
                host.agents.add(self.headers.get("User-Agent", ""))
                number = len(host.times)
                host.at_once += 1
                host.most_at_once = max(host.most_at_once, host.at_once)
            try:
                self.answer(host.schedule(number))
            except OSError:
                self.close_connection = True  # the client has been killed
            finally:
                with host.lock:
                    host.at_once -= 1

        def do_POST(self) -> None:
            self.posted = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.do_GET()

        def answer(self, fault: str) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            if self.posted:
                query["body"] = self.posted
            answer = host.handle(parts.path, query)
            headers = dict(answer.headers)
            length = len(answer.body)
            if fault == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
                return
            if fault == "latency":
                time.sleep(0.05)
            elif fault in ("500", "502", "503", "429"):
                answer = Answer(b"<html>error</html>", int(fault), "text/html")
                headers = {"Retry-After": "1"} if fault in ("503", "429") else {}
                length = len(answer.body)
            elif fault == "html":
                answer = Answer(b"<!doctype html><html><body>Be right back</body></html>", 200, "text/html")
                length = len(answer.body)
            elif fault == "truncated":
                length += 1000
                self.close_connection = True
            elif fault == "short":
                length = length * 2 // 3
                self.close_connection = True
            elif fault.startswith("error "):  # Last.fm's: an error in the body of a success
                answer = Answer(b'{"error": %s, "message": "fault"}' % fault[6:].encode())
                length = len(answer.body)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(length))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if fault == "drip":
                for place in range(0, length, max(1, length // 10)):
                    self.wfile.write(answer.body[place : place + max(1, length // 10)])
                    self.wfile.flush()
                    time.sleep(0.01)
            else:
                self.wfile.write(answer.body if fault in ("", "latency", "truncated") else answer.body[:length])
            if fault in ("", "latency", "drip"):
                with host.lock:
                    host.asked[self.path] += 1

    return Handler
