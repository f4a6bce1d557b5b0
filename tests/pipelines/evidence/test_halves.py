"""Neighbourhoods judged by halves of listeners: genres whose listeners hear nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pipelines.evidence.near.halves import lines_of, measure_halves, read_halves
from pipelines.report import SourceError
from pipelines.sources.table import ingest_table
from store.database.library import Library
from store.neighbors.neighborhood import Neighborhood, open_neighborhood
from tests.pipelines.support.table import album, write_csv
from tui.cli import main

GENRES, ARTISTS = ("rock", "jazz", "folk", "metal"), 80  # artist k is of genre k % 4, its tag says so of every second


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("heard")
    rows = []
    for number in range(ARTISTS):
        genre = GENRES[number % 4]
        tags = genre if number % 8 < 4 else "seen live"
        rows.append(album(number, artist=f"Artist {number}", genre=genre, tags=tags, artist_tags="", cover=""))
    library = Library.create(folder / "library")
    ingest_table(library, write_csv(folder / "t.csv", rows))
    return library


@pytest.fixture(scope="module")
def near(library: Library) -> Neighborhood:
    return open_neighborhood(library)


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 listeners, each of one genre; a column says who is in which half."""
    chance, lines = np.random.default_rng(0), ["user,half,artist,plays"]
    for user in range(40):
        for artist in chance.permutation(range(user % 4, ARTISTS, 4))[:12].tolist():
            lines.append(f"u{user},{'AB'[user // 4 % 2]},Artist {artist},{1 + int(chance.integers(100))}")
    lines += ["u1,A,Nobody,3", "u1,A,Artist 1,many", ",A,Artist 1,3", "u2,A,Artist 2,-1"]
    file = tmp_path_factory.mktemp("plays") / "plays.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_links_find_what_the_other_half_hears_better_than_tags_and_tags_better_than_chance(near, plays):
    found = measure_halves(near, plays)
    ndcg = {one["name"]: one["ndcg"]["mean"] for one in found["told"]}
    assert ndcg["links alone"] > ndcg["tags alone"] > 2 * ndcg["drawn by lot"] and "cover alone" not in ndcg
    assert ndcg["as sleevewalk comes"] > ndcg["without links"] and found["sleeve"] is None
    assert found["listeners"] == [20, 20] and sum(found["artists"]) >= 60
    assert found["left_out"] == {
        "plays that are no number": 2, "an artist that is not in the library": 1, "no listener": 1,
    }  # fmt: skip
    purity = {one["name"]: one["purity"]["mean"] for one in found["told"]}
    assert purity["links alone"] == 1 and purity["drawn by lot"] < 0.4
    assert measure_halves(near, plays) == found
    told = "\n".join(lines_of(found))
    assert "artist 1 *" in told and "\nartist: " in told and "\nera: " in told and "for their sleeve" not in told


def test_a_link_is_the_cosine_of_the_logarithms_of_plays_of_two_listeners_or_more(tmp_path):
    table = tmp_path / "t.csv"
    rows = [("u", "A", 10), ("u", "B", 10), ("v", "A", 100), ("v", "B", 1), ("v", "C", 7), ("w", "A", 5)]
    rows = [(half + user, half, *rest) for half in "ab" for user, *rest in rows]
    table.write_text("user,half,artist,plays\n" + "\n".join(",".join(map(str, row)) for row in rows))
    shown, hidden, _ = read_halves(table, {"a": 0, "b": 1, "c": 2})
    a, b = np.log1p([10, 100, 5]), np.log1p([10, 1, 0])
    assert shown.links == hidden.links and set(shown.links) == {0, 1}
    assert shown.links[0][1] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    assert shown.known_by.tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("user,artist\nu,Artist 1\n", 'no column "plays"'),
        ("user,artist,plays\nu,Somebody else,3\n", "no two halves of listeners"),
        ("user,half,artist,plays\nu,A,Artist 1,3\nv,B,Artist 1,3\n", "fewer than 60 artists"),
    ],
)
def test_a_table_that_says_too_little_is_told_in_one_line(near, tmp_path, text, why):
    table = tmp_path / "t.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=why):
        measure_halves(near, table)


def test_the_command_prints_it(library, plays, capsys):
    assert main(["--library", str(library.path), "evaluate", "--listeners", str(plays), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["tried"]) == 7
