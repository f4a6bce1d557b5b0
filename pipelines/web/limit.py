"""The time that one request may take, all told: when it is over, its connection is cut wherever it stands.

The timeouts of a socket count the silence between two bytes. Headers that drip, `100 Continue` without end, a
handshake a byte at a time never run into them.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_current = threading.local()


class Limit:
    """One request's time, from now on."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        self.over = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self.cut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def left(self) -> float:
        """Seconds, above 0."""
        return max(0.01, self.end - time.monotonic())

    def watch(self, connected: socket.socket) -> None:
        """Cut this connection when the time is over. It goes by a handle of its own: TLS takes the first one away."""
        with self._lock:
            self._drop()
            self._socket = socket.socket(fileno=os.dup(connected.fileno()))
            if self.over:
                self._cut()

    def cut(self) -> None:
        """End the request now."""
        with self._lock:
            self.over = True
            self._cut()

    def close(self) -> None:
        """The request has ended by itself."""
        self._timer.cancel()
        with self._lock:
            self._drop()

    def _cut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # the other side was quicker
                self._socket.shutdown(socket.SHUT_RDWR)

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Limits:
    """The requests that are under way in all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[Limit] = set()
        self.stopped = threading.Event()

    @contextmanager
    def limit(self, seconds: float) -> Iterator[Limit]:
        """Whatever this thread asks within takes no longer."""
        limit = Limit(seconds)
        _current.limit = limit
        with self._lock:
            self._running.add(limit)
        if self.stopped.is_set():
            limit.cut()
        try:
            yield limit
        finally:
            _current.limit = None
            with self._lock:
                self._running.discard(limit)
            limit.close()

    def stop(self) -> None:
        """Cut all requests, and those that begin later."""
        self.stopped.set()
        with self._lock:
            for limit in self._running:
                limit.cut()


def current_limit() -> Limit | None:
    """That of the request which this thread is making."""
    return getattr(_current, "limit", None)
