"""`build`: bring everything derived up to date — latents, the index, the neighbours table, the map. Idempotent.

Each derived thing is one object that knows whether it is current, how to make it and how to write it; `DERIVED` lists
them in their order. Where nothing is new that is said without loading the model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.derived import Arrays, Backup, Derived, Index, Latents, MapPlaces, Neighbors, Work
from pipelines.looking.covers import Facts
from pipelines.progress import Progress
from pipelines.report import BuildReport
from pipelines.writing import patient_write
from store.catalogue.decisions import apply_decisions
from store.database import journal
from store.database.library import Library
from store.database.replay import remember, undone
from vae.info import SHIPPED, read_info

if TYPE_CHECKING:
    from vae.codec import Codec

DERIVED: tuple[type[Derived], ...] = (Latents, Facts, Index, Neighbors, MapPlaces, Arrays, Backup)  # in this order


def build(
    library: Library,
    progress: Progress | None = None,
    *,
    weights: Path = SHIPPED,
    load_codec: Callable[[], Codec] | None = None,
    parts: Sequence[type[Derived]] = DERIVED,
) -> BuildReport:
    """Embed the covers that have no latent, then bring all that is made from latents and albums up to date.

    A few new covers are added to what is there; many, or covers that have gone, make it be written anew.
    Killed and run again it goes on at the last batch. `parts`: fewer of DERIVED, in its order.
    Raises BadWeights and LibraryError.
    """
    began = time.monotonic()
    info = read_info(weights)
    lost: list[journal.StoredLine] = []
    if journal.files(library.path):
        with patient_write(library, progress or Progress(), exclusive=True) as con:
            apply_decisions(con, library.path)
            lost = undone(con, library.path)
            remember(con, lost)  # told once
    work = Work(library, progress or Progress(), weights, info, load_codec, BuildReport(info.model_id))
    for kind in parts:
        derived = kind(work)
        if not derived.is_current():
            for part in derived.make():
                derived.write(part)
    work.report.undone = [line.what for line in lost]
    work.report.seconds = time.monotonic() - began
    return work.report
