"""Larger pictures beside the covers: kept at ingest, added later, exported, mended, told, deleted."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from pipelines.exports.library import export_library, import_library
from pipelines.images import encode_large, prepare_cover
from pipelines.sources.large import large_from_folder
from pipelines.sources.table import ingest_table
from store.catalogue.covers import CoverFiles, decode_large
from store.database.library import Library
from store.errors import LibraryError
from store.repair.repair import find_problems, mend
from tui.commands.ingest import ingest
from tui.commands.shared import Context


def picture(side: tuple[int, int], kind: str = "PNG", seed: int = 0, mode: str = "RGB") -> bytes:
    small = np.random.default_rng(seed).integers(0, 256, (8, 8, len(mode)), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(small, mode).resize(side).save(out, kind)
    return out.getvalue()


SIDES = [(128, 128), (300, 300), (500, 500), (900, 700), (1400, 1400)]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    with (folder / "albums.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["artist", "album", "cover"])
        for number, side in enumerate(SIDES):
            (folder / f"{number}.png").write_bytes(picture(side, seed=number))
            rows.writerow(["A", f"T {number}", f"{number}.png"])
    return folder


def sizes(library: Library) -> list[int]:
    files = CoverFiles(library.covers_dir)
    return sorted(len(decode_large(path.read_bytes(), path.name)) for path in files.large_files())


@pytest.mark.parametrize(("keep", "wanted"), [("none", []), ("512", [500, 512, 512]), ("all", [300, 500, 512, 512])])
def test_ingest_keeps_what_was_asked_for_and_the_small_covers_are_the_same(sources, tmp_path, keep, wanted):
    library = Library.create(tmp_path / "library")
    ingest_table(library, sources / "albums.csv", sources, keep=keep)
    assert sizes(library) == wanted
    plain = Library.create(tmp_path / "plain")
    ingest_table(plain, sources / "albums.csv", sources, keep="none")
    names = [sorted(path.name for path in one.covers_dir.glob("??/*.webp")) for one in (library, plain)]
    assert names[0] == names[1] and len(names[0]) == 5


def test_they_are_added_later_and_go_through_export_import_and_repair(sources, tmp_path):
    library = Library.create(tmp_path / "library")
    ingest_table(library, sources / "albums.csv", sources, keep="none")
    (sources / "other.png").write_bytes(picture((600, 600), seed=99))
    (sources / "broken.png").write_bytes(b"\x89PNG\r\n nothing")
    report = large_from_folder(library, sources, "512")
    assert (report.added, report.unknown, report.failed) == (3, 1, 1) and report.bytes > 0
    assert large_from_folder(library, sources, "512").there == 3
    export_library(library, tmp_path / "out")
    copy = tmp_path / "copy"
    assert import_library(tmp_path / "out", copy).large == 3
    there = Library.open(copy)
    assert sizes(there) == sizes(library) == [500, 512, 512] and not find_problems(there, check_hashes=True)
    files = CoverFiles(there.covers_dir)
    first, second, third = sorted(files.large_files())
    first.write_bytes(first.read_bytes()[:100])
    alone = second.with_name("0" * 64 + ".webp")
    second.rename(alone)
    os.utime(alone, (0, 0))
    problems = find_problems(there, check_hashes=True)
    assert {one.name for one in problems} == {"large covers alone", "damaged large covers"}
    mend(there, problems)
    assert list(files.large_files()) == [third] and not find_problems(there, check_hashes=True)


def test_a_large_cover_is_upright_over_white_and_what_is_none_is_refused(tmp_path):
    turned = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("RGB", (600, 500), "black")
    image.paste("red", (0, 0, 600, 250))
    image.save(turned, "JPEG", exif=exif)
    pixels = decode_large(encode_large(turned.getvalue(), 500), "x")
    assert pixels[250, 450, 0] > 200 > 50 > pixels[250, 50, 0]  # what was above is on the right
    clear = Image.new("RGBA", (600, 600), (0, 0, 0, 0))
    out = io.BytesIO()
    clear.save(out, "PNG")
    cover = prepare_cover(out.getvalue(), keep="512")
    assert cover.large is not None and decode_large(cover.large, "x").min() > 250
    files = CoverFiles(tmp_path)
    sha = files.put(cover.webp)
    assert files.large(sha) is None
    for bad in (b"", cover.webp, picture((512, 400), "WEBP"), picture((700, 700), "WEBP")):
        with pytest.raises(LibraryError):
            files.put_large(sha, bad)


def test_the_command_adds_and_deletes(sources, tmp_path):
    library = Library.create(tmp_path / "library")
    context = Context(library.path, chosen=True)
    run = CliRunner().invoke
    assert run(ingest, ["table", str(sources / "albums.csv"), "--covers", str(sources)], obj=context).exit_code == 0
    assert sizes(library) == [500, 512, 512]
    assert "3 large covers deleted" in run(ingest, ["large", "--large", "none"], obj=context).output
    assert "3 large covers added" in run(ingest, ["large", str(sources)], obj=context).output
    assert run(ingest, ["large"], obj=context).exit_code == 2
