"""Hosts that never come to an end, that want to know more than they should, and what a cache may hold."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipelines.web.answers import Closed, Malformed, Unanswered
from pipelines.web.client import USER_AGENT, HostRule, Web
from pipelines.web.turns import turn_file
from tests.pipelines.support.fakes.host import Answer, FakeHost


@contextmanager
def endless(first: bytes, again: bytes) -> Iterator[str]:
    """A host that says `first`, then `again` ten times a second and for ever; its address."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(10_000)
                connection.sendall(first)
                while not stop.wait(0.05):
                    connection.sendall(again)
            except OSError:
                pass

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.close()


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Head: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"", b"H"),
    ],
    ids=["headers that drip", "100 Continue", "a body that drips", "chunks that drip", "a status that drips"],
)
@pytest.mark.parametrize("ask", ["json", "image"])
def test_an_answer_without_end_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bytes, again: bytes, ask: str
) -> None:
    monkeypatch.setattr("pipelines.web.client.MOST_SECONDS", 0.5)
    with endless(first, again) as netloc:
        web = Web(tmp_path, frozenset([netloc]), speed=1000)
        with pytest.raises(Unanswered, match="drips too slowly"):
            web.json(f"http://{netloc}/", {}, Any) if ask == "json" else web.image(f"http://{netloc}/", bytes)


def test_stop_ends_what_other_threads_ask_and_wait_for(tmp_path: Path) -> None:
    errors: list[Exception] = []
    with endless(b"", b"H") as netloc:
        web = Web(tmp_path, frozenset([netloc]))

        def ask(way: Callable[[], object]) -> None:
            try:
                way()
            except Unanswered as error:
                errors.append(error)

        ways = [lambda: web.json(f"http://{netloc}/", {}, Any), lambda: web._sleep(60, "a host")]
        threads = [threading.Thread(target=ask, args=(way,)) for way in ways]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        web.stop()
        for thread in threads:
            thread.join(20)
    assert [str(error) for error in errors] == ["stopped", "stopped"]


def test_no_password_of_the_machine_and_no_cookie_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login anna password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    seen: list[dict[str, str]] = []
    with FakeHost(lambda path, query: Answer(b"{}", headers={"Set-Cookie": "id=7; Path=/"})) as host:
        handler = host.server.RequestHandlerClass
        get = handler.do_GET  # type: ignore[attr-defined]

        def spy(self: Any) -> None:
            seen.append(dict(self.headers))
            get(self)

        handler.do_GET = spy  # type: ignore[attr-defined]
        web = Web(tmp_path / "web", frozenset([host.netloc]), contact="anna@example.org")
        for turn in range(3):
            web.json(host.url, {"turn": str(turn)}, Any)
    assert len(seen) == 3
    assert not [headers for headers in seen if {"Authorization", "Cookie"} & headers.keys()]
    assert seen[0]["User-Agent"] == f"{USER_AGENT[:-1]}; anna@example.org)"


@pytest.mark.parametrize(
    "at", [b"inf", b"-inf", b"nan", b"1e300", b"99999999999", b"\xff\xfe", b"", b"soon", b"9" * 5000]
)
def test_a_turn_from_the_future_is_not_believed(tmp_path: Path, at: bytes) -> None:
    with FakeHost(lambda path, query: Answer(b"{}")) as host:
        web = Web(tmp_path, frozenset([host.netloc]), rules={host.netloc: HostRule(0.01, 1)})
        turn_file(tmp_path / "turns", host.netloc).write_bytes(at)
        assert web.json(host.url, {}, Any) == {}


def test_who_asks_for_an_hour_is_left_alone_for_an_hour(tmp_path: Path) -> None:
    with FakeHost(lambda path, query: Answer(b"", 503, headers={"Retry-After": "3600"})) as host:
        for turn in range(3):
            web = Web(tmp_path, frozenset([host.netloc]))
            with pytest.raises(Closed, match=r"60 minutes|not to be asked again before \d{4}-\d\d-\d\d \d\d:\d\d"):
                web.json(host.url, {"turn": str(turn)}, Any)
            web.close()
        assert len(host.times) == 1


@pytest.mark.parametrize("damage", [b"not SQLite" * 1000, b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_cache_is_begun_anew(tmp_path: Path, damage: bytes) -> None:
    with FakeHost(lambda path, query: Answer(b'{"a": 1}')) as host:
        (tmp_path / "answers.sqlite").write_bytes(damage)
        for _ in range(2):
            web = Web(tmp_path, frozenset([host.netloc]))
            assert web.json(host.url, {}, Any) == {"a": 1}
            web.close()
        assert len(host.times) == 1
        assert (tmp_path / "answers.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_cache_that_cannot_be_written_costs_nothing_but_asking_again(tmp_path: Path) -> None:
    with FakeHost(lambda path, query: Answer(b'{"a": 1}')) as host:
        (tmp_path / "answers.sqlite").mkdir()
        web = Web(tmp_path, frozenset([host.netloc]))
        assert web.json(host.url, {}, Any) == web.json(host.url, {}, Any) == {"a": 1}
        assert len(host.times) == 2


def test_a_kept_answer_of_another_shape_is_asked_for_again(tmp_path: Path) -> None:
    with FakeHost(lambda path, query: Answer(b'{"a": 1}')) as host:
        web = Web(tmp_path, frozenset([host.netloc]))
        name = f"{host.url}?"
        for kept in (b"{", b'{"a": "x"}', b"[1]", b"\xff", b"[" * 100_000):
            web._cache.put(name, kept)
            assert web.json(host.url, {}, dict[str, int]) == {"a": 1}
        with pytest.raises(Malformed, match="makes no sense"):
            web.json(host.url, {"b": "2"}, dict[str, str])
