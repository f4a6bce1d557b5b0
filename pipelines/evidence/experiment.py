"""The whole experiment: from covers and labels to a report's folder, which is put in place complete or not at all."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pipelines.build import build
from pipelines.derived import Index, Latents
from pipelines.evidence.features import feature_sets
from pipelines.evidence.known import KnownLatents, KnownLite
from pipelines.evidence.labels import measure_labels
from pipelines.evidence.near.rings import measure_rings
from pipelines.evidence.pairs import measure_pairs
from pipelines.evidence.report.conclusions import conclusions
from pipelines.evidence.report.figures import FigureData, write_figures
from pipelines.evidence.report.page import write_page
from pipelines.evidence.results import Evidence, write_results
from pipelines.evidence.sample import EvidenceError, Sample, chosen_genres, from_library, from_table
from pipelines.evidence.shuffle import TIMES
from pipelines.evidence.together import all_genres, measure_together
from pipelines.evidence.traits import (
    fact_differences,
    fact_examples,
    facts_seen,
    genre_traits,
    self_encodings,
)
from pipelines.evidence.trials import POSTER_FOLDS, cores
from pipelines.progress import Progress
from pipelines.sources.similar_artists import ingest_similar_artists
from pipelines.sources.table import ingest_table
from store.catalogue.latents import load_latents
from store.database.atomic import leftovers, put_in_place, temporary_folder
from store.database.library import Library
from store.neighbors.neighborhood import Neighborhood, open_neighborhood
from vae.info import SHIPPED, read_info

if TYPE_CHECKING:
    from vae.codec import Codec

GENRES = ("rock", "indie", "electronic", "pop")
REPORT = "report.html"
MARK = "run.json"  # in every folder that this wrote, so that nothing else is ever replaced
CACHE, LITE = "latents.npz", "lite2.npz"


@dataclass(frozen=True, slots=True)
class Settings:
    """How it is computed: the model's file, the processes at once, the shuffles and resamplings."""

    weights: Path = SHIPPED
    jobs: int = field(default_factory=cores)
    times: int = TIMES

    def load_codec(self) -> Codec:
        """The model."""
        from vae.codec import Codec

        return Codec.load(self.weights, many=True)


def validate_table(
    table: Path,
    covers: Path | None,
    out: Path,
    genres: Sequence[str] = GENRES,
    similar: Path | None = None,
    progress: Progress | None = None,
    settings: Settings | None = None,
    second: Path | None = None,
) -> Evidence:
    """The experiment on a table and its covers. `similar`: a table of similar artists, for the neighbourhoods;
    `second`: one of artist, album and genre as others have it.
    """
    progress, settings = progress or Progress(), settings or Settings()
    with _folder_for(out) as folder:
        # Not polished: that takes as long again, and the numbers for meaning are the same.
        known = KnownLatents(settings.load_codec, read_info(settings.weights).model_id, out / CACHE, steps=0)
        sample = from_table(table, covers, progress, second)
        chosen_genres(genres, sample, POSTER_FOLDS)  # before minutes are spent

        def near() -> Neighborhood | None:
            if similar is None:
                return None
            with tempfile.TemporaryDirectory(dir=folder) as place:
                library = Library.create(Path(place) / "library")
                ingest_table(library, table, covers or table.parent, progress)
                ingest_similar_artists(library, similar, progress)
                build(
                    library, progress, weights=settings.weights, load_codec=lambda: cast("Codec", known),
                    parts=(Latents, Index),
                )  # fmt: skip
                return open_neighborhood(library)

        return _validate(sample, genres, known, KnownLite(out / LITE), near, folder, progress, settings)


