"""Asking the web, politely and safely: the one way out for every source.

Each host is asked no faster than its rule, over all threads and processes of this person; what may pass is
tried again with growing pauses; nothing is sent to an address of a private network unless it was allowed.
Errors name the host and what is wrong, never the address asked: that may hold a key.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import requests

from pipelines.images import MAX_BYTES
from pipelines.web.answers import Refused, TryAgain, Unanswered, check_status
from pipelines.web.cache import AnswerCache
from pipelines.web.guard import GuardedAdapter, check_address, hide_secrets, host_of, private_in
from pipelines.web.turns import next_turn, turn_file

USER_AGENT = "sleevewalk/0.1 (album library for the terminal; one person's use)"
TIMEOUTS = (10.0, 30.0)  # seconds to connect, seconds of silence while reading
MOST_SECONDS = 120.0  # for one answer, however slowly it drips
MOST_TEXT = 20_000_000  # bytes of a JSON answer
ATTEMPTS = 5
LONGEST_WAIT = 600.0  # seconds; who asks for more than that is asked again in another run
_REDIRECTS = 5

T = TypeVar("T")


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
        adapter = GuardedAdapter(allow, allow_private)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)
        logging.getLogger("urllib3.connectionpool").addFilter(hide_secrets)

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
            check_status(status, headers)
            if data is None:
                raise TryAgain("an answer that is no JSON")
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
            to = self._persist(host_of(url), lambda url=url: self._image_once(url, make, made))  # type: ignore[misc]
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
        check_status(status, headers)
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
                except TryAgain as error:
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
        check_address(url)
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
            raise TryAgain("no answer in time") from None
        except requests.exceptions.ChunkedEncodingError:
            if late.is_set():
                raise Unanswered("an answer that drips too slowly") from None
            raise TryAgain("an answer that breaks off") from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
            raise Refused("not an address of the web") from None
        except requests.RequestException as error:
            if (refused := private_in(error)) is not None:
                raise Refused(str(refused)) from None
            raise TryAgain("no connection") from None
        except ValueError:  # requests looks at where a redirect leads, and chokes on some of it
            raise Refused("not an address of the web") from None

    def _place(self, host: str) -> threading.BoundedSemaphore:
        with self._lock:
            return self._places.setdefault(host, threading.BoundedSemaphore(self._rule(host).parallel))

    def _rule(self, host: str) -> HostRule:
        if host in self._rules:
            return self._rules[host]
        return self._rules["archive.org"] if host.endswith(".archive.org") else HostRule()

    def _wait_turn(self, host: str) -> None:
        interval = self._rule(host).interval / self._speed
        if not interval and not turn_file(self._turns, host).exists():
            return  # a host without a rule, and nobody was ever asked to pause
        with next_turn(self._turns, host) as turn:
            slot = max(time.time(), turn.at)
            if interval:
                turn.at = slot + interval
        self._sleep((slot - time.time()) * self._speed, f"{host} asked for a pause")

    def _hold(self, host: str, seconds: float) -> None:
        with next_turn(self._turns, host) as turn:
            turn.at = max(turn.at, time.time() + seconds / self._speed)

    def _sleep(self, seconds: float, why: str) -> None:
        if seconds > 2:
            self.on_wait(f"waiting {seconds:.0f} s: {why}")
        if seconds > 0:
            time.sleep(seconds / self._speed)


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
