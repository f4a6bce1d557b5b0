"""One library, as Python sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, cast

import numpy as np
from numpy.typing import NDArray

from sleevewalk.pictures import Picture, cover_pixels, opened_photo
from sleevewalk.table import Table
from store.errors import LibraryError, UnknownWord
from store.records import SIGNALS, Album, Weights, strongest

if TYPE_CHECKING:
    import pyarrow as pa
    from PIL import Image

    from pipelines.report import BuildReport, IngestReport
    from store.database.library import Library as Store
    from store.memory.snapshot import Snapshot
    from store.neighbors.neighborhood import Neighborhood
    from store.records import Neighbor
    from vae.codec import Codec

AlbumLike = str | Album  # "Artist / Title" (small typos forgiven), an album_id, or the album itself


class Counts(TypedDict, total=False):
    """What counts between two albums: any of these in place of its default in `Weights`, each 0 or more."""

    cover: float
    tags: float
    artist: float
    era: float
    popularity: float
    plays: float


class Library:
    """A library's albums, neighbours, ways and blends. Every file is closed again when a call returns.

    What it has read stays in memory: after a change from elsewhere (`sleevewalk ingest`, the app) call `refresh`.
    Where an album is named, UnknownAlbum is raised if none goes by that name, AmbiguousAlbum if several do.
    Not for several threads at once.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def path(self) -> Path:
        """The library's folder; `path / "library.duckdb"` is for any DuckDB."""
        return self._store.path

    def __len__(self) -> int:
        """How many albums it has."""
        return len(self._snapshot)

    def __repr__(self) -> str:
        return f"<sleevewalk library {self.path}: {len(self):,} albums>"

    def refresh(self) -> None:
        """Forget what was read, so that the next call reads the library as it is now."""
        self.__dict__.pop("_neighborhood", None)

    # Looking

    def albums(self) -> Table:
        """All albums: artist, title, year, genre, listeners, tags, fictional, cover_sha256, album_id."""
        return Table.of([_album_row(self._snapshot.album(row)) for row in range(len(self))], _schema())

    def album(self, name: AlbumLike) -> Album:
        """The one album that a name means."""
        from store.neighbors.find import resolve

        return name if isinstance(name, Album) else resolve(self._snapshot, name)

    def find(self, text: str, n: int = 20) -> Table:
        """The n albums that a text asks for, as `sleevewalk find` has it: `low`, `tag:shoegaze year:1990-95 #dark`.

        Beside the album's columns `score` in 0–1; the table's `said` tells how many there are, or which word leaves
        none. UnknownWord for a word that cannot be meant, with what is possible.
        """
        from store.neighbors.search import search

        found = search(self._snapshot, text, n)
        if found.problem:
            raise UnknownWord(found.problem)
        rows = [{**_album_row(album), "score": score} for album, score in found.hits]
        return Table.of(rows, _schema(score="float64"), found.said)

    def similar(self, album: AlbumLike, k: int = 12, *, per_artist: int = 2, **counts: Unpack[Counts]) -> Table:
        """The k nearest albums, nearest first, at most `per_artist` of one artist (0: any number).

        Beside the album's columns: `score` in 0–1; `strongest`, the signal with the largest share of it; `shares`, the
        share of each signal that has data; `why`, the strongest reason in words. ValueError where nothing counts.
        """
        weights = _weights(counts)
        centre = self.album(album)
        return self._near(self._neighborhood.neighbors(centre.album_id, k, weights, per_artist or None))

    def nearest(self, picture: Picture | NDArray[np.float32], k: int = 12) -> Table:
        """The k albums with the sleeves nearest to a picture of your own, or to a latent (float32 [d])."""
        is_latent = isinstance(picture, np.ndarray) and picture.ndim == 1
        latents = np.asarray(picture, np.float32)[None] if is_latent else self.encode([cast("Picture", picture)])
        vector = self._codec.search_vectors(latents)[0]
        return self._near(self._neighborhood.nearest_to(vector, k))

    def look(self, photo: Picture) -> Table:
        """The albums that a photo of a sleeve shows, surest first (`sure`, 0–1), as `similar --image` finds them.

        `said` tells it in words. An empty table: no album of the library. LibraryError for a file that is no picture.
        """
        from pipelines.lens.lens import Lens
        from store.catalogue.covers import CoverFiles

        lens = Lens(self._neighborhood, CoverFiles(self._store.covers_dir), lambda: self._codec)
        seen = lens.look(opened_photo(photo))
        rows = [{**_album_row(album), "sure": sure} for album, sure in seen.found]
        return Table.of(rows, _schema(sure="float64"), seen.told)

    def why(self, one: AlbumLike, other: AlbumLike, **counts: Unpack[Counts]) -> Table:
        """Every reason that has data for two albums: signal, weight, score, share (they sum to 1), text, looks."""
        ids = [self.album(name).album_id for name in (one, other)]
        reasons = self._neighborhood.reasons(ids[0], ids[1], _weights(counts))
        columns = {"signal": "string"} | dict.fromkeys(("weight", "score", "share"), "float64")
        columns |= dict.fromkeys(("text", "looks"), "string")
        return Table.of([{name: getattr(one, name) for name in columns} for one in reasons], _columns(columns))

    def route(
        self,
        *albums: AlbumLike,
        steps: int | None = None,
        per_artist: int | None = None,
        vary: int | None = None,
        **counts: Unpack[Counts],
    ) -> Table:
        """The way over two or more albums, its weakest step as strong as can be; `steps` in all, at most `per_artist`
        albums of one artist, `vary` (a seed) for another way.

        A row an album: its columns, and the `score`, `strongest` and `why` of the step that leads there (None for the
        first). LibraryError where there is no such way, with the wish that prevents it.
        """
        from store.neighbors.trips import Wishes, find_trip

        if len(albums) < 2:
            raise ValueError("a route needs two albums or more")
        stops = [self.album(name).album_id for name in albums]
        found = find_trip(self._neighborhood, stops, Wishes(steps, per_artist, vary), _weights(counts))
        if not found.steps:
            raise LibraryError(f"no route: {found.why}")
        rows = []
        for step in found.steps:
            best = strongest(step.reasons) if step.reasons else None
            told = {"strongest": best.signal if best else None, "why": best.text if best else None}
            rows.append({**_album_row(step.album), "score": step.score, **told})
        return Table.of(rows, _schema(score="float64", strongest="string", why="string"))

    def sql(self, query: str) -> Table:
        """The answer of a query that reads: `FROM library`, `FROM similar_albums('Low', 'Trust', 12)`; docs/sql.md.

        The newest bookmarks, walks and blends are stored first. LibraryError for one that writes, and for a failure.
        """
        from store.database.readonly import read_only_query
        from store.personal.records import Personal

        Personal(self._store).flush()
        with self._store.read() as con:
            return Table(read_only_query(con, query))

    # Pictures

    def cover(self, album: AlbumLike) -> Image.Image:
        """An album's cover: the larger picture where the library kept one, else 128×128. LibraryError: it has none."""
        from PIL import Image

        from store.catalogue.covers import CoverFiles

        found, files = self.album(album), CoverFiles(self._store.covers_dir)
        if found.cover_sha256 is None:
            raise LibraryError(f'"{found.label}" has no cover in this library')
        large = files.large(found.cover_sha256)
        return Image.fromarray(files.pixels(found.cover_sha256) if large is None else large)

    def blend(
        self,
        *albums: AlbumLike,
        weights: Sequence[float] | None = None,
        mode: str = "vivid",
        size: int = 512,
        detail: str = "parents",
        out: str | Path | None = None,
    ) -> Image.Image:
        """A new cover out of two or more (RGB, size×size, 512 or 128); docs/blends.md has modes and details.

        Its recipe is in `.info["sleevewalk"]`; with `out` (.png, .webp; never one that is there) it is written with the
        recipe in the file. BlendError, a LibraryError, for what cannot be blended or written.
        """
        from PIL import Image

        from pipelines.blends.files import RECIPE_KEY
        from pipelines.blends.parents import Parents
        from pipelines.blends.recipe_to_file import Blender
        from store.catalogue.covers import CoverFiles

        chosen = [self.album(name) for name in albums]
        blender = Blender(Parents(self._codec, CoverFiles(self._store.covers_dir), self._store))
        recipe = blender.recipe(chosen, weights, mode, size, detail)
        made = blender.make(recipe) if out is None else blender.write(recipe, Path(out))
        image = Image.fromarray(made.pixels)
        image.info[RECIPE_KEY] = made.recipe.to_json()
        return image

    def encode(self, pictures: Iterable[Picture]) -> NDArray[np.float32]:
        """float32 [n, d]: the latents of pictures, each a path, a PIL image, or uint8 [height, width, 3].

        Any size: the centre square is taken. LibraryError for a file that is no picture, with its name.
        """
        pixels = [cover_pixels(picture) for picture in pictures]
        none = np.empty((0, 128, 128, 3), np.uint8)
        return self._codec.encode(np.stack(pixels) if pixels else none)

    def latents(self) -> tuple[list[str], NDArray[np.float32]]:
        """(album_id of each, float32 [n, d]): the latents of all albums that have one, as `build` stored them."""
        from store.catalogue.latents import load_latents

        with self._store.read() as con:
            shas, latents = load_latents(con, self._codec.model_id)
        place = {sha: row for row, sha in enumerate(shas)}
        snapshot = self._snapshot
        rows = [row for row in range(len(self)) if snapshot.covers[row] in place]
        return [snapshot.album_ids[row] for row in rows], latents[[place[snapshot.covers[row]] for row in rows]]

    # Bringing in

    def ingest(self, data: Any, covers: str | Path | None = None, name: str = "dataframe") -> IngestReport:
        """Add albums from a DataFrame of pandas or polars, an Arrow table, or a list of dicts; then call `build`.

        Columns as in `ingest table` (README): artist and title; if wanted year, genre, tags, listeners, mbid, and
        cover, a path under the folder `covers`. What was left out is in the report, with reasons. Brought again,
        nothing is added twice. `name` is what the library calls this table. SourceError, a LibraryError, for what is
        no such table.
        """
        import tempfile

        import pyarrow.parquet as pq

        from pipelines.sources.table import ingest_table
        from pipelines.writing import settle

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{Path(name).name}.parquet"
            pq.write_table(_arrow(data), file)
            report = ingest_table(self._store, file, None if covers is None else Path(covers))
        settle(self._store, report.source)
        self.refresh()
        return report

    def build(self) -> BuildReport:
        """Embed new covers, index them and find their neighbours: to be called after `ingest`."""
        from pipelines.build import build

        report = build(self._store)
        self.refresh()
        return report

    # Kept in memory

    @cached_property
    def _neighborhood(self) -> Neighborhood:
        from store.neighbors.neighborhood import open_neighborhood

        return open_neighborhood(self._store)

    @property
    def _snapshot(self) -> Snapshot:
        return self._neighborhood.snapshot

    @cached_property
    def _codec(self) -> Codec:
        from vae.codec import Codec

        return Codec.load()

    def _near(self, found: Sequence[Neighbor]) -> Table:
        rows = []
        for one in found:
            best = one.strongest
            shares = {reason.signal: round(reason.share, 6) for reason in one.reasons}
            told = {"score": one.score, "strongest": best.signal, "shares": shares, "why": best.text}
            rows.append({**_album_row(one.album), **told})
        columns = {"score": "float64", "strongest": "string", "why": "string", "shares": "shares"}
        return Table.of(rows, _schema(**columns))


