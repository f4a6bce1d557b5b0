"""Asking a server that speaks Subsonic's API (https://www.subsonic.org/pages/api.jsp): Navidrome and its like.

Everything is sent as a form (OpenSubsonic's `formPost`), so that user and secret stand in no address and in no log. A
token of the password and a salt is sent, new each time; to servers that know no tokens (Supysonic) the password itself,
but never over plain http to another network.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence
from typing import Any

import requests

from pipelines.images import MAX_BYTES
from pipelines.report import SourceError
from pipelines.web.guard import GuardedAdapter, plain_host
from store.shapes import BadShape, from_json
from store.text import clean

VERSION = "1.13.0"  # of the API: the first with tokens
_NO_TOKENS = (10, 41, 42)  # error codes of servers that want the password
MOST_TEXT = 20_000_000  # bytes of a JSON answer
MOST_SECONDS = 60.0  # for one answer
Values = dict[str, str | Sequence[str]]


class SubsonicServer:
    """One server and the person's account there. Every call raises SourceError in a line without a secret."""

    def __init__(self, url: str, user: str, password: str, timeouts: tuple[float, float] = (10.0, 30.0)) -> None:
        self.host = plain_host(url)
        self._base = url.rstrip("/").removesuffix("/rest")
        self.user, self._password, self._timeouts = user, password, timeouts
        self._by_token = True
        self._session = requests.Session()
        self._session.trust_env = False
        adapter = GuardedAdapter(frozenset([self.host]), False)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def ask(self, method: str, **values: str | Sequence[str]) -> dict[str, Any]:
        """The answer's content as it came; its parts are still to be checked."""
        body = self._post(method, values, MOST_TEXT)
        try:
            answer = from_json(body, dict[str, dict[str, Any]]).get("subsonic-response", {})
        except BadShape:
            raise SourceError(f"{self.host} answers {method} with something that is no answer of Subsonic") from None
        if answer.get("status") == "ok":
            return answer
        error = answer.get("error")
        error = error if isinstance(error, dict) else {}
        if self._by_token and error.get("code") in _NO_TOKENS:
            if not (self._base.startswith("https:") or self._near):
                raise SourceError(
                    f"{self.host} wants the password itself: use https, so that nobody reads it on its way"
                )
            self._by_token = False
            return self.ask(method, **values)
        raise SourceError(f"{self.host} refuses {method}: {clean(str(error.get('message') or 'no reason given'), 200)}")

    def picture(self, cover: str, size: int = 600) -> bytes:
        """The bytes of a cover. SourceError where the server has none."""
        body = self._post("getCoverArt", {"id": cover, "size": str(size)}, MAX_BYTES)
        if body[:1] in (b"{", b"<"):  # an error comes as text, with status 200
            raise SourceError("the server has no picture of it")
        return body

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
        ends, body = time.monotonic() + MOST_SECONDS, bytearray()
        try:
            with self._session.post(
                f"{self._base}/rest/{method}.view", data=form, timeout=self._timeouts, stream=True,
                allow_redirects=False,
            ) as answer:  # fmt: skip
                if answer.status_code != 200:
                    hint = (
                        ": is the address right?" if answer.status_code // 100 == 3 or answer.status_code == 404 else ""
                    )
                    raise SourceError(f"{self.host} answers {method} with status {answer.status_code}{hint}")
                for chunk in answer.iter_content(65536):
                    body += chunk
                    if len(body) > most or time.monotonic() > ends:
                        raise SourceError(f"{self.host} answers {method} with too much, or too slowly")
        except requests.Timeout:
            raise SourceError(f"{self.host} does not answer {method} in time") from None
        except (requests.RequestException, OSError, ValueError):
            raise SourceError(f"no connection to {self.host}: is it running, is the address right?") from None
        return bytes(body)
