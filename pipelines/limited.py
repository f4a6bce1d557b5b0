"""Work on hostile bytes in processes of its own, that can be ended: so much time, so much memory, and no more.

A decoder in C cannot be interrupted, and what it takes nobody knows before. A worker process serves one caller at a
time and is kept for the next; one that exceeds its limits is killed. Values go through a pipe as MessagePack.
"""

from __future__ import annotations

import atexit
import importlib
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

import msgspec

SECONDS = 5.0  # for one picture, one music file
MEGABYTES = 512  # beyond what the worker has before it begins
_STARTING = 60.0  # seconds that a worker may take to be ready, on a machine that is very busy
_MOST_JOBS = 1000  # of one worker: what a decoder leaks goes with it

T = TypeVar("T")


class Rejected(Exception):
    """Nothing can be made of these bytes. `reason` groups in counts; `detail` is about this one. `passing`: another
    time, on a machine that is less busy, it may be otherwise.
    """

    def __init__(self, reason: str, detail: str = "", passing: bool = False) -> None:
        super().__init__(f"{reason} ({detail})" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.passing = passing


class Stopped(Exception):
    """The work was ended from outside, by Ctrl-C say."""


class _Answer(msgspec.Struct):
    value: msgspec.Raw = msgspec.Raw()
    rejected: tuple[str, str] | None = None


def limited(task: str, argument: bytes, shape: type[T], seconds: float = SECONDS) -> T:
    """What the function `task` (`package.module:name`, of bytes to a value of `shape`) makes of the argument.

    Raises Rejected where the function does, or fails in any other way, or takes more than `seconds` or MEGABYTES;
    Stopped after `stop`. Any number of threads may call it; as many work at once as there are cores.
    """
    with _places:
        worker = _take(task)
        try:
            answer = worker.ask(argument, seconds)
        except BaseException:
            _end(worker)
            raise
        _give_back(worker)
    if answer.rejected:
        raise Rejected(*answer.rejected)
    return msgspec.msgpack.decode(answer.value, type=shape)


def stop() -> None:
    """End what is being worked on; until `resume` nothing more is begun."""
    with _lock:
        _state.stopped = True
        ended, _state.workers, _state.idle = _state.workers, set(), {}
    for worker in ended:
        worker.end()


def resume() -> None:
    """Work may begin again."""
    with _lock:
        _state.stopped = False


class _Worker:
    def __init__(self, task: str) -> None:
        self.task, self.jobs, self._ending = task, 0, threading.Lock()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"}
            script = f"from pipelines.limited import _serve; _serve({theirs.fileno()}, {task!r}, {MEGABYTES})"
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", script],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # Ctrl-C is for us, who end it
            )
            self._pipe = Connection(ours.detach())

    def start(self) -> None:
        """Wait until it is ready."""
        if not self._answers(_STARTING):
            raise Rejected("no worker process can be started", passing=True)

    def ask(self, argument: bytes, seconds: float) -> _Answer:
        self.jobs += 1
        try:
            self._pipe.send_bytes(int(seconds + 2).to_bytes(4, "big") + argument)
        except OSError:
            return self._died()
        if not self._answers(seconds):
            raise Rejected(f"takes longer than {seconds:.0f} s", passing=True)
        try:
            return msgspec.msgpack.decode(self._pipe.recv_bytes(), type=_Answer)
        except (EOFError, OSError):
            return self._died()

    def _answers(self, seconds: float) -> bool:
        try:
            return self._pipe.poll(seconds)
        except OSError:  # `end` closed it
            raise Stopped from None

    def _died(self) -> _Answer:
        if _state.stopped:
            raise Stopped
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        code = self._process.returncode or 0
        raise Rejected("breaks its decoder", signal.Signals(-code).name if code < 0 else f"status {code}")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        with self._ending:  # `stop` and the thread that waits for its answer may come here together
            self._pipe.close()


class _State:
    def __init__(self) -> None:
        self.stopped = False
        self.workers: set[_Worker] = set()
        self.idle: dict[str, list[_Worker]] = {}


_lock = threading.Lock()
_state = _State()
_places = threading.BoundedSemaphore(os.cpu_count() or 1)


def _take(task: str) -> _Worker:
    with _lock:
        if _state.stopped:
            raise Stopped
        waiting = _state.idle.get(task)
        if waiting:
            return waiting.pop()
        try:
            worker = _Worker(task)
        except OSError as error:  # too many processes, too many open files
            raise Rejected("no worker process can be started", error.strerror or "", passing=True) from None
        _state.workers.add(worker)
    try:
        worker.start()
        worker._pipe.recv_bytes()
    except BaseException as error:
        _end(worker)
        if isinstance(error, EOFError | OSError):
            raise (
                Stopped() if _state.stopped else Rejected("no worker process can be started", passing=True)
            ) from None
        raise
    return worker


def _give_back(worker: _Worker) -> None:
    with _lock:
        if worker in _state.workers and worker.jobs < _MOST_JOBS:
            _state.idle.setdefault(worker.task, []).append(worker)
            return
    _end(worker)


def _end(worker: _Worker) -> None:
    with _lock:
        _state.workers.discard(worker)
    worker.end()


def _forget() -> None:
    """A forked child has none of its parent's workers."""
    global _lock, _state, _places
    _lock, _state, _places = threading.Lock(), _State(), threading.BoundedSemaphore(os.cpu_count() or 1)


os.register_at_fork(after_in_child=_forget)
atexit.register(stop)


def _serve(descriptor: int, task: str, megabytes: int) -> None:
    """The worker's side, until nobody asks any more."""
    module, _, name = task.partition(":")
    function = getattr(importlib.import_module(module), name)
    _limit_memory(megabytes)
    pipe = Connection(descriptor)
    pipe.send_bytes(b"ready")
    while True:
        try:
            asked = pipe.recv_bytes()
        except EOFError:
            return
        signal.alarm(int.from_bytes(asked[:4], "big"))  # ends this process also where its parent was killed
        pipe.send_bytes(msgspec.msgpack.encode(_result(function, asked[4:], megabytes)))
        signal.alarm(0)


def _result(function: Any, argument: bytes, megabytes: int) -> dict[str, object]:
    try:
        return {"value": function(argument)}
    except Rejected as error:
        return {"rejected": (error.reason, error.detail)}
    except MemoryError:
        return {"rejected": (f"needs more than {megabytes} MB", "")}
    except Exception as error:  # noqa: BLE001  decoders fed with damaged bytes raise nearly anything
        return {"rejected": ("damaged", type(error).__name__)}


def _limit_memory(megabytes: int) -> None:
    """So much more than it has now. Where the system cannot say or does not heed it, the time is the only limit."""
    import resource

    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + (megabytes << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
