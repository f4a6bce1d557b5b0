"""docs/sql.md: every query of the tour runs as written, read-only, without extensions, and finds something."""

from __future__ import annotations

import duckdb
import pytest

from store.database.library import Library
from tests.store.support.sql import TOUR


@pytest.fixture(scope="module")
def plain(grown: Library):
    """The file in a plain DuckDB, as a person has it: read-only, nothing loaded from anywhere."""
    off = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    with duckdb.connect(str(grown.db_path), read_only=True, config=off) as con:
        yield con


def test_there_are_twenty_three() -> None:
    assert len(TOUR) == 24, "one is two queries"


@pytest.mark.parametrize("number", range(1, 21))
def test_query(number: int, plain: duckdb.DuckDBPyConnection) -> None:
    assert plain.execute(TOUR[number - 1]).fetchall()


def rows(plain: duckdb.DuckDBPyConnection, number: int) -> list[tuple]:
    return plain.execute(TOUR[number - 1]).fetchall()


def test_answers_are_what_the_page_says(plain: duckdb.DuckDBPyConnection) -> None:
    assert rows(plain, 3)[0][1:3] == ("Joy Division", "Unknown Pleasures")
    assert {row[5] for row in rows(plain, 7)} == {"cover"}
    distances = [row[0] for row in rows(plain, 12)]
    assert distances == sorted(distances, reverse=True)
    assert sum(row[1] for row in rows(plain, 14)) == 60
    for _, _, own, seen, _, _ in rows(plain, 16):
        assert own != seen
    assert rows(plain, 19)[0][3] == ["Joy Division / Unknown Pleasures"]
    assert [row[1:4] for row in rows(plain, 20)] == [
        (1, "The Smiths", "The Queen Is Dead"),
        (0, "Joy Division", "Unknown Pleasures"),
    ]


def test_the_most_average_sleeve_is_the_one_nearest_the_mean(plain: duckdb.DuckDBPyConnection) -> None:
    import numpy as np

    told = {row[0]: (row[1], row[2]) for row in rows(plain, 9)}
    for genre, name in told.items():
        found = plain.execute(
            "SELECT artist, title, latent FROM albums JOIN latents USING (cover_sha256) WHERE genre = ?", [genre]
        ).fetchall()
        latents = np.array([row[2] for row in found])
        mean = latents.mean(axis=0)
        cosine = latents @ mean / np.linalg.norm(latents, axis=1)
        assert found[int(cosine.argmax())][:2] == name
