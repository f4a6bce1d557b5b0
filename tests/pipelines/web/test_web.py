"""The one way out: polite, patient within bounds, closed to private networks, and silent about secrets."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import Any

import pytest

from pipelines.report import SourceError
from pipelines.web.answers import Absent, Refused, Unanswered
from pipelines.web.cache import AnswerCache
from pipelines.web.client import USER_AGENT, HostRule, Web
from pipelines.web.guard import plain_host, shown
from tests.pipelines.support.fakes.host import Answer, FakeHost, every

SECRET = "5ec4e7aa11bb22cc33dd44ee55ff6677"


def client(tmp_path: Path, host: FakeHost, **options: object) -> Web:
    return Web(tmp_path / "web", allow=frozenset([host.netloc]), speed=100, timeouts=(2, 2), **options)  # type: ignore[arg-type]


def body(data: bytes) -> bytes:
    return data


@pytest.mark.parametrize("fault", ["500", "503", "429", "reset", "truncated", "short", "html", "drip", "latency"])
def test_what_may_pass_is_tried_again(tmp_path: Path, fault: str) -> None:
    schedule = lambda number: fault if number <= 2 else ""  # noqa: E731
    with FakeHost(lambda path, query: Answer(b'{"a": [1, 2, 3, 4, 5, 6]}'), schedule) as host:
        assert client(tmp_path, host).json(host.url, {"q": "x"}, Any) == {"a": [1, 2, 3, 4, 5, 6]}
        assert len(host.times) == (1 if fault in ("drip", "latency") else 3)
        assert host.agents == {USER_AGENT}


def test_trying_again_has_an_end(tmp_path: Path) -> None:
    with FakeHost(lambda path, query: Answer(b"{}"), lambda number: "500") as host:
        with pytest.raises(Unanswered, match="server error 500, 5 times"):
            client(tmp_path, host).json(host.url, {}, Any)
        assert len(host.times) == 5


def test_absent_and_refused_are_not_asked_again(tmp_path: Path) -> None:
    with FakeHost(lambda path, query: Answer(b"", int(path[1:]))) as host:
        web = client(tmp_path, host)
        for status, error in ((404, Absent), (410, Absent), (403, Refused), (400, Refused)):
            with pytest.raises(error):
                web.image(f"{host.url}/{status}", body)
        assert len(host.times) == 4


def test_who_asks_for_a_very_long_pause_is_left_alone(tmp_path: Path) -> None:
    with FakeHost(lambda path, query: Answer(b"", 429, headers={"Retry-After": "86400"})) as host:
        with pytest.raises(Unanswered, match="asks to wait for 1440 minutes"):
            client(tmp_path, host).json(host.url, {}, Any)
        assert len(host.times) == 1


def test_answers_are_kept_for_the_next_run(tmp_path: Path) -> None:
    with FakeHost(lambda path, query: Answer(b'{"q": "\xc3\xa9"}')) as host:
        for _ in range(2):
            web = client(tmp_path, host)
            assert web.json(host.url, {"b": "2", "a": "1"}, Any) == {"q": "é"}
            web.close()
        assert len(host.times) == 1


def test_the_cache_keeps_to_its_size(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "c.sqlite", most_bytes=2000)
    for number in range(200):
        cache.put(str(number), f"{number} some text that takes some place".encode())
    kept = [number for number in range(200) if cache.get(str(number)) is not None]
    assert kept[-1] == 199
    assert 10 < len(kept) < 60
    assert kept == list(range(kept[0], 200))
    assert AnswerCache(tmp_path / "c.sqlite", keep_seconds=0).get("199") is None


def test_a_host_is_asked_no_faster_than_its_rule_by_several_clients(tmp_path: Path) -> None:
    with FakeHost(lambda path, query: Answer(b"{}")) as host:
        interval = 0.2
        for turn in range(6):  # a new client each time, as after a kill
            web = Web(tmp_path, frozenset([host.netloc]), rules={host.netloc: HostRule(interval, 1)})
            web.json(host.url, {"turn": str(turn)}, Any)
            web.close()
        assert host.worst_excess(1 / interval) < 1.5  # all at once it would be 5; one may arrive late


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_a_private_address_is_refused_before_anything_is_sent(tmp_path: Path, name: str) -> None:
    with FakeHost(lambda path, query: Answer(b"{}")) as host:
        web = Web(tmp_path, speed=1000)
        with pytest.raises((Refused, Unanswered)) as caught:
            web.image(f"http://{name}:{host.server.server_port}/", body)
        assert isinstance(caught.value, Refused) or name.startswith("[")  # where there is no IPv6
        assert host.times == []
        assert Web(tmp_path / "own", allow_private=True).json(host.url, {}, Any) == {}


def test_redirects_are_followed_with_the_same_care(tmp_path: Path) -> None:
    with FakeHost(lambda path, query: Answer(b"ok")) as inner:
        targets = {
            "/private": inner.url,
            "/file": "file:///etc/hostname",
            "/ftp": "ftp://example.org/",
            "/none": "http://",
            "/odd": "http://[::1/",
            "/circle": "/circle",
            "/fine": "/ok",
        }

        def answer(path: str, query: dict[str, str]) -> Answer:
            return Answer(b"ok") if path == "/ok" else Answer(b"", 302, headers={"Location": targets[path]})

        with FakeHost(answer) as outer:
            web = client(tmp_path, outer)
            assert web.image(outer.url + "/fine", body) == b"ok"
            for path in targets:
                if path != "/fine":
                    with pytest.raises(Refused):
                        web.image(outer.url + path, body)
        assert inner.times == []


def test_an_image_larger_than_allowed_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.web.client.MAX_BYTES", 1_000_000)
    with (
        FakeHost(lambda path, query: Answer(bytes(3_000_000))) as host,
        pytest.raises(Refused, match="larger than 1 MB"),
    ):
        client(tmp_path, host).image(host.url, body)


def test_a_drip_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.web.client.MOST_SECONDS", 0.04)
    drips = FakeHost(lambda path, query: Answer(bytes(1000)), lambda number: "drip")
    with drips as host, pytest.raises(Unanswered, match="drips"):
        client(tmp_path, host).image(host.url, body)


def test_a_secret_is_in_no_error_log_or_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = ""
    with FakeHost(lambda path, query: Answer(b'{"echo": "%s"}' % query["api_key"].encode()), every({2: "500"})) as host:
        web = client(tmp_path, host)
        for turn in range(6):
            web.json(host.url, {"turn": str(turn)}, Any, {"api_key": SECRET})
        assert web.json(host.url, {"turn": "0"}, Any, {"api_key": SECRET}) == {"echo": ""}  # what is kept
        host.schedule = lambda number: "reset"
        try:
            web.json(host.url, {"turn": "reset"}, Any, {"api_key": SECRET})
        except Unanswered:
            told += traceback.format_exc()
    try:
        web.json(host.url, {"turn": "closed"}, Any, {"api_key": SECRET})
    except Unanswered:
        told += traceback.format_exc()
    web.close()
    assert told.count("Unanswered: ") == 2
    assert "api_key=…" in caplog.text  # the library logs addresses, and we have seen one
    assert SECRET not in told + caplog.text
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()


@pytest.mark.parametrize("url", ["ftp://a", "a.org", "http://", "https://u:p@a.org/", "https://a.org/?key=1"])
def test_a_base_url_is_judged(url: str) -> None:
    with pytest.raises(SourceError, match="base-url"):
        plain_host(url)
    assert plain_host("https://a.org/x") == "a.org:443"
    assert shown("https://u:p@a.org/x.jpg?token=1#f") == "https://a.org/x.jpg"
