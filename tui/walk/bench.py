"""The blend bench without a screen: what is blended and how, what was before, and the variants kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.blends.recipe import DETAILS, BlendAlbum, Part, Pin, Wishes
from store.records import Album

if TYPE_CHECKING:
    from pipelines.blends.recipe import Recipe
    from pipelines.blends.recipe_to_file import Blender

MODES = ("mean", "vivid", "interpolate", "arithmetic")
DEFAULT = "vivid"
HEAVIEST, SIGNED_HEAVIEST = 1.0, 3.0  # weight of one album; in arithmetic, either way
FARTHEST = 12  # steps along a direction, either way: six deviations
VARIANTS = 4
NEAR_PIN = 0.06  # of the side: pins nearer than that are the same
KEPT = 500  # drafts that undo goes back through


@dataclass(frozen=True, slots=True)
class Draft:
    """One blend as it is being tried. `weights` and `signed` have a number an album; the mode says which counts."""

    albums: tuple[Album, ...]
    weights: tuple[float, ...]
    signed: tuple[float, ...]  # of arithmetic: A − B + C
    mode: str = DEFAULT
    muted: frozenset[int] = frozenset()  # places of albums
    solo: int | None = None
    drift: tuple[tuple[str, float], ...] = ()
    detail: str = DETAILS[0]
    wishes: Wishes = field(default_factory=Wishes)  # beyond the weights: areas favoured, pinned, layout of one alone

    @classmethod
    def of(cls, albums: Sequence[Album]) -> Draft:
        """All count the same."""
        signs = tuple(1.0 if place % 2 == 0 else -1.0 for place in range(len(albums)))
        return cls(tuple(albums), (0.5,) * len(albums), signs)

    @classmethod
    def from_recipe(cls, recipe: Recipe) -> Draft:
        """The draft that leads to a recipe again; its albums need not be in this library."""
        albums = [_album(part) for part in recipe.parts]
        plain = replace(cls.of(albums), mode=recipe.mode, drift=recipe.drift)
        plain = replace(plain, detail=recipe.detail, wishes=recipe.wishes)
        given = [part.weight for part in recipe.parts if part.weight is not None]
        if len(given) < len(albums):
            return plain
        if recipe.mode == "arithmetic":
            return replace(plain, signed=tuple(given))
        heaviest = max(given)
        return replace(plain, weights=tuple(w / heaviest if heaviest > HEAVIEST else w for w in given))

    @property
    def is_signed(self) -> bool:
        return self.mode == "arithmetic"

    @property
    def given(self) -> tuple[float, ...]:
        """The weights that count now: without the muted ones, or of one album alone."""
        own = self.signed if self.is_signed else self.weights
        if self.solo is not None:
            return tuple(1.0 if place == self.solo else 0.0 for place in range(len(own)))
        return tuple(0.0 if place in self.muted else weight for place, weight in enumerate(own))

    @property
    def shares(self) -> tuple[float, ...]:
        """The weights as shown: shares of 1, but in arithmetic as they are."""
        total = sum(self.given)
        return self.given if self.is_signed or total <= 0 else tuple(weight / total for weight in self.given)

    @property
    def said(self) -> str:
        """The weights in few characters."""
        return " ".join(f"{share:+.1f}" if self.is_signed else f"{share:.0%}" for share in self.shares)

    @property
    def problem(self) -> str | None:
        """Why this cannot be blended, or None."""
        if not any(self.given):
            return "every weight is 0: ↑ gives the chosen album some"
        return None

    def recipe(self, blender: Blender, size: int) -> Recipe:
        """The recipe of it. BlendError where an album has no cover."""
        plain = blender.recipe(self.albums, self.given, self.mode, size, self.detail)
        return replace(plain, drift=self.drift, wishes=self.wishes)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The albums as parts of a recipe."""
        return tuple(
            Part(one.album_id, one.artist, one.title, one.cover_sha256 or "", weight, getattr(one, "parts", ()))
            for one, weight in zip(self.albums, self.given, strict=True)
        )

    def steps(self, direction: str) -> float:
        """How far it has drifted along a direction."""
        return dict(self.drift).get(direction, 0.0)


@dataclass(slots=True)
class Variant:
    """A draft that was kept, and its picture (uint8 [128, 128, 3])."""

    draft: Draft
    pixels: NDArray[np.uint8]


