"""The plain values that pass between the store and everyone else. No behaviour, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from store.looks import CoverFacts

SIGNALS = ("cover", "tags", "artist", "era", "popularity", "plays")
PERSONAL = ("plays",)  # signals of the person's own, which a library has once they told of what they play


@dataclass(frozen=True, slots=True)
class AlbumRecord:
    """One album as a source brings it. Text is already cleaned (`store.text.clean`)."""

    artist: str
    title: str
    source: str  # "table", "folder", "lastfm", "demo" …
    source_key: str  # what names it there, unique within the source
    year: int | None = None
    genre: str | None = None
    listeners: int | None = None
    playcount: int | None = None
    mbid: str | None = None
    cover_sha256: str | None = None
    tags: tuple[tuple[str, float], ...] = ()  # (tag, weight 0–100)
    artist_tags: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class CoverRecord:
    """What is known of one stored cover file."""

    cover_sha256: str  # of the stored WebP's bytes, hex
    width: int  # of the source image, pixels
    height: int
    bytes: int  # of the stored WebP
    mean_color: int  # 0xRRGGBB
    source_url: str | None = None
    facts: CoverFacts | None = None  # None: `build` makes them


@dataclass(frozen=True, slots=True)
class Album:
    """One album as people see it."""

    album_id: str
    artist: str
    title: str
    year: int | None
    genre: str | None
    listeners: int | None
    cover_sha256: str | None
    fictional: bool = False  # True for the demo library's albums
    tags: tuple[str, ...] = ()  # strongest first; the artist's where the album has none

    @property
    def label(self) -> str:
        """`Artist / Title`, the form that the command line takes back."""
        return f"{self.artist} / {self.title}"


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each signal counts in a neighbourhood. Any may be 0; not all.

    The defaults are measured: docs/evidence.md for cover and era beside tags, docs/near.md for artist.
    """

    cover: float = 0.25
    tags: float = 1.0
    artist: float = 1.0
    era: float = 0.1
    popularity: float = 0.1
    plays: float = 0.0  # how much the person plays the artist


DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two albums are neighbours, by one signal."""

    signal: str  # one of SIGNALS
    score: float  # 0–1
    text: str  # for people: "3rd nearest of 24,013 covers", "shared: shoegaze, dream pop", "1997 and 1998"
    rank: int | None = None  # cover only: 1 is the nearest
    shared_tags: tuple[str, ...] = ()  # tags only, strongest first
    weight: float = 1.0  # what the signal counts, as the person wants
    share: float = 1.0  # of the pair's score: weight × score by the sum of those; the shares of a pair sum to 1
    looks: str = ""  # cover only: what an eye would say of both sleeves, "both: mostly red, a frame"; '' = not known


@dataclass(frozen=True, slots=True)
class Neighbor:
    """One album of a neighbourhood with its fused score and every reason that has data for the pair."""

    album: Album
    score: float  # 0–1, the weighted mean of the reasons' scores
    reasons: tuple[Reason, ...]  # in the order of SIGNALS

    @property
    def strongest(self) -> Reason:
        return strongest(self.reasons)


def strongest(reasons: Sequence[Reason]) -> Reason:
    """The reason with the largest share (weight × score), the first of equal ones. ValueError for no reasons."""
    return max(reasons, key=lambda reason: reason.weight * reason.score)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a route: the album arrived at, and why it neighbours the one before (none for the first)."""

    album: Album
    score: float | None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """The path whose weakest step is as strong as can be. `why`: why there is none, or that the search ended early."""

    steps: tuple[Step, ...]
    weakest: float | None = None  # the lowest score of a step
    why: str = ""

    @property
    def weakest_step(self) -> int | None:
        """The place in `steps` that the first of the weakest steps arrives at; None where there is no step."""
        scored = [(step.score, place) for place, step in enumerate(self.steps) if step.score is not None]
        return min(scored)[1] if scored else None


@dataclass(slots=True)
class AddResult:
    """What became of a batch of albums."""

    added: list[str] = field(default_factory=list)  # album_ids
    duplicates: list[tuple[str, str]] = field(default_factory=list)  # (source_key, label of the album already there)
    refused: list[tuple[str, str]] = field(default_factory=list)  # (source_key, why it cannot be stored)
    ids: dict[str, str] = field(default_factory=dict)  # source_key → album_id of every record that was stored
