"""The covers that are looked at, with their labels: from a table and a folder of covers, or from a library."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.images import BadImage, decode_cover, read_picture
from pipelines.progress import Progress
from pipelines.report import SourceError
from pipelines.sources.rows import Columns, Row, read_rows
from pipelines.sources.table import locate_cover
from store.catalogue.album_sources import BY
from store.catalogue.covers import CoverFiles
from store.database.library import Library
from store.errors import LibraryError
from store.text import clean, key

T = TypeVar("T")
COLUMNS = Columns(
    needed={"cover": ("cover",), "genre": ("genre",)},
    optional=("artist", "album", "title", "genre_source", "tags", "listeners", "playcount", "rating_count"),
)
SECOND = Columns(needed={"artist": ("artist",), "album": ("album", "title"), "genre": ("genre",)})
NO_GENRE = "no genre"
MOST = 20_000  # covers that are looked at: 1 GB of pixels; of more, so many are drawn by lot
POPULARITY = ("listeners", "playcount", "rating_count")  # the first that a row has


class EvidenceError(LibraryError):
    """The experiment cannot be made with these albums; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class LabelledCover:
    """What is known of one cover beside its picture."""

    genre: str  # lower case
    group: str  # the artist's key; a name of its own where the artist is unknown
    label: str  # `Artist / Title` or the file, for people
    origin: str = ""  # who gave the genre, where that is known
    tags: tuple[str, ...] = ()
    popularity: float = math.nan
    second: str = ""  # the genre by a second opinion, lower case
    lettering: float = math.nan  # share of the area that words take, where that is known
    trained_as: str = ""  # how the model's training named its group: decides whether it saw the cover


@dataclass(frozen=True, slots=True)
class Sample:
    """`images` uint8 [n, 128, 128, 3] beside their `covers`; what could not be used is in `left_out`, by reason."""

    images: NDArray[np.uint8]
    covers: tuple[LabelledCover, ...]
    left_out: Mapping[str, int]
    source: str  # for people
    shas: tuple[str, ...] = ()  # of a library's covers

    def __len__(self) -> int:
        return len(self.covers)

    @property
    def genres(self) -> NDArray[np.str_]:
        """Of each cover."""
        return np.array([cover.genre for cover in self.covers])

    @property
    def groups(self) -> NDArray[np.int64]:
        """The number of each cover's artist."""
        names = {name: number for number, name in enumerate(sorted({cover.group for cover in self.covers}))}
        return np.array([names[cover.group] for cover in self.covers])

    @property
    def origins(self) -> NDArray[np.str_]:
        """Who gave each cover's genre; '' = not said."""
        return np.array([cover.origin for cover in self.covers])

    @property
    def agreed(self) -> NDArray[np.bool_]:
        """Where a second opinion names the same genre."""
        return np.array([cover.second == cover.genre for cover in self.covers])

    def of(self, rows: NDArray[np.int64]) -> Sample:
        """The same of some covers."""
        covers = tuple(self.covers[row] for row in rows.tolist())
        shas = tuple(self.shas[row] for row in rows.tolist()) if self.shas else ()
        return replace(self, images=self.images[rows], covers=covers, shas=shas)


def from_table(file: Path, folder: Path | None, progress: Progress | None = None, second: Path | None = None) -> Sample:
    """Every row of a table with a genre and a cover that can be read; `second`: a table of artist, album and what
    others call the genre. Raises SourceError and EvidenceError.
    """
    progress = progress or Progress()
    folder = (folder or file.parent).resolve()
    if not folder.is_dir():
        raise SourceError(f"{folder}: no such folder of covers")
    left_out: Counter[str] = Counter()
    others = {} if second is None else _second_opinions(second, left_out)
    found: list[tuple[LabelledCover, Path]] = []
    for row in read_rows(file, COLUMNS):
        if not isinstance(row, Row):
            left_out[row.reason] += 1
            continue
        if not _text(row.values.get("genre")):
            left_out[NO_GENRE] += 1
            continue
        written = _text(row.values.get("cover"))
        path = locate_cover(folder, written)
        if isinstance(path, BadImage):
            left_out[path.reason] += 1
        else:
            cover = _cover(row.values, written)
            found.append((replace(cover, second=others.get(key(cover.label), "")), path))
    found = _drawn(found, left_out)
    progress.start("reading covers", len(found))
    images, kept = [], []
    with ThreadPoolExecutor(2) as pool:
        for (cover, _), image in zip(found, pool.map(_decoded, (path for _, path in found)), strict=True):
            if isinstance(image, str):
                left_out[image] += 1
            else:
                images.append(image)
                kept.append(cover)
            progress.advance()
    progress.finish()
    if not kept:
        why = "; ".join(f"{reason} ({count:,})" for reason, count in left_out.most_common(3)) or "it has no rows"
        raise EvidenceError(f"{file}: not one cover could be read under {folder}: {why}")
    return Sample(np.stack(images), tuple(kept), dict(left_out.most_common()), clean(file.name, 80))


