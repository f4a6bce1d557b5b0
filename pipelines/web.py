"""Asking the web, politely and safely: the one way out for every source.

Each host is asked no faster than its rule, over all threads and processes of this person; what may pass is
tried again with growing pauses; nothing is sent to an address of a private network unless it was allowed.
Errors name the host and what is wrong, never the address asked: that may hold a key.
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
import logging
import os
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from pipelines.images import MAX_BYTES
from pipelines.report import SourceError
from pipelines.web_cache import AnswerCache

USER_AGENT = "sleevewalk/0.1 (album library for the terminal; one person's use)"
TIMEOUTS = (10.0, 30.0)  # seconds to connect, seconds of silence while reading
MOST_SECONDS = 120.0  # for one answer, however slowly it drips
MOST_TEXT = 20_000_000  # bytes of a JSON answer
ATTEMPTS = 5
LONGEST_WAIT = 600.0  # seconds; who asks for more than that is asked again in another run
_REDIRECTS = 5
_SECRET = re.compile(r"\b(api_key|token|sk|api_sig)=[^&\s\"']+")

T = TypeVar("T")


class Absent(Exception):
    """The host says that there is no such thing: nothing to ask again for."""


class Unanswered(Exception):
    """No usable answer, in spite of trying again; a later run may fare better. The message says what came."""


class Refused(Exception):
    """Not asked, or not taken, whatever the host says: a bad address, a private network, too large."""


class _TryAgain(Exception):
    def __init__(self, why: str, after: float | None = None, everyone: bool = False) -> None:
        super().__init__(why)
        self.after = after  # seconds that the host asks for
        self.everyone = everyone  # all requests to the host wait, not this one alone


@dataclass(frozen=True, slots=True)
class HostRule:
    """How a host wants to be asked."""

    interval: float = 0.0  # seconds between two requests
    parallel: int = 8  # requests at the same time


RULES: Mapping[str, HostRule] = {
    "ws.audioscrobbler.com": HostRule(0.2, 1),
    "musicbrainz.org": HostRule(1.0, 1),
    "api.listenbrainz.org": HostRule(0.5, 1),
    "coverartarchive.org": HostRule(0.0, 2),
    "archive.org": HostRule(0.0, 2),
}


class Web:
    """One client for all hosts. `speed` divides every pause and interval (tests run time faster)."""

    def __init__(
        self,
        cache_dir: Path,
        allow: frozenset[str] = frozenset(),  # host:port that may lie in a private network
        allow_private: bool = False,
        rules: Mapping[str, HostRule] = RULES,
        speed: float = 1.0,
        timeouts: tuple[float, float] = TIMEOUTS,
    ) -> None:
        self._turns = cache_dir / "turns"
        self._turns.mkdir(parents=True, exist_ok=True)
        self._cache = AnswerCache(cache_dir / "answers.sqlite")
        self._rules, self._speed, self._timeouts = rules, speed, timeouts
        self._places: dict[str, threading.BoundedSemaphore] = {}
        self._lock = threading.Lock()
        self.on_wait: Callable[[str], None] = lambda text: None  # called where a pause is long enough to be told
        self.session = requests.Session()
        self.session.headers["User-Agent"] = USER_AGENT
        adapter = _GuardedAdapter(allow, allow_private)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)
        logging.getLogger("urllib3.connectionpool").addFilter(_hide_secrets)

    def json(
        self,
        url: str,
        params: Mapping[str, str],
        secrets: Mapping[str, str] | None = None,
        judge: Callable[[int, Any], None] | None = None,
    ) -> Any:
        """The JSON answer, from the cache where it is there. `secrets` are sent as parameters and kept nowhere.

        `judge(status, data)` raises for an answer that is an error in disguise; `try_again` makes the error
        that asks once more. Raises Absent, Unanswered, Refused, and what `judge` raises.
        """
        name = f"{url}?{urlencode(sorted(params.items()))}"
        kept = self._cache.get(name)
        if kept is not None:
            return json.loads(kept)

        def once() -> Any:
            status, headers, body = self._fetch(url, {**params, **(secrets or {})}, MOST_TEXT)
            try:
                data = json.loads(body)
            except ValueError:
                data = None
            if judge is not None and data is not None:
                judge(status, data)
            _check_status(status, headers)
            if data is None:
                raise _TryAgain("an answer that is no JSON")
            return data

        data = self._persist(urlsplit(url).netloc, once)
        text = json.dumps(data, ensure_ascii=True)
        for secret in (secrets or {}).values():
            text = text.replace(secret, "")
        self._cache.put(name, text)
        return data

    def image(self, url: str, make: Callable[[bytes], T]) -> T:
        """What `make` makes of the bytes behind the address, redirects followed and checked.

        `make` may raise `try_again` for bytes that arrived damaged. Raises Absent, Unanswered, Refused.
        """
        made: list[T] = []
        for _ in range(_REDIRECTS + 1):
            to = self._persist(_host(url), lambda url=url: self._image_once(url, make, made))  # type: ignore[misc]
            if made:
                return made[0]
            try:
                url = urljoin(url, to)
            except ValueError:
                raise Refused("a redirect to no address of the web") from None
        raise Refused("too many redirects")

    def _image_once(self, url: str, make: Callable[[bytes], T], made: list[T]) -> str:
        """Where the address redirects to; "" where it gave what `make` could use."""
        status, headers, body = self._fetch(url, {}, MAX_BYTES)
        to = headers.get("Location", "")
        if status // 100 == 3 and to:
            return to
        _check_status(status, headers)
        made.append(make(body))
        return ""

    def close(self) -> None:
        self.session.close()
        self._cache.close()

    def _persist(self, host: str, once: Callable[[], T]) -> T:
        """Call until there is an answer, at most ATTEMPTS times, in this host's turns."""
        with self._place(host):
            for attempt in range(ATTEMPTS):
                self._wait_turn(host)
                try:
                    return once()
                except _TryAgain as error:
                    why = str(error)
                    pause = error.after if error.after is not None else 2.0**attempt * random.uniform(0.75, 1.25)
                    if pause > LONGEST_WAIT:
                        self._hold(host, LONGEST_WAIT)
                        raise Unanswered(f"{host} asks to wait for {pause / 60:.0f} minutes") from None
                    if error.everyone:
                        self._hold(host, pause)
                    elif attempt < ATTEMPTS - 1:
                        self._sleep(pause, f"{host}: {why}")
        raise Unanswered(f"{host}: {why}, {ATTEMPTS} times")

    def _fetch(
        self, url: str, params: Mapping[str, str], most: int
    ) -> tuple[int, requests.structures.CaseInsensitiveDict[str], bytes]:
        """One request: status, headers, body. Nothing is followed."""
        _check_address(url)
        body = bytearray()
        late = threading.Event()
        try:
            with (
                self.session.get(
                    url, params=dict(params), timeout=self._timeouts, stream=True, allow_redirects=False
                ) as answer,
                _time_limit(answer, MOST_SECONDS / self._speed, late),
            ):
                for chunk in answer.iter_content(65536):
                    body += chunk
                    if len(body) > most:
                        raise Refused(f"larger than {most // 1_000_000} MB")
                if late.is_set():
                    raise Unanswered("an answer that drips too slowly")
                return answer.status_code, answer.headers, bytes(body)
        except requests.Timeout:
            raise _TryAgain("no answer in time") from None
        except requests.exceptions.ChunkedEncodingError:
            if late.is_set():
                raise Unanswered("an answer that drips too slowly") from None
            raise _TryAgain("an answer that breaks off") from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, UnicodeError):
            raise Refused("not an address of the web") from None
        except requests.RequestException as error:
            if (refused := _private_in(error)) is not None:
                raise Refused(str(refused)) from None
            raise _TryAgain("no connection") from None

    def _place(self, host: str) -> threading.BoundedSemaphore:
        with self._lock:
            return self._places.setdefault(host, threading.BoundedSemaphore(self._rule(host).parallel))

    def _rule(self, host: str) -> HostRule:
        if host in self._rules:
            return self._rules[host]
        return self._rules["archive.org"] if host.endswith(".archive.org") else HostRule()

    def _wait_turn(self, host: str) -> None:
        interval = self._rule(host).interval / self._speed
        with _next_turn(self._turns, host) as turn:
            slot = max(time.time(), turn.at)
            if interval:
                turn.at = slot + interval
        self._sleep((slot - time.time()) * self._speed, f"{host} asked for a pause")

    def _hold(self, host: str, seconds: float) -> None:
        with _next_turn(self._turns, host) as turn:
            turn.at = max(turn.at, time.time() + seconds / self._speed)

    def _sleep(self, seconds: float, why: str) -> None:
        if seconds > 2:
            self.on_wait(f"waiting {seconds:.0f} s: {why}")
        if seconds > 0:
            time.sleep(seconds / self._speed)


