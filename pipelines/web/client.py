"""Asking the web, politely and safely: the one way out for every source.

Each host is asked no faster than its rule, over all threads and processes of this person; what may pass is
tried again with growing pauses; nothing is sent to an address of a private network unless it was allowed.
Errors name the host and what is wrong, never the address asked: that may hold a key.
"""

from __future__ import annotations

import hashlib
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import requests

from pipelines.images import MAX_BYTES
from pipelines.web.answers import Closed, Malformed, NotJson, Refused, TryAgain, Unanswered, check_status
from pipelines.web.cache import AnswerCache
from pipelines.web.guard import GuardedAdapter, check_address, hide_secrets, host_of, private_in
from pipelines.web.limit import Limits
from pipelines.web.turns import LONGEST_PAUSE, next_turn, turn_file
from store.shapes import BadShape, from_json, to_json
from store.text import clean

USER_AGENT = "sleevewalk/0.1 (album library for the terminal; one person's use)"
TIMEOUTS = (10.0, 30.0)  # seconds to connect, seconds of silence while reading
MOST_SECONDS = 60.0  # for one answer, from its name being looked up to its last byte, however slowly it drips
MOST_TEXT = 20_000_000  # bytes of a JSON answer
ATTEMPTS = 5
LONGEST_WAIT = 600.0  # seconds; who asks for more than that is left alone until then
NO_JSON = "an answer that is no JSON"
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
        contact: str = "",  # address or mail of who asks, for the services that want to know (MusicBrainz)
    ) -> None:
        self._turns = cache_dir / "turns"
        self._turns.mkdir(parents=True, exist_ok=True)
        self._cache = AnswerCache(cache_dir / "answers.sqlite")
        self._rules, self._speed, self._timeouts = rules, speed, timeouts
        self._places: dict[str, threading.BoundedSemaphore] = {}
        self._lock = threading.Lock()
        self._limits = Limits()
        self._item = threading.local()
        self.on_wait: Callable[[str], None] = lambda text: None  # called by any thread whose pause is worth telling
        self.session = requests.Session()
        self.session.trust_env = False  # no passwords of ~/.netrc, no proxies of another's choice
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.session.headers["User-Agent"] = f"{USER_AGENT[:-1]}; {clean(contact, 100)})" if contact else USER_AGENT
        adapter = GuardedAdapter(allow, allow_private)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)
        logging.getLogger("urllib3.connectionpool").addFilter(hide_secrets)

    def json(
        self,
        url: str,
        params: Mapping[str, str],
        shape: type[T],
        secrets: Mapping[str, str] | None = None,
        judge: Callable[[int, bytes], None] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> T:
        """The JSON answer as a value of `shape`, from the cache where it is there; of it only what `shape` has is kept.

        `secrets` are sent as parameters and kept nowhere. `judge(status, body)` raises for an answer that is an error
        in disguise; `try_again` makes the error that asks once more. `body` is posted as JSON. Raises Absent,
        Unanswered, Malformed, Refused, and what `judge` raises.
        """
        name = f"{url}?{urlencode(sorted(params.items()))}"
        posted = None if body is None else to_json(body)
        if posted is not None:
            name += f" {hashlib.sha256(posted).hexdigest()}"
        self._used().append(name)
        kept = self._cache.get(name)
        if kept is not None:
            try:
                return from_json(kept, shape)
            except BadShape:
                self._cache.forget(name)

        def once() -> T:
            status, headers, text = self._fetch(url, {**params, **(secrets or {})}, MOST_TEXT, posted)
            if judge is not None:
                judge(status, text)
            check_status(status, headers)
            try:
                return from_json(text, shape)
            except BadShape as error:
                if error.damaged:
                    raise TryAgain(NO_JSON) from None
                raise Malformed(f"{urlsplit(url).netloc}: an answer that makes no sense ({error})") from None

        value = self._persist(urlsplit(url).netloc, once)
        text = to_json(value)
        for secret in (secrets or {}).values():
            text = text.replace(secret.encode(), b"")
        self._cache.put(name, text)
        return value

    def begin_item(self) -> None:
        """What this thread asks from here on is about one item, which `forget_item` forgets."""
        self._item.names = []

    def forget_item(self) -> None:
        """Drop the answers that this item was made of: they may be why it failed."""
        for name in self._used():
            self._cache.forget(name)

    def _used(self) -> list[str]:
        names: list[str] = self._item.__dict__.setdefault("names", [])
        return names

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

    def stop(self) -> None:
        """End what other threads ask and wait for, at once; nothing can be asked any more."""
        self._limits.stop()

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
                        self._hold(host, min(pause, LONGEST_PAUSE * 0.9))
                        raise Closed(f"{host} asks to wait for {pause / 60:.0f} minutes") from None
                    if error.everyone:
                        self._hold(host, pause)
                    elif attempt < ATTEMPTS - 1:
                        self._sleep(pause, f"{host}: {why}")
        kind = NotJson if why == NO_JSON else Unanswered
        raise kind(f"{host}: {why}, {ATTEMPTS} times")

    def _fetch(
        self, url: str, params: Mapping[str, str], most: int, posted: bytes | None = None
    ) -> tuple[int, requests.structures.CaseInsensitiveDict[str], bytes]:
        """One request: status, headers, body. Nothing is followed."""
        check_address(url)
        body = bytearray()
        with self._limits.limit(MOST_SECONDS) as limit:
            try:
                with self.session.request(
                    "GET" if posted is None else "POST", url, params=dict(params), data=posted,
                    headers={} if posted is None else {"Content-Type": "application/json"},
                    timeout=self._timeouts, stream=True, allow_redirects=False,
                ) as answer:  # fmt: skip
                    for chunk in answer.iter_content(65536):
                        body += chunk
                        if len(body) > most:
                            raise Refused(f"larger than {most // 1_000_000} MB")
                    if not limit.over:
                        return answer.status_code, answer.headers, bytes(body)
                why = "no connection"
            except requests.Timeout:
                why = "no answer in time"
            except requests.exceptions.ChunkedEncodingError:
                why = "an answer that breaks off"
            except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
                raise Refused("not an address of the web") from None
            except requests.RequestException as error:
                if (refused := private_in(error)) is not None:
                    raise Refused(str(refused)) from None
                why = "no connection"
            except ValueError:  # requests looks at where a redirect leads, and chokes on some of it
                raise Refused("not an address of the web") from None
            if self._limits.stopped.is_set():
                raise Unanswered("stopped")
            if limit.over:
                raise Unanswered(f"{host_of(url)}: an answer that drips too slowly: none within {MOST_SECONDS:.0f} s")
            raise TryAgain(why)

    def _place(self, host: str) -> threading.BoundedSemaphore:
        with self._lock:
            return self._places.setdefault(host, threading.BoundedSemaphore(self._rule(host).parallel))

    def _rule(self, host: str) -> HostRule:
        if host in self._rules:
            return self._rules[host]
        return self._rules["archive.org"] if host.endswith(".archive.org") else HostRule()

    def _wait_turn(self, host: str) -> None:
        """Sleep until the host may be asked. Closed where it asked for a longer pause than a run waits."""
        interval = self._rule(host).interval / self._speed
        if not interval and not turn_file(self._turns, host).exists():
            return  # a host without a rule, and nobody was ever asked to pause
        with next_turn(self._turns, host) as turn:
            now = time.time()
            slot = max(now, turn.at)
            pause = (slot - now) * self._speed
            if pause > LONGEST_WAIT:
                until = time.strftime("%Y-%m-%d %H:%M", time.localtime(slot))
                raise Closed(f"{host} asked not to be asked again before {until}")
            if interval:
                turn.at = slot + interval
        self._sleep(pause, f"{host} asked for a pause")

    def _hold(self, host: str, seconds: float) -> None:
        with next_turn(self._turns, host) as turn:
            turn.at = max(turn.at, time.time() + seconds / self._speed)

    def _sleep(self, seconds: float, why: str) -> None:
        if seconds > 2:
            self.on_wait(f"waiting {seconds:.0f} s: {why}")
        if self._limits.stopped.wait(max(0.0, seconds) / self._speed):
            raise Unanswered("stopped")
