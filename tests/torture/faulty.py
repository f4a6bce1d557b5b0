"""Work on a library whose writes, syncs and renames fail in turn: `python faulty.py FOLDER FAILURES`, with faults.c.

Each kind of work is done again and again; the first time its first call fails, then its second, and so on, then from
the front with another error. After each: what was acknowledged is there, no file under its name is half, one line.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import io
import itertools
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.exports.library import export_library
from store.catalogue.albums import add_albums
from store.catalogue.covers import CoverFiles
from store.catalogue.decisions import apply_decisions, decide_merge
from store.database import replay
from store.database.atomic import PATTERN, atomic_file
from store.database.journal import files, parse
from store.database.library import Library
from store.errors import LibraryError
from store.index.flat import FlatIndex
from store.index.index_files import IndexFacts, covers_array, read_files, write_files
from store.index.scaled import normalized
from store.personal.records import Personal
from store.records import AlbumRecord
from store.shapes import from_json
from store.text import album_id

replay.BELIEVED_AFTER = 0.0  # so that journals are archived, while calls fail
FAULTS = ctypes.CDLL(None)
ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS)
FOLDER = Path(sys.argv[1]).resolve()
LIBRARY = Library.create(FOLDER / "library")
PERSONAL, COVERS = Personal(LIBRARY), CoverFiles(LIBRARY.covers_dir)
NUMBERS = itertools.count()
marked: set[str] = set()
merged: set[str] = set()


def mark() -> None:
    name = f"mark-{next(NUMBERS)}"
    PERSONAL.add_bookmark(name)
    marked.add(name)


def store() -> None:
    mark()
    PERSONAL.flush()


def cover() -> None:
    out = io.BytesIO()
    pixels = np.random.default_rng(next(NUMBERS)).integers(0, 255, (128, 128, 3), np.uint8)
    Image.fromarray(pixels).save(out, "WEBP", lossless=True, quality=0, method=0)
    sha = COVERS.put(out.getvalue())
    assert COVERS.read(sha) == out.getvalue()


def result() -> None:
    with atomic_file(FOLDER / "result.txt") as path:
        path.write_text("whole " * 1000)


def decide() -> None:
    number = next(NUMBERS)
    ids = [album_id(f"A{number}", title) for title in ("One", "Two")]
    with LIBRARY.write() as con:
        rows = [AlbumRecord(f"A{number}", t, "table", one) for t, one in zip(("One", "Two"), ids, strict=True)]
        add_albums(con, rows)
    with LIBRARY.write() as con:
        decide_merge(con, LIBRARY.path, *ids)
    merged.add(ids[1])


def index() -> None:
    """Each of its three files is whole at any time; together they are the old index, the new one, or told damaged."""
    made = str(next(NUMBERS))
    vectors = normalized(np.random.default_rng(int(made)).normal(size=(50, 16)).astype(np.float32))
    covers = covers_array(np.array([f"{row:064x}" for row in range(50)], "S64"), np.ones(50, np.float32))
    folder = LIBRARY.index_dir
    try:
        write_files(folder, FlatIndex(vectors), covers, "model", made, ((-1.0, 0.0), (1.0, 1.0)), 50)
        assert read_files(folder / "model.json")[0].fingerprint == made
    finally:
        FAULTS.fault_arm(0, 0, b"/none")
        if (folder / "model.json").exists():
            assert from_json((folder / "model.json").read_bytes(), IndexFacts).count == 50
            assert len(np.load(folder / "model.npy")) == FlatIndex.read(folder / "model.faiss").ntotal == 50


def export() -> None:
    target = FOLDER / "export"
    try:
        export_library(LIBRARY, target)
        assert (target / "manifest.json").is_file()
    finally:
        done = (target / "manifest.json").is_file() and not (target / ".unfinished-export").exists()
        FAULTS.fault_arm(0, 0, b"/none")
        assert not done or all(path.stat().st_size for path in (target / "tables").glob("*.parquet"))
        shutil.rmtree(target, ignore_errors=True)


def check() -> None:
    """With no fault: all that was acknowledged, and nothing half."""
    for path in LIBRARY.covers_dir.glob("??/*.webp"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem, path
    if (FOLDER / "result.txt").exists():
        assert (FOLDER / "result.txt").read_text() == "whole " * 1000
    assert not list(FOLDER.rglob(PATTERN))
    with LIBRARY.read() as con:
        there = {mark.album_id for mark in replay.read_personal(con, LIBRARY.path).bookmarks}
        decided = {row[0] for row in con.execute("SELECT album_id FROM album_decisions WHERE same").fetchall()}
        decided |= {decision.album_id for decision in replay.waiting_decisions(con, LIBRARY.path)}
    assert marked <= there, marked - there
    assert merged <= decided, merged - decided
    for path in files(LIBRARY.path):
        assert parse(path.read_bytes())[1] == [], path


def once(work: Callable[[], None], call: int, error: int, told: Counter[str]) -> bool:
    """Do the work with its n-th call failing; whether it came so far."""
    FAULTS.fault_arm(call, error, str(FOLDER).encode())
    try:
        work()
    except LibraryError as refusal:
        assert "\n" not in str(refusal) and str(refusal), refusal
        told[re.sub(r"covers/.*", "covers/…", str(refusal).replace(str(FOLDER), "…"))[:60]] += 1
    finally:
        fired = bool(FAULTS.fault_fired())
        FAULTS.fault_arm(0, 0, b"/none")
    check()
    return fired


def main() -> None:
    wanted = int(sys.argv[2])
    shares = {mark: 0.25, store: 0.2, cover: 0.2, result: 0.1, decide: 0.1, index: 0.1, export: 0.05}
    failures: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for work, share in shares.items():
        errors, call = itertools.cycle(ERRORS), 1
        error = next(errors)
        while failures[work.__name__] < wanted * share:
            if once(work, call, error, told):
                failures[work.__name__] += 1
                call += 1
                if not call % 5:
                    work()  # with no fault it is done, whatever failed before
            else:
                assert call > 1, f"{work.__name__} makes no call that can fail"
                call, error = 1, next(errors)
    with LIBRARY.exclusive() as con:
        apply_decisions(con, LIBRARY.path)
    check()
    print(f"{sum(failures.values())} failures {dict(failures)}; {len(marked)} marks, {len(merged)} merges, none lost")
    for line, count in told.most_common():
        print(f"  {count:>4}  {line}")


if __name__ == "__main__":
    main()