@dataclass(slots=True)
class Bench:
    """What lies on the bench, with all that it was before."""

    drafts: list[Draft] = field(default_factory=list)
    position: int = -1
    chosen: int = 0  # place of an album
    direction: int = 0  # place in the library's directions
    variants: list[Variant] = field(default_factory=list)
    tray: tuple[str, ...] = ()  # album_ids that were taken from the tray last

    @property
    def draft(self) -> Draft:
        """What is on it now."""
        return self.drafts[self.position]

    def take(self, albums: Sequence[Album]) -> None:
        """Start from the tray, unless its albums are those that were taken last: then all is as it was left."""
        ids = tuple(album.album_id for album in albums)
        if ids != self.tray or self.position < 0:
            self.tray = ids
            self.change(Draft.of(albums))

    def open(self, draft: Draft) -> None:
        """Put a draft on it that did not come from the tray."""
        self.tray = ()
        self.change(draft)

    def left(self) -> tuple[Album, ...]:
        """The albums that the tray has from then on: the bench's; none where the bench was not filled from the tray."""
        if not self.tray:
            return ()
        self.tray = tuple(album.album_id for album in self.draft.albums)
        return self.draft.albums

    def change(self, draft: Draft) -> bool:
        """Put another draft on it, as a step that can be undone; False where nothing differs."""
        if self.position >= 0 and draft == self.draft:
            return False
        self.drafts = [*self.drafts[: self.position + 1], draft][-KEPT:]
        self.position = len(self.drafts) - 1
        self.chosen = max(0, min(self.chosen, len(draft.albums) - 1))
        return True

    def undo(self, steps: int = 1) -> bool:
        """One draft back, or with −1 forward again."""
        there = self.position - steps
        if not 0 <= there < len(self.drafts):
            return False
        self.position = there
        self.chosen = max(0, min(self.chosen, len(self.draft.albums) - 1))
        return True

    def nudge(self, amount: float) -> bool:
        """Change the chosen album's weight; it is unmuted by that."""
        draft, place = self.draft, self.chosen
        if draft.is_signed:
            signed = list(draft.signed)
            signed[place] = round(max(-SIGNED_HEAVIEST, min(SIGNED_HEAVIEST, signed[place] + amount)), 4)
            return self.change(replace(draft, signed=tuple(signed), muted=draft.muted - {place}))
        weights = list(draft.weights)
        weights[place] = round(max(0.0, min(HEAVIEST, weights[place] + amount)), 4)
        return self.change(replace(draft, weights=tuple(weights), muted=draft.muted - {place}))

    def mute(self) -> bool:
        """Leave the chosen album out, or let it count again."""
        return self.change(replace(self.draft, muted=self.draft.muted ^ {self.chosen}))

    def alone(self) -> bool:
        """The chosen album alone, or all again."""
        return self.change(replace(self.draft, solo=None if self.draft.solo == self.chosen else self.chosen))

    def next_mode(self, step: int) -> bool:
        """Another way of blending."""
        return self.change(replace(self.draft, mode=MODES[(MODES.index(self.draft.mode) + step) % len(MODES)]))

    def even(self) -> bool:
        """All count the same, none is muted, nothing drifts, no area is favoured or pinned."""
        return self.change(replace(Draft.of(self.draft.albums), mode=self.draft.mode, detail=self.draft.detail))

    def next_detail(self) -> bool:
        """Another source of what is finer than the decoded blend."""
        at = DETAILS.index(self.draft.detail)
        return self.change(replace(self.draft, detail=DETAILS[(at + 1) % len(DETAILS)]))

    def favour(self, factor: float) -> bool:
        """The chosen album's area so many times as large."""
        wishes = self.draft.wishes.more(self.chosen, factor, len(self.draft.albums))
        return self.change(replace(self.draft, wishes=wishes))

    def swap(self) -> bool:
        """Layout and light of the chosen album, detail of the others; or all as before."""
        wishes = self.draft.wishes
        of = None if wishes.layout_of == self.chosen else self.chosen
        return self.change(replace(self.draft, wishes=replace(wishes, layout_of=of)))

    def pin(self, x: float, y: float) -> bool:
        """Give a place of the picture (0–1) to the chosen album; where it has a pin of its own take that away."""
        wishes = self.draft.wishes.pinned(Pin(self.chosen, x, y), NEAR_PIN)
        return self.change(replace(self.draft, wishes=wishes))

    def roll(self, dice: np.random.Generator) -> bool:
        """Weights at random: of all that sum to 1 any is as likely (Dirichlet); in arithmetic with random signs."""
        draft = self.draft
        rolled = dice.dirichlet(np.ones(len(draft.albums)))
        if draft.is_signed:
            signs = dice.choice([-1.0, 1.0], len(rolled))
            signed = tuple(np.round(2 * rolled * signs, 4).tolist())
            return self.change(replace(draft, signed=signed, muted=frozenset(), solo=None))
        weights = tuple(np.round(rolled / rolled.max(), 4).tolist())
        return self.change(replace(draft, weights=weights, muted=frozenset(), solo=None))

    def drift(self, direction: str, steps: float) -> bool:
        """Farther along a direction, or back."""
        there = max(-FARTHEST, min(FARTHEST, self.draft.steps(direction) + steps))
        others = tuple(one for one in self.draft.drift if one[0] != direction)
        return self.change(replace(self.draft, drift=(*others, (direction, there)) if there else others))

    def add(self, album: Album) -> bool:
        """One album more; False where it is there already."""
        draft = self.draft
        if any(one.album_id == album.album_id for one in draft.albums):
            return False
        sign = 1.0 if len(draft.albums) % 2 == 0 else -1.0
        wishes = replace(draft.wishes, favour=(*draft.wishes.favour, 1.0) if draft.wishes.favour else ())
        return self.change(
            replace(
                draft,
                albums=(*draft.albums, album),
                weights=(*draft.weights, 0.5),
                signed=(*draft.signed, sign),
                wishes=wishes,
            )
        )

    def take_out(self) -> bool:
        """Without the chosen album; False where two are left."""
        draft, place = self.draft, self.chosen
        if len(draft.albums) <= 2:
            return False

        def without(values: tuple[float, ...]) -> tuple[float, ...]:
            return values[:place] + values[place + 1 :]

        return self.change(
            replace(
                draft,
                albums=draft.albums[:place] + draft.albums[place + 1 :],
                weights=without(draft.weights),
                signed=without(draft.signed),
                muted=frozenset(one - (one > place) for one in draft.muted if one != place),
                solo=None,
                wishes=draft.wishes.without(place),
            )
        )

    def keep(self, pixels: NDArray[np.uint8]) -> None:
        """Keep what is on it as a variant; the oldest of more than VARIANTS goes."""
        self.variants = [*(one for one in self.variants if one.draft != self.draft), Variant(self.draft, pixels)]
        self.variants = self.variants[-VARIANTS:]


def _album(part: Part) -> Album:
    if part.parts:
        return BlendAlbum(part.album_id, part.artist, part.title, None, None, None, part.cover_sha256, parts=part.parts)
    return Album(part.album_id, part.artist, part.title, None, None, None, part.cover_sha256)