def _weights(counts: Counts) -> Weights:
    """The default weights but for these. ValueError for one below 0, TypeError for one that is none."""
    weights = replace(Weights(), **counts)
    if any(not value >= 0 for value in astuple(weights)):
        raise ValueError(f"what counts is 0 or more, not {dict(counts)}")
    if weights == Weights(*(0.0,) * len(SIGNALS)):
        raise ValueError("all weights are 0: nothing is left to compare albums by")
    return weights


def _album_row(album: Album) -> dict[str, Any]:
    return {name: getattr(album, name) for name in _schema().names} | {"tags": list(album.tags)}


def _schema(**more: str) -> pa.Schema:
    """The columns of an album, and more."""
    names = {"artist": "string", "title": "string", "year": "int32", "genre": "string", "listeners": "int64"}
    rest = {"tags": "tags", "fictional": "bool", "cover_sha256": "string", "album_id": "string"}
    return _columns({**names, **more, **rest})


def _columns(kinds: dict[str, str]) -> pa.Schema:
    import pyarrow as pa

    known = {"tags": pa.list_(pa.string()), "shares": pa.struct([(name, pa.float64()) for name in SIGNALS])}
    return pa.schema([(name, known.get(kind) or pa.type_for_alias(kind)) for name, kind in kinds.items()])


def _arrow(data: Any) -> pa.Table:
    import pyarrow as pa

    from pipelines.report import SourceError

    try:
        return pa.Table.from_pylist(data) if isinstance(data, list) else pa.table(data)
    except (pa.ArrowException, TypeError, ValueError, AttributeError) as error:
        raise SourceError(f"this is no table of albums: {error}") from error
