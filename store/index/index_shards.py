"""The coarse index of a large library in parts: trained once on a sample, each part filled by itself, then merged.

A part can be filled on any machine. What comes of it is what one index, trained so and filled in one go, would be.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import numpy as np

from store.database.library import Library
from store.errors import LibraryError
from store.index.calibration import calibration
from store.index.coarse import probes_of, trained_coarse
from store.index.cover_index import CoverIndex
from store.index.flat import needed_faiss
from store.index.hubness import local_scales, place_in, reference_rows
from store.index.index_files import covers_array, write_files, write_index
from store.index.scaled import ScaledIndex, normalized

_READ = 65_536  # vectors whose scales are measured at a time


def train_index(sample: np.ndarray, lists: int) -> np.ndarray:
    """An IVF,SQ8 index trained on vectors (float32 [n, m]), empty, as uint8 [b]. ValueError for fewer than lists."""
    faiss = needed_faiss()
    if len(sample) < lists:
        raise ValueError(f"{len(sample)} vectors cannot train {lists} lists")
    return cast(np.ndarray, faiss.serialize_index(trained_coarse(normalized(sample), lists)))


def fill_part(trained: np.ndarray, vectors: Iterable[np.ndarray], path: Path) -> int:
    """Write a copy of the trained index filled with `vectors` (float32 [n, m] each); how many. LibraryError."""
    faiss = needed_faiss()
    index = faiss.deserialize_index(trained)
    for some in vectors:
        index.add(normalized(some))
    write_index(index, path)
    return int(index.ntotal)


def merge_parts(trained: np.ndarray, parts: Iterable[Path]) -> Any:
    """The parts as one index; its rows are theirs, part after part. LibraryError for a part that cannot be read."""
    faiss = needed_faiss()
    index: Any = faiss.deserialize_index(trained)
    for path in parts:
        try:
            part = faiss.read_index(str(path))
            index.merge_from(part, index.ntotal)
        except RuntimeError as error:
            raise LibraryError(f"{path} is damaged ({str(error).splitlines()[0][-200:]}); index again") from error
    index.make_direct_map()
    index.nprobe = probes_of(index)
    return index


def adopt_index(library: Library, model_id: str, index: Any, shas: np.ndarray, fingerprint: str) -> CoverIndex:
    """Make a merged index the library's own; `shas` (S64 [n]) says which cover each of its rows is."""
    if index.ntotal != len(shas):
        raise ValueError(f"{len(shas)} covers but an index of {index.ntotal}")
    count = index.ntotal
    reference = reference_rows(count)
    of_reference, place = index.reconstruct_batch(reference), place_in(reference, count)
    rows = (np.arange(start, min(start + _READ, count)) for start in range(0, count, _READ))
    scales = np.concatenate([
        local_scales(index.reconstruct_batch(some), of_reference, place[some]) for some in rows
    ] or [np.empty(0, np.float32)])  # fmt: skip
    knots = calibration(ScaledIndex(index, scales))
    covers = covers_array(shas, scales)
    facts = write_files(library.index_dir, index, covers, model_id, fingerprint, knots, len(shas))
    return CoverIndex(facts, index, shas, scales)