def validate_library(
    library: Library,
    out: Path,
    genres: Sequence[str] = GENRES,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> Evidence:
    """The experiment on a library's own albums and neighbourhoods."""
    progress, settings = progress or Progress(), settings or Settings()
    with _folder_for(out) as folder:
        known = KnownLatents(settings.load_codec, read_info(settings.weights).model_id, out / CACHE)
        sample = from_library(library, progress)
        chosen_genres(genres, sample, POSTER_FOLDS)
        with library.read() as con:
            shas, latents = load_latents(con, known.model_id)
        row_of = {sha: row for row, sha in enumerate(shas)}
        there = [row for row, sha in enumerate(sample.shas) if sha in row_of]
        known.learn(sample.images[there], latents[[row_of[sample.shas[row]] for row in there]])
        near = lambda: open_neighborhood(library)  # noqa: E731
        return _validate(sample, genres, known, KnownLite(out / LITE), near, folder, progress, settings)


def _validate(
    sample: Sample,
    wanted: Sequence[str],
    known: KnownLatents,
    lite: KnownLite,
    near: Callable[[], Neighborhood | None],
    folder: Path,
    progress: Progress,
    settings: Settings,
) -> Evidence:
    began, jobs, times = time.monotonic(), settings.jobs, settings.times
    genres = list(chosen_genres(wanted, sample, POSTER_FOLDS))
    together = list(dict.fromkeys([*genres, *all_genres(sample)]))
    latents = known.encode(sample.images, progress)
    features = feature_sets(sample.images, latents, settings.weights, lite, progress)
    neighborhood = near()
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # on parts this small threads wait for each other; the trials have processes
        rings = None if neighborhood is None else measure_rings(neighborhood, progress)
        pairs, cells = measure_pairs(sample, genres, features, jobs, progress, times)
        labels = measure_labels(sample, genres, features, jobs, progress)
        at_once = measure_together(sample, together, features, jobs, progress)
    progress.start("pictures and report", None)
    names, traits, facts = genre_traits(sample, genres, latents, known.codec)
    seen = facts_seen(sample, together, features["facts"], progress)
    lying = fact_differences(sample, together, seen)
    counts = Counter(cover.genre for cover in sample.covers)
    artists = {name: len({cover.group for cover in sample.covers if cover.genre == name}) for name in genres}
    found = Evidence(
        source=sample.source,
        genres=genres,
        albums={name: counts[name] for name in genres},
        artists=artists,
        left_out=dict(sample.left_out),
        model_id=known.maker,
        pairs=pairs,
        cells=cells,
        together=at_once,
        labels=labels,
        traits=names,
        trait_facts=facts,
        facts=lying,
        neighbors=rings,
    )
    found.said.extend(conclusions(found))
    pictures = FigureData(
        sample,
        features["pca"],
        traits,
        self_encodings(sample, genres, known.codec),
        fact_examples(sample, lying, seen),
    )
    write_results(found, folder)
    write_figures(found, pictures, folder)
    write_page(found, folder)
    known.save_to(folder / CACHE)
    lite.save_to(folder / LITE)
    seconds = round(time.monotonic() - began, 1)
    mark: dict[str, Any] = {"seconds": seconds, "jobs": jobs, "finished": time.strftime("%Y-%m-%d %H:%M:%S")}
    (folder / MARK).write_text(json.dumps(mark, indent=1) + "\n", encoding="utf-8")
    progress.finish()
    return found


@contextmanager
def _folder_for(out: Path) -> Iterator[Path]:
    """A temporary folder that becomes `out` when all is written, in place of an empty folder or an earlier
    report alone: EvidenceError for anything else.
    """
    if out.exists() and not (out.is_dir() and ((out / MARK).is_file() or not any(out.iterdir()))):
        raise EvidenceError(f"{out} is there already and is no report of sleevewalk: name another folder with -o")
    out.parent.mkdir(parents=True, exist_ok=True)
    leftovers(out.parent, remove=True)
    with temporary_folder(out.parent) as folder:
        yield folder
        if not out.exists():
            put_in_place(folder, out)
            return
        with temporary_folder(out.parent) as earlier:
            put_in_place(out, earlier)
            try:
                put_in_place(folder, out)
            except BaseException:
                put_in_place(earlier, out)
                raise