def from_library(library: Library, progress: Progress | None = None) -> Sample:
    """Every album of a library that has a genre and a cover. Raises LibraryError."""
    progress = progress or Progress()
    with library.read() as con:
        rows = con.execute(
            # Who gave a table its genre is told before the table; the table is no second opinion then.
            """WITH said AS (
                SELECT album_id, arg_min(s.source, (NOT contains(s.source, $1), s.rowid))
                    FILTER (s.genre = a.genre) AS origin
                FROM album_sources s JOIN albums a USING (album_id) WHERE s.genre IS NOT NULL GROUP BY album_id
            ), others AS (
                SELECT album_id, arg_min(genre, s.rowid) AS second
                FROM album_sources s JOIN said USING (album_id) WHERE genre IS NOT NULL AND source <> origin
                    AND NOT starts_with(origin, source || $1)
                GROUP BY album_id
            )
            SELECT cover_sha256, coalesce(genre, ''), artist, title, artist_key,
                coalesce(listeners, playcount)::DOUBLE, list(tag ORDER BY weight DESC, tag) FILTER (tag IS NOT NULL),
                coalesce(origin, ''), coalesce(lower(second), ''), lettering
            FROM albums LEFT JOIN album_tags USING (album_id) LEFT JOIN said USING (album_id)
            LEFT JOIN others USING (album_id) LEFT JOIN cover_facts USING (cover_sha256) WHERE cover_sha256 IS NOT NULL
            GROUP BY ALL ORDER BY artist_key, title, cover_sha256""",
            [BY],
        ).fetchall()
    files = CoverFiles(library.covers_dir)
    left_out: Counter[str] = Counter()
    if without := sum(not row[1] for row in rows):
        left_out[NO_GENRE] = without
    rows = _drawn([row for row in rows if row[1]], left_out)
    images, kept, shas, seen = [], [], [], set()
    progress.start("reading covers", len(rows))
    for sha, genre, artist, title, group, popularity, tags, origin, second, lettering in rows:
        progress.advance()
        if sha in seen:
            left_out["the cover of another album too"] += 1
            continue
        try:
            images.append(files.pixels(sha))
        except LibraryError:
            left_out["cover file missing or damaged"] += 1
            continue
        seen.add(sha)
        shas.append(sha)
        origin = origin.partition(BY)[2] or origin
        number, words = (math.nan if value is None else value for value in (popularity, lettering))
        seen_as, label = artist.strip().lower(), f"{artist} / {title}"
        kept.append(LabelledCover(genre, group, label, origin, tuple(tags or ()), number, second, words, seen_as))
    progress.finish()
    if not kept:
        raise EvidenceError(
            f"no album of {library.path} has a genre and a cover that can be read; `sleevewalk ingest` brings some"
        )
    return Sample(np.stack(images), tuple(kept), dict(left_out.most_common()), library.path.name, tuple(shas))


def chosen_genres(names: Sequence[str], sample: Sample, folds: int) -> tuple[str, ...]:
    """The genres as the sample writes them. EvidenceError for one genre alone, an unknown one, or too few albums."""
    genres = tuple(dict.fromkeys(clean(name, 100).lower() for name in names if name.strip()))
    there = Counter(cover.genre for cover in sample.covers)
    known = ", ".join(f"{name} ({count:,})" for name, count in there.most_common(8)) or "none at all"
    if len(genres) < 2:
        raise EvidenceError(f"name two genres or more, such as --genres rock,pop; here are: {known}")
    if unknown := next((name for name in genres if not there[name]), None):
        raise EvidenceError(f"no cover here has the genre {unknown!r}; here are: {known}")
    for name in genres:
        artists = len({cover.group for cover in sample.covers if cover.genre == name})
        if there[name] < 2 * folds or artists < folds:
            albums = f"{there[name]:,} album{'s' * (there[name] > 1)} by {artists:,} artist{'s' * (artists > 1)}"
            raise EvidenceError(
                f"too few albums of {name!r}: {albums}, and {folds} folds need {2 * folds} by {folds} artists; "
                f"leave it out of --genres (here are: {known})"
            )
    return genres


def rows_of(sample: Sample, genres: Iterable[str]) -> NDArray[np.int64]:
    """The rows of those genres, int64 [m] ascending."""
    return np.flatnonzero(np.isin(sample.genres, list(genres)))


def _drawn(rows: list[T], left_out: Counter[str]) -> list[T]:
    """MOST of the rows, in their order; the same ones each time."""
    if len(rows) <= MOST:
        return rows
    left_out[f"beyond {MOST:,} drawn by lot"] += len(rows) - MOST
    return [rows[place] for place in np.sort(np.random.default_rng(0).permutation(len(rows))[:MOST]).tolist()]


def _second_opinions(file: Path, left_out: Counter[str]) -> dict[str, str]:
    """Lower-case genre by the key of `Artist / Title`."""
    found = {}
    for row in read_rows(file, SECOND):
        if not isinstance(row, Row):
            left_out[f"second opinion: {row.reason}"] += 1
        elif genre := _text(row.values.get("genre")).lower():
            found[key(f"{_text(row.values.get('artist'))} / {_text(row.values.get('album'))}")] = genre
    return found


def _decoded(path: Path) -> NDArray[np.uint8] | str:
    """The pixels of a picture file, or why there are none."""
    try:
        return decode_cover(read_picture(path)).pixels
    except BadImage as error:
        return error.reason


def _cover(values: Mapping[str, object], written: str) -> LabelledCover:
    artist = _text(values.get("artist"))
    title = _text(values.get("album")) or _text(values.get("title"))
    # Covers without an artist came another way than those with one, and that way would pass for the genre.
    origin = _text(values.get("genre_source"))
    tags = tuple(tag for part in _text(values.get("tags")).split("|") if (tag := part.split(":")[0].strip().lower()))
    popularity = next((n for name in POPULARITY if not math.isnan(n := _number(values.get(name)))), math.nan)
    return LabelledCover(
        _text(values.get("genre")).lower(),
        key(artist) if artist else f"cover {written}",
        f"{artist} / {title}" if artist else written,
        f"{origin}, no artist" if origin and not artist else origin,
        tags,
        popularity,
        trained_as=artist.strip().lower() or written,
    )


def _text(value: object) -> str:
    return "" if value is None else clean(str(value))


def _number(value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        return math.nan
    return number if math.isfinite(number) and number >= 0 else math.nan
