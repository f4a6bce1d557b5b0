"""The shipped shard is what the drawing code gives."""

from __future__ import annotations

import hashlib

from pipelines.demo.build import DATA
from pipelines.demo.build import demo_albums as shipped_albums
from pipelines.images import encode_webp
from pipelines.shards.format import read_manifest, read_shard
from tools.sleeves.catalogue import demo_albums
from tools.sleeves.draw import draw_cover


def test_albums_tags_and_covers_are_those_that_are_drawn():
    def content(albums):
        return [(a.artist, a.title, a.year, a.genre, a.listeners, a.playcount, a.tags, a.artist_tags) for a in albums]

    drawn = demo_albums()
    assert content(shipped_albums()) == content(drawn)
    (name,) = read_manifest(DATA).shards
    shas = read_shard(DATA, name, ["cover_sha256"])["cover_sha256"].to_pylist()
    for album, sha in list(zip(drawn, shas, strict=True))[::25]:
        assert hashlib.sha256(encode_webp(draw_cover(album))).hexdigest() == sha
