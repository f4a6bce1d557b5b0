"""Whatever comes in at a boundary ends in a value or in one line: any JSON, any bytes, in every declared shape.

Some hundred cases each here; `SLEEVEWALK_FUZZ=10000` tries as many.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.evidence.results import Evidence
from pipelines.exports.library import Manifest as ExportManifest
from pipelines.report import SourceError
from pipelines.shards.format import Manifest as ShardsManifest
from pipelines.sources.album_rows import ALBUM_COLUMNS, parse_rows
from pipelines.sources.lastfm import Album, Failure, Page, Similar, TopTags, _judge
from pipelines.sources.musicbrainz import Found, ReleaseGroup, Statistics
from pipelines.sources.rows import read_rows
from pipelines.web.answers import Absent, TryAgain
from pipelines.web.turns import _moment
from store.database import journal
from store.index.index_files import IndexFacts
from store.shapes import BadShape, from_json, to_json
from tui.config import ConfigError, load_config, web_contact

CASES = int(os.environ.get("SLEEVEWALK_FUZZ", "60"))
many = settings(max_examples=CASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
WORDS = [
    "id", "title", "artist-credit", "name", "joinphrase", "tags", "genres", "count", "release-groups", "payload",
    "release_groups", "album", "albums", "topalbums", "@attr", "totalPages", "playcount", "listeners", "mbid", "image",
    "#text", "toptags", "tag", "similarartists", "artist", "match", "error", "message", "format", "schema", "tables",
    "shards", "rows", "table", "kind", "at", "album_id", "note", "seq", "walk_id", "came_from", "recipe", "items",
]  # fmt: skip
TIMES = ["2025-01-01T00:00:00+00:00", "0001-01-01T00:00:00+14:00"]
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["1", "NaN", "bookmark", "merge", "walk_step", *TIMES])
)
NAMES = st.sampled_from(WORDS) | st.text(max_size=5)
JSON = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)
SHAPES = [
    ReleaseGroup, Found, Statistics, Album, Page, Similar, TopTags, Failure, ExportManifest, ShardsManifest,
    journal.Record, IndexFacts, Evidence, dict[str, Any],
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: getattr(shape, "__name__", str(shape))[:30])
@many
@given(value=JSON, cut=st.integers(0, 200), extra=st.binary(max_size=6))
def test_any_json_is_a_value_or_a_line(shape: Any, value: object, cut: int, extra: bytes) -> None:
    text = json.dumps(value).encode()
    for data in (text, text[:cut] + extra + text[cut:]):
        try:
            made = from_json(data, shape)
        except BadShape as error:
            assert "\n" not in str(error) and len(str(error)) <= 200
        else:
            if shape is not journal.Record:
                assert from_json(to_json(made), shape) == made


@many
@given(value=JSON)
def test_what_lastfm_says_in_place_of_an_answer(value: object) -> None:
    with suppress(Absent, TryAgain, SourceError):
        _judge(200, json.dumps(value).encode())


@many
@given(lines=st.lists(JSON.map(json.dumps) | st.text(max_size=30), max_size=5), torn=st.binary(max_size=20))
def test_any_journal_is_records_and_lines_that_are_none(lines: list[str], torn: bytes) -> None:
    content = "\n".join(lines).encode("utf-8", "replace") + b"\n" + torn
    records, damaged = journal.parse(content)
    assert len(records) + len(damaged) <= content.count(b"\n") + 1
    for record in records:
        assert record.when


@many
@given(content=st.binary(max_size=40) | st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace")))
def test_any_turn_is_a_moment(content: bytes) -> None:
    assert isfinite(_moment(content))


@many
@given(
    rows=st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=9), max_size=4),
    ending=st.sampled_from(["csv", "jsonl", "tsv"]),
    junk=st.binary(max_size=10),
)
def test_any_table_is_rows_or_a_line(tmp_path: Path, rows: list[list[str]], ending: str, junk: bytes) -> None:
    file = tmp_path / f"t.{ending}"
    names = ["artist", "album", "year", "tags", "listeners", "mbid", "cover", "genre", "playcount"]
    if ending == "jsonl":
        text = "\n".join(json.dumps(dict(zip(names, row, strict=False))) for row in rows)
    else:
        text = "\n".join(",".join(row) for row in [names, *rows])
    file.write_bytes(text.encode("utf-8", "replace") + junk)
    try:
        for parsed in parse_rows(list(read_rows(file, ALBUM_COLUMNS)), "table"):
            assert parsed.label is not None
    except SourceError as error:
        assert "\n" not in str(error)


TOML = st.dictionaries(
    st.sampled_from(["theme", "pictures", "output", "weights", "keys", "lastfm", "web", "player"])
    | st.text(max_size=4),
    st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.dictionaries(st.text(max_size=6), st.integers() | st.text(max_size=6)),
    max_size=3,
)


@many
@given(table=TOML, junk=st.text(max_size=10))
def test_any_config_is_settings_or_a_line(tmp_path: Path, table: dict[str, Any], junk: str) -> None:
    def written(value: object) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{json.dumps(name)} = {written(one)}" for name, one in value.items()) + "}"
        return json.dumps(value) if isinstance(value, str | int) else str(value)

    file = tmp_path / "config.toml"
    text = "\n".join(f"{json.dumps(name)} = {written(value)}" for name, value in table.items())
    for content in (text, text + "\n" + junk):
        file.write_bytes(content.encode("utf-8", "replace"))
        try:
            load_config(file, ("dark",), ("walk.find",))
            web_contact(file)
        except ConfigError as error:
            assert "\n" not in error.message and "\x1b" not in error.message
