"""Find an album as in a record crate: words as one types, covers once one rests, stale answers dropped."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, ClassVar

import numpy as np
from textual.binding import BindingType

from store.looks import summary
from store.neighbors.search import Found, best_known
from store.records import Album
from store.text import key
from tui.keynames import Hint
from tui.pictures.painter import CoverPainter
from tui.screens.asking import Answer, AskingScreen, asking_keys, marked
from tui.screens.walk.details import BOOKMARK
from tui.text import count, cut, pad, plain, width
from tui.walk.session import Session
from tui.widgets.crate import Ink, Record
from tui.widgets.lines import Span

HITS = 60
NEARLY = 0.1  # a hit this much less like the text than the best still counts as meant
RECENT = 200  # bookmarks and stops listed before anything is typed
POPULAR, BY_CHANCE = 12, 12  # albums offered beside them
ASKS = "artist or title, or tag:shoegaze year:1990-95 genre:metal #dark"
KEYS = [
    Hint("type", "artist, title, tag: …"),
    Hint("↑↓", "choose", ("find.previous", "find.next")),
    Hint("Enter", "walk there", ("find.choose",)),
    Hint("F3", "only these", ("find.only",)),
    Hint("Esc", "back", ("find.back",)),
    Hint("F1", "keys", ("find.help",)),
]
Finder = Callable[[Any, str, int, Collection[str]], Found]


class FindScreen(AskingScreen[Album]):
    """Answers with the album_id to walk to, or None."""

    BINDINGS: ClassVar[list[BindingType]] = asking_keys("find", "walk there")

    def __init__(
        self,
        session: Session,
        painter: CoverPainter,
        find: Finder,
        asks: str = ASKS,
        does: str = "walk there",
        keeps: bool = False,
    ) -> None:
        """`asks` stands in the empty query; `does` says what becomes of the chosen album. `keeps`: it is the words that
        are asked for; Enter makes them the walk's filter.
        """
        super().__init__(session, painter, asks, session.filter.text if keeps else "")
        self.find, self.keeps = find, keeps
        does = "keep these words" if keeps else does
        self.hints = [hint._replace(does=does) if "find.choose" in hint.ids else hint for hint in KEYS]
        self._why: dict[str, str] = {}  # by album_id, why an album is offered
        self._groups: list[list[str]] = []  # album_ids that are offered, a group a reason

    def album_of(self, item: Album) -> Album:
        """It is one."""
        return item

    def answer(self, text: str) -> Answer[Album]:
        """The albums that a text asks for; for none what may be wanted."""
        if not text:
            return self._offered()
        found = self.find(self.session.snapshot, text, HITS, self.session.bookmarks)
        kept = {*self.session.bookmarks, *self.session.trail.recent()}
        words = tuple(key(found.name).split())
        return Answer(kept_first(found.hits, kept), found.problem or found.said, bool(found.problem), words)

    def _offered(self) -> Answer[Album]:
        """A page of what is bookmarked, where one has been, what many know and what chance brings; then more of it."""
        session, page = self.session, max(4, self.hits.page)
        if not self._why:
            self._why = dict.fromkeys(session.trail.recent(), "you were here") | dict.fromkeys(session.bookmarks, "")
            ids = list(dict.fromkeys([*session.bookmarks, *self._why]))[:RECENT]
            counted = np.flatnonzero(~np.isnan(session.snapshot.popularity))
            known = best_known(session.snapshot, counted, POPULAR + len(ids) if len(ids) < POPULAR else POPULAR)
            chance = [session.dice.randrange(len(session.snapshot)) for _ in range(BY_CHANCE)]
            self._groups = [ids]
            for rows, why in ((known, "well known"), (chance, "by chance")):
                new = [one for row in rows if (one := session.snapshot.album(row).album_id) not in self._why]
                self._why |= dict.fromkeys(new, why)
                self._groups.append(list(dict.fromkeys(new)))
        shares = (page - 2 * (page // 4), page // 4, page // 4)
        first = [one for ids, share in zip(self._groups, shares, strict=True) for one in ids[:share]]
        ids = list(dict.fromkeys([*first, *(one for ids in self._groups for one in ids)]))
        return Answer([session.album(album_id) for album_id in ids])

    def action_choose(self) -> None:
        """Answer with the chosen album, or keep the words."""
        if not self.keeps:
            super().action_choose()
            return
        self.action_only()
        if self.message is not None and not self.message[1]:
            self.dismiss(None)

    def record(self, item: Album, place: int, cells: int, ink: Ink) -> Record:
        """Title, artist, what people and an eye say of it; on the right what is known."""
        mark = f"{BOOKMARK} " if item.album_id in self.session.bookmarks else ""
        why = "" if self.asked else self._why.get(item.album_id, "")
        look = summary(self.session.snapshot.look(self.session.neighborhood.row(item.album_id)))
        listeners = count(item.listeners)
        known = " · ".join(filter(None, (plain(item.genre or ""), f"{listeners} ♪" if listeners else "")))
        rows = [
            self._row(plain(item.title) or "untitled", f"{mark}{item.year or ''}", cells, ink, bold=True),
            self._row(plain(item.artist), known, cells, ink),
            self._row(", ".join(map(plain, item.tags)) or look, why, cells, ink, quiet=True),
        ]
        if self.hits.tall > 3 and item.tags:
            rows.append(self._row(look, "", cells, ink, quiet=True))
        return Record(item, rows)

    def _row(
        self, text: str, right: str, cells: int, ink: Ink, *, bold: bool = False, quiet: bool = False
    ) -> list[Span]:
        room = max(4, cells - (width(right) + 2 if right else 0))
        style = ink("quiet" if quiet else "foreground", bold=bold)
        shown = marked(cut(text, room), () if quiet else self.words, style, ink("accent", bold=True))
        gap = cells - sum(width(part) for part, _ in shown) - width(right) - 1
        return [*shown, (" " * max(0, gap), style), (pad(right, width(right) + 1), ink("accent" if quiet else "quiet"))]


def kept_first(found: tuple[tuple[Album, float], ...], kept: set[str]) -> list[Album]:
    """Hits (best first, with their likeness) as albums; bookmarks and recent stops lead their equals."""
    enough = found[0][1] - NEARLY if found else 0.0
    hits = sorted(found, key=lambda hit: hit[0].album_id not in kept or hit[1] < enough)  # stable: then by likeness
    return [album for album, _ in hits]
