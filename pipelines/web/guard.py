"""Where requests may go: http and https, no private network unless it was allowed; and what may be shown of them."""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from pipelines.report import SourceError
from pipelines.web.answers import Refused

_SECRET = re.compile(r"\b(api_key|token|sk|api_sig)=[^&\s\"']+")


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


class GuardedAdapter(HTTPAdapter):
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


def private_in(error: BaseException | None) -> _Private | None:
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


def check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise Refused("not an http or https address")


def host_of(url: str) -> str:
    check_address(url)
    return urlsplit(url).netloc.rpartition("@")[2]


def hide_secrets(record: logging.LogRecord) -> bool:
    record.msg, record.args = _SECRET.sub(r"\1=…", record.getMessage()), ()
    return True