def try_again(why: str, after: float | None = None, everyone: bool = False) -> Exception:
    """What a judge raises for an answer that may be another one next time."""
    return _TryAgain(why, after, everyone)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or a date."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time()) if value else None
    except (ValueError, TypeError):
        return None


def plain_host(base_url: str) -> str:
    """host:port of an address that the person gave. SourceError for what is none."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise SourceError("--base-url must be an http or https address without a user name or a question mark")
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def shown(url: str) -> str:
    """The address as it may be stored and shown: without user, query and fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class _next_turn:
    """A host's next free moment, in a file under a lock, so that other processes keep to it too."""

    def __init__(self, folder: Path, host: str) -> None:
        self._path = folder / re.sub(r"[^\w.-]", "_", host)[:200]
        self.at = 0.0

    def __enter__(self) -> _next_turn:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            self.at = self._before = float(os.pread(self._file, 64, 0))
        except ValueError:
            self._before = 0.0
        return self

    def __exit__(self, *_: object) -> None:
        if self.at != self._before:
            os.pwrite(self._file, f"{self.at:<32.6f}".encode(), 0)
        os.close(self._file)


@contextmanager
def _time_limit(answer: requests.Response, seconds: float, late: threading.Event) -> Iterator[None]:
    """Cut the connection after so long: a drip of single bytes never runs into the timeout of one read."""

    def cut() -> None:
        late.set()
        with suppress(ValueError, OSError):  # it has ended by itself
            answer.raw.shutdown()

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _Private(OSError):
    """The connection leads into a private network."""


