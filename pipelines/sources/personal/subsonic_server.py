"""Asking a server that speaks Subsonic's API (https://www.subsonic.org/pages/api.jsp): Navidrome and its like.

Everything is sent as a form (OpenSubsonic's `formPost`), so that user and secret stand in no address and in no log. A
token of the password and a salt is sent, new each time; to servers that know no tokens (Supysonic) the password itself,
but never over plain http to another network.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

import requests

from pipelines.images import MAX_BYTES
from pipelines.report import SourceError
from pipelines.web.client import MOST_SECONDS, MOST_TEXT, TIMEOUTS
from pipelines.web.guard import GuardedAdapter, plain_host
from pipelines.web.limit import Limits
from store.shapes import BadShape, from_json
from store.text import clean

VERSION = "1.13.0"  # of the API: the first with tokens
_NO_TOKENS = (10, 41, 42)  # error codes of servers that want the password
_NOT_THERE = 70  # the error code of what the server has not
Values = dict[str, str | Sequence[str]]


class NotThere(SourceError):
    """The server works, and has not what was asked for."""


class _WantsPassword(SourceError):
    """It knows no tokens."""


class SubsonicServer:
    """One server and the person's account there. Every call raises SourceError in a line without a secret."""

    def __init__(self, url: str, user: str, password: str, timeouts: tuple[float, float] = TIMEOUTS) -> None:
        self.host = plain_host(url)
        self._base = url.rstrip("/").removesuffix("/rest")
        self.user, self._password, self._timeouts = user, password, timeouts
        self._by_token = True
        self._session = requests.Session()
        self._session.trust_env = False
        adapter = GuardedAdapter(frozenset([self.host]), False)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._limits = Limits()

    def stop(self) -> None:
        """End what any thread asks, at once; nothing can be asked any more."""
        self._limits.stop()

    def ask(self, method: str, **values: str | Sequence[str]) -> dict[str, Any]:
        """The answer's content as it came; its parts are still to be checked. NotThere where the server says so."""
        try:
            return self._content(method, self._post(method, values, MOST_TEXT))
        except _WantsPassword:
            if not (self._base.startswith("https:") or self._near):
                raise SourceError(
                    f"{self.host} wants the password itself: use https, so that nobody reads it on its way"
                ) from None
            self._by_token = False
            return self.ask(method, **values)

    def picture(self, cover: str, size: int = 600) -> bytes:
        """The bytes of a cover. NotThere where the server has none."""
        body = self._post("getCoverArt", {"id": cover, "size": str(size)}, MAX_BYTES)
        if body[:1] == b"{":  # an error comes as text, with status 200
            self._content("getCoverArt", body)
        return body

    def _content(self, method: str, body: bytes) -> dict[str, Any]:
        """What an answer holds. SourceError for an error, and for what is no answer."""
        try:
            answer = from_json(body, dict[str, dict[str, Any]]).get("subsonic-response", {})
        except BadShape:
            raise SourceError(f"{self.host} answers {method} with something that is no answer of Subsonic") from None
        if answer.get("status") == "ok":
            return answer
        error = answer.get("error")
        error = error if isinstance(error, dict) else {}
        code, why = error.get("code"), clean(str(error.get("message") or "no reason given"), 200)
        kind = NotThere if code == _NOT_THERE else SourceError
        if self._by_token and code in _NO_TOKENS:
            kind = _WantsPassword
        raise kind(f"{self.host} refuses {method}: {why}")

    @property
    def _near(self) -> bool:
        """Whether the server is this machine."""
        return self.host.rpartition(":")[0] in ("localhost", "127.0.0.1", "::1")

    def _secret(self) -> Values:
        if not self._by_token:
            return {"p": f"enc:{self._password.encode().hex()}"}
        salt = secrets.token_hex(8)
        return {"t": hashlib.md5((self._password + salt).encode(), usedforsecurity=False).hexdigest(), "s": salt}

    def _post(self, method: str, values: Values, most: int) -> bytes:
        form = {**values, "u": self.user, **self._secret(), "v": VERSION, "c": "sleevewalk", "f": "json"}
        body = bytearray()
        with self._limits.limit(MOST_SECONDS) as limit:
            try:
                with self._session.post(
                    f"{self._base}/rest/{method}.view", data=form, timeout=self._timeouts, stream=True,
                    allow_redirects=False,
                ) as answer:  # fmt: skip
                    status = answer.status_code
                    if status != 200:
                        hint = ": is the address right?" if status // 100 == 3 or status == 404 else ""
                        raise SourceError(f"{self.host} answers {method} with status {status}{hint}")
                    for chunk in answer.iter_content(65536):
                        body += chunk
                        if len(body) > most:
                            raise SourceError(f"{self.host} answers {method} with more than {most // 1_000_000} MB")
                if not limit.over:
                    return bytes(body)
            except (requests.RequestException, OSError, ValueError) as error:
                if not limit.over:
                    late = isinstance(error, requests.Timeout)
                    why = f"does not answer {method} in time" if late else "cannot be reached, or its answer breaks off"
                    hint = "" if late else ": is it running, is the address right?"
                    raise SourceError(f"{self.host} {why}{hint}") from None
        raise SourceError(f"{self.host} has not answered {method} within {MOST_SECONDS:g} s")
