"""What an answer from the web comes to: nothing there, ask again, not from here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


class Absent(Exception):
    """The host says that there is no such thing: nothing to ask again for."""


class Unanswered(Exception):
    """No usable answer, in spite of trying again; a later run may fare better. The message says what came."""


class Closed(Unanswered):
    """The host asks to be left alone for longer than a run waits; the message says until when."""


class Malformed(Exception):
    """An answer that is not made as this service makes its answers. It is not kept, and says nothing of others."""


class NotJson(Malformed):
    """An answer of another kind, each time: a web page that says something of all items, or this one's alone."""


class Refused(Exception):
    """Not asked, or not taken, whatever the host says: a bad address, a private network, too large."""


class TryAgain(Exception):
    def __init__(self, why: str, after: float | None = None, everyone: bool = False) -> None:
        super().__init__(why)
        self.after = after  # seconds that the host asks for
        self.everyone = everyone  # all requests to the host wait, not this one alone


def try_again(why: str, after: float | None = None, everyone: bool = False) -> Exception:
    """What a judge raises for an answer that may be another one next time."""
    return TryAgain(why, after, everyone)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or a date."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal() and value.isascii():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time()) if value else None
    except (ValueError, TypeError, OverflowError):
        return None


def check_status(status: int, headers: Mapping[str, str]) -> None:
    if status in (404, 410):
        raise Absent
    if status == 429:
        raise TryAgain("asked too often (429)", retry_after(headers) or 5.0, everyone=True)
    if status == 503:
        raise TryAgain("busy (503)", retry_after(headers))
    if status >= 500:
        raise TryAgain(f"server error {status}")
    if status != 200:
        raise Refused(f"the server answers {status}")
