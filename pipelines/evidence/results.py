"""The results as they are kept in `results.json`: what the report and the app show."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from msgspec import Struct

from pipelines.evidence.sample import EvidenceError
from store.shapes import BadShape, from_json, read_file

FILE = "results.json"
VERSION = 2
POSTER = (0.71, 0.79)  # the AUC of pairs on the poster


@dataclass(frozen=True, slots=True)
class Cell:
    """One classifier on one kind of features, telling two genres apart (`b` is the positive one)."""

    a: str
    b: str
    features: str
    classifier: str
    folds: str  # plain or artist
    auc: float
    low: float  # 95 % interval, over artists
    high: float
    by_fold: list[float | None]  # None where a fold has but one of the two

    @property
    def fold_mean(self) -> float:
        known = [value for value in self.by_fold if value is not None]
        return sum(known) / len(known) if known else math.nan


@dataclass(frozen=True, slots=True)
class Pair:
    """All that is told of a pair beside its cells."""

    a: str
    b: str
    albums: tuple[int, int]
    artists: tuple[int, int]
    poster: dict[str, Cell]  # the poster's own experiment, by kind of folds
    confusion: dict[str, list[list[int]]]  # of the same; row: true a, true b
    roc: dict[str, tuple[list[float], list[float]]]  # of the same
    best: Cell  # chosen for each fold on the other folds
    chosen: dict[str, int]  # which were chosen, in how many folds
    unseen: dict[str, float] | None  # the best on covers that the model's training left out: auc, low, high, albums
    shuffled: dict[str, float]
    forest_shuffled: list[float]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was measured."""

    source: str
    genres: list[str]
    albums: dict[str, int]
    artists: dict[str, int]
    left_out: dict[str, int]
    model_id: str
    pairs: list[Pair]
    cells: list[Cell]
    together: dict[str, Any]  # all genres at once
    labels: dict[str, Any]  # where the labels come from and how far to trust them
    traits: list[str]  # names of the directions whose pictures are in traits.png
    trait_facts: list[dict[str, Any]]
    neighbors: dict[str, Any] | None = None
    said: list[str] = field(default_factory=list)  # what may be concluded
    facts: list[dict[str, Any]] = field(default_factory=list)  # which facts of a cover go with which genre

    def pair(self, a: str, b: str) -> Pair | None:
        """The pair in either order."""
        return next((one for one in self.pairs if {one.a, one.b} == {a, b}), None)


class _Version(Struct):
    version: int


def write_results(found: Evidence, folder: Path) -> None:
    """`results.json`; the same results give the same bytes."""
    text = json.dumps({"version": VERSION, **_plain(asdict(found))}, ensure_ascii=False, indent=1, allow_nan=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read_results(folder: Path) -> Evidence | None:
    """The results in a report's folder, None where there is no report. EvidenceError for a damaged one."""
    file = folder / FILE
    try:
        content = read_file(file)
        if from_json(content, _Version).version != VERSION:
            raise EvidenceError(f"{file} is of another version; `sleevewalk validate` writes it anew")
        return from_json(content, Evidence)
    except FileNotFoundError:
        return None
    except (OSError, BadShape) as error:
        raise EvidenceError(f"{file} cannot be read ({error}); `sleevewalk validate` writes it anew") from error


def _plain(value: Any) -> Any:
    """Floats of five digits, nan as null: the last bits of a sum depend on the machine."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return round(value, 5) if math.isfinite(value) else None
    return value