def _guarded(kind: type[HTTPConnection]) -> type[HTTPConnection]:
    """A connection that looks whom it reached before it sends: no second look-up can differ from that."""

    class Guarded(kind):  # type: ignore[misc, valid-type]
        allow: frozenset[str] = frozenset()

        def _new_conn(self) -> socket.socket:
            connected: socket.socket = super()._new_conn()
            address = ipaddress.ip_address(connected.getpeername()[0].partition("%")[0])
            mapped = getattr(address, "ipv4_mapped", None) or address
            if not mapped.is_global and f"{self.host}:{self.port}" not in self.allow:
                connected.close()
                raise _Private("the address lies in a private network")
            return connected

    return Guarded


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, allow: frozenset[str], allow_private: bool) -> None:
        super().__init__(pool_connections=32, pool_maxsize=32)
        if allow_private:
            return
        plain, secure = _guarded(HTTPConnection), _guarded(HTTPSConnection)
        plain.allow = secure.allow = allow  # type: ignore[attr-defined]
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("GuardedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("GuardedPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }


def _private_in(error: BaseException | None) -> _Private | None:
    """The refusal somewhere within what the libraries made of it."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, _Private):
            return one
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return None


def _check_status(status: int, headers: Mapping[str, str]) -> None:
    if status in (404, 410):
        raise Absent
    if status == 429:
        raise _TryAgain("asked too often (429)", retry_after(headers) or 5.0, everyone=True)
    if status == 503:
        raise _TryAgain("busy (503)", retry_after(headers))
    if status >= 500:
        raise _TryAgain(f"server error {status}")
    if status != 200:
        raise Refused(f"the server answers {status}")


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise Refused("not an http or https address")


def _host(url: str) -> str:
    _check_address(url)
    return urlsplit(url).netloc.rpartition("@")[2]


def _hide_secrets(record: logging.LogRecord) -> bool:
    record.msg, record.args = _SECRET.sub(r"\1=…", record.getMessage()), ()
    return True
