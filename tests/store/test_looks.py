"""Words and sentences on covers: as they are meant, and the same in SQL."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from store.catalogue.albums import add_albums
from store.catalogue.tables import add_covers
from store.database.library import Library
from store.looks import WORDS, CoverFacts, hides, mask_of, meant, phrase, sentence, summary, words_of
from store.memory.snapshot import Snapshot
from store.records import AlbumRecord, CoverRecord

PLAIN_RED = CoverFacts((("red", 0.9, 0x5A050F),), 0.25, 0.11, 0.9, 0.1, 0.02, 0, 0.7, 0, 0.05, "top")


def test_the_words_of_a_plain_red_cover_and_what_is_said_of_them() -> None:
    words = words_of(PLAIN_RED)
    assert words == (
        "dark red field", "red field", "centred", "type at the top", "mostly dark red", "mostly red", "plain", "vivid",
        "red", "dark", "type",
    )  # fmt: skip
    mask = mask_of(words)
    assert sentence(mask, mask) == "both: a dark red field, one thing in the middle, type at the top"
    assert summary(mask_of(["mostly blue", "blue", "busy"])) == "mostly blue, busy all over"
    assert sentence(mask, mask_of(["orange field", "orange", "plain"])) == "both: hardly any texture"
    assert sentence(mask, mask_of(["blue", "busy"])) == (
        "one: a dark red field, one thing in the middle; the other: busy all over, much blue"
    )
    assert sentence(mask, 0) == sentence(0, mask) == summary(0) == ""


def test_a_cover_of_which_nothing_stands_out_has_the_word_of_its_largest_colour() -> None:
    assert words_of(CoverFacts((("olive", 0.2, 0x606020),), 0.5, 0.05, 0.5, 0.2, 0.3, 0, 0, 0)) == ("olive",)


@pytest.mark.parametrize(
    ("text", "word"), [("Red", "red"), (" b&w ", "black and white"), ("text", "type"), ("x", None)]
)
def test_words_as_people_write_them(text: str, word: str | None) -> None:
    assert meant(text) == word


def test_words_that_are_none_are_left_out_of_a_mask() -> None:
    assert mask_of(["red", "\x1b[31m", "red"]) == 1 << WORDS.index("red")
    assert len(WORDS) == len(set(WORDS)) <= 128


def test_sql_says_the_same(tmp_path: Path) -> None:
    with Library.create(tmp_path / "library").read() as con:
        for word in WORDS:
            said, hidden = con.execute("SELECT look_phrase(?), look_hides(?)", [word, word]).fetchall()[0]
            assert (said, set(hidden) - {""}) == (phrase(word), set(hides(word)))
        draw = random.Random(0)
        pairs = [[draw.sample(WORDS, draw.randint(0, 9)) for _ in "ab"] for _ in range(400)]
        pairs = [[[word for word in WORDS if word in words] for words in pair] for pair in pairs]
        said = con.execute(
            "SELECT looks_alike(pair[1], pair[2]) FROM (SELECT unnest(?::VARCHAR[][][]) AS pair)", [pairs]
        ).fetchall()
    assert [text or "" for (text,) in said] == [sentence(mask_of(a), mask_of(b)) for a, b in pairs]


def test_sql_says_the_same_of_two_albums_and_finds_sleeves_by_words(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "library")
    blue = CoverFacts((("blue", 0.6, 0x2040C0),), 0.45, 0.12, 0.9, 0.1, 0.02, 0, 0, 0)
    with library.write() as con:
        add_covers(
            con, [CoverRecord("a" * 64, 9, 9, 9, 0, None, PLAIN_RED), CoverRecord("b" * 64, 9, 9, 9, 0, None, blue)]
        )
        add_covers(con, [CoverRecord("c" * 64, 9, 9, 9, 0)])
        add_albums(con, [AlbumRecord(name, name, "table", name, cover_sha256=name * 64) for name in "abc"])
    snapshot = Snapshot.load(library)
    with library.read() as con:
        said = con.execute(
            "SELECT a.title || b.title, sleeves(a.album_id, b.album_id) FROM albums a CROSS JOIN albums b ORDER BY 1"
        ).fetchall()
        found = con.execute("SELECT title, looks FROM find_sleeves('Vivid, plain')").fetchall()
    rows = {snapshot.titles[row]: row for row in range(3)}
    masks = {title: snapshot.look(row) for title, row in rows.items()}
    assert said == [(a + b, sentence(masks[a], masks[b]) or None) for a in "abc" for b in "abc"]
    assert found == [("a", "a dark red field, one thing in the middle"), ("b", "mostly blue, hardly any texture")]
    assert [title for title, row in rows.items() if snapshot.looking(["vivid", "plain"])[row]] == ["a", "b"]
