"""A built library, and a way to run commands on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.build import build
from pipelines.images import encode_webp
from store.catalogue.albums import add_albums
from store.catalogue.covers import CoverFiles
from store.catalogue.tables import add_covers, add_similar_artists
from store.database.library import Library
from store.records import AlbumRecord, CoverRecord
from tests.support.hostile import HOSTILE_NAME
from tui import cli


@pytest.fixture(scope="module")
def folder(tmp_path_factory, covers, tiny_weights) -> Path:
    """A built library of 24 albums by 8 artists."""
    library = Library.create(tmp_path_factory.mktemp("cli") / "library")
    files = CoverFiles(library.covers_dir)
    shas = [files.put(encode_webp(cover)) for cover in covers[:24]]
    names = ["Pink Floyd", "Sigur Rós", "AC/DC", "Björk", "The Beatles", "Low", "Can", HOSTILE_NAME]
    titles = {0: "The Dark Side of the Moon", 8: "Wish You Were Here", 1: "Ágætis byrjun"}
    with library.write() as con:
        add_covers(con, [CoverRecord(sha, 128, 128, 1, 0) for sha in shas])
        albums = [
            AlbumRecord(
                names[i % 8],
                titles.get(i, f"Album {i}"),
                "test",
                str(i),
                year=1970 + i,
                genre="rock" if i % 2 else "pop",
                cover_sha256=sha,
                tags=(("rock", 100.0), (f"tag {i % 4}", 60.0)),
            )
            for i, sha in enumerate(shas)
        ]
        add_albums(con, albums)
        add_similar_artists(con, [("Pink Floyd", "Can", 0.8)], "test")
    build(library, weights=tiny_weights)
    return library.path


@pytest.fixture
def tiny_model(tiny_weights, monkeypatch):
    """Blending uses the library's model, not the shipped one."""
    monkeypatch.setattr("pipelines.blends.recipe_to_file.SHIPPED", tiny_weights)
    monkeypatch.setattr(cli, "DEBUG", [])


@pytest.fixture
def run(folder, capsys):
    """Run a command on the library: (status, stdout, stderr)."""

    def call(*arguments: str) -> tuple[int, str, str]:
        status = cli.main([*arguments, "--library", str(folder)])
        out = capsys.readouterr()
        return status, out.out, out.err

    return call
