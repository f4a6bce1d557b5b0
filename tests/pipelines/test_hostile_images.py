"""500 hostile images from a server: each is stored or refused with a reason, and memory stays bounded."""

from __future__ import annotations

import io
import random
import resource
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.images import WEB_FORMATS, BadImage, prepare_cover
from pipelines.sources.covers import Places, fetch_covers
from pipelines.sources.table import ingest_table
from pipelines.web.client import Web
from store.database.library import Library
from tests.pipelines.support.fakes.host import Answer, FakeHost
from tests.pipelines.support.pictures import photo, png_claiming, to_bytes

COUNT = 500


def animated() -> bytes:
    frames = [photo(60, 60, seed=seed) for seed in range(5)]
    return to_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])


def one_by_one() -> bytes:
    return to_bytes(Image.new("RGB", (1, 1)))


def wide_gray() -> bytes:
    return to_bytes(Image.fromarray(np.arange(90_000, dtype=np.uint16).reshape(300, 300)))


def whole() -> list[bytes]:
    """What the fuzzer starts from: sound pictures of all kinds."""
    picture = photo(150, 150)
    return [
        to_bytes(picture, "JPEG"),
        to_bytes(picture, "JPEG", progressive=True),
        to_bytes(picture.convert("CMYK"), "JPEG"),
        to_bytes(picture, "PNG"),
        to_bytes(picture.convert("P"), "PNG"),
        wide_gray(),
        to_bytes(picture, "WEBP"),
        to_bytes(picture, "GIF"),
        animated(),
    ]


def crafted() -> list[bytes]:
    """Bombs, polyglots and what is no cover."""
    jpeg = to_bytes(photo(150, 150), "JPEG")
    bomb = io.BytesIO()
    Image.new("1", (9000, 9000)).save(bomb, "PNG", optimize=True)
    return [
        png_claiming(60_000, 60_000),
        png_claiming(30_000, 1),
        to_bytes(Image.new("L", (30_000, 1))),
        bomb.getvalue(),
        one_by_one(),
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<!doctype html><html>not found</html>",
        b"%PDF-1.7\n" + jpeg,
        b"GIF89a/*" + b"\0" * 40 + b"*/=1;alert(1)//",
        jpeg + b"PK\x03\x04" + bytes(2000),
        b"PK\x03\x04" + jpeg,
        zlib.compress(jpeg),
        to_bytes(photo(150, 150), "TIFF"),
        to_bytes(photo(150, 150), "BMP"),
        b"",
        b"\0" * 10_000,
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\xff\xff\xff\xffWEBPVP8L",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n",
        jpeg,
    ]


def hostile() -> list[bytes]:
    chance = random.Random(3)
    sound = whole()
    images = [*sound, *crafted()]
    while len(images) < COUNT:
        data = bytearray(chance.choice(sound))
        for _ in range(chance.choice((1, 4, 30))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.4:
            del data[chance.randrange(len(data)) :]
        images.append(bytes(data))
    return images


@pytest.mark.parametrize("place", range(len(whole())))
def test_sound_pictures_of_every_kind_are_taken(place: int) -> None:
    assert prepare_cover(whole()[place], WEB_FORMATS).webp


def test_what_the_network_may_not_bring_is_refused_by_its_reason() -> None:
    reasons = []
    for data in crafted():
        try:
            prepare_cover(data, WEB_FORMATS)
            reasons.append("")
        except BadImage as error:
            reasons.append(error.reason)
    assert reasons[:7] == [
        "more than 50 megapixels",
        "smaller than 16 pixels",
        "smaller than 16 pixels",
        "more than 50 megapixels",
        "smaller than 16 pixels",
        "SVG, which is no picture made of pixels",
        "a web page, not a picture",
    ]
    assert [reason == "" for reason in reasons[7:]].count(True) == 2  # the JPEG, and the JPEG with a ZIP behind it
    assert set(reasons[12:14]) == {"not a JPEG, PNG, WebP or GIF"}


def test_every_hostile_image_is_stored_or_refused_with_a_reason(library: Library, tmp_path: Path) -> None:
    images = hostile()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with FakeHost(lambda path, query: Answer(images[int(path[1:])], kind="image/jpeg")) as host:
        table = tmp_path / "t.csv"
        table.write_text("artist,album,cover\n" + "".join(f"A,B {n},{host.url}/{n}\n" for n in range(COUNT)))
        ingest_table(library, table)
        web = Web(tmp_path / "web", frozenset([host.netloc]), speed=100)
        report = fetch_covers(library, web, Places(archive=""))
    assert report.read == COUNT == report.covers_stored + len(report.without_cover)
    assert {item.reason for item in report.without_cover} == {"refused", "failed"}
    for item in report.without_cover:  # what may have been spoilt on the way is asked for again in another run
        assert (item.reason == "failed") == item.detail.endswith("2 times") and item.detail
    assert report.failed == sum(item.reason == "failed" for item in report.without_cover)
    assert 50 < report.covers_stored < 400
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1024
    assert grown < 500  # MB
    with library.read() as con:
        stored = con.execute("SELECT count(*) FROM albums WHERE cover_sha256 IS NOT NULL").fetchall()
    assert stored == [(report.covers_stored,)]
    print(f"{report.covers_stored} stored, {len(report.without_cover)} refused, memory grew by {grown:.0f} MB")
