"""Where requests may go: http and https, no private network unless it was allowed; and what may be shown of them."""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from pipelines.report import SourceError
from pipelines.web.answers import Refused
from pipelines.web.limit import current_limit

MOST_ADDRESSES = 3  # of a name that are tried
TIMEOUT = 10.0  # seconds, where no other is given
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
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
    """A connection that judges each address before it connects, to that address itself: no second look-up can differ.

    It connects and waits for no longer than the request may take.
    """

    class Guarded(kind):  # type: ignore[misc, valid-type]
        allow: frozenset[str] | None = frozenset()  # None: all

        def _new_conn(self) -> socket.socket:
            limit = current_limit()
            failure: Exception = OSError("no address")
            for address in self._addresses():
                try:
                    connected = create_connection(
                        (address, self.port),
                        min(
                            self.timeout if isinstance(self.timeout, float) else TIMEOUT,
                            limit.left if limit else TIMEOUT,
                        ),
                        source_address=self.source_address,
                        socket_options=self.socket_options,
                    )
                except TimeoutError:
                    failure = ConnectTimeoutError(self, "no connection in time")
                except OSError as error:
                    failure = NewConnectionError(self, f"no connection: {error}")
                else:
                    if limit:
                        limit.watch(connected)
                    return connected
            raise failure

        def _addresses(self) -> list[str]:
            try:
                found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                raise NewConnectionError(self, f"no such host: {error}") from error
            addresses = list(dict.fromkeys(str(info[4][0]) for info in found))[:MOST_ADDRESSES]
            if self.allow is None or f"{self.host}:{self.port}" in self.allow:
                return addresses
            public = [address for address in addresses if _is_public(address)]
            if not public:
                raise _Private("the address lies in a private network")
            return public

        def getresponse(self) -> HTTPResponse:
            limit = current_limit()
            if limit and self.sock is not None:  # one that was kept from the request before
                limit.watch(self.sock)
            response: HTTPResponse = super().getresponse()
            return response

    return Guarded


def _is_public(text: str) -> bool:
    """Whether it lies in no private network; of an IPv6 address that stands for another, that one counts too."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_global
    inner = [address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and all(one.is_global for one in inner if one is not None)


class GuardedAdapter(HTTPAdapter):
    """Connections that are guarded, http and https alike; `allow_private`: to any address."""

    def __init__(self, allow: frozenset[str], allow_private: bool) -> None:
        super().__init__(pool_connections=32, pool_maxsize=32)
        plain, secure = _guarded(HTTPConnection), _guarded(HTTPSConnection)
        plain.allow = secure.allow = None if allow_private else allow  # type: ignore[attr-defined]
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
