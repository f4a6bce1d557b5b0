"""The one-line bars: what is on, where the walk went, which keys do what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from tui.keynames import Hint, key_names
from tui.palette import SIGNAL_LETTERS
from tui.text import cut, plain, width, wrap
from tui.walk.session import Session
from tui.widgets.lines import Lines, Span

_ADDRESS = re.compile(r"(https?://\S*[^\s.,;:)])")


class ModeLine(Lines):
    """What is on: the library's size, the ring, the weights with their letters and colours, the notes."""

    def on_click(self, event: events.Click) -> None:
        """Show what counts."""
        event.stop()
        self.app.simulate_key(key_names(self).key("walk.counts"))

    def show_session(self, session: Session, shown: int) -> None:
        """One row; the app's name goes first where the notes need its room."""
        palette, cells = self.palette, self.size.width
        weights: list[Span] = []
        only = plain(session.filter.text)
        notes = " · ".join(filter(None, (f"only {only}" if only else "", plain(session.notes))))
        long = cells >= max(110, 100 + width(notes))  # of the weights, where the notes leave room for their names
        for signal in session.signals:
            weight = f"{getattr(session.weights, signal):g}".replace("0.", ".")
            name = signal if long else ""
            weights.append((f" {SIGNAL_LETTERS[signal]}", palette.signal(signal, bold=True)))
            weights.append((f" {name} {weight} " if long else f"{weight}", palette.text("quiet")))
        left: list[Span] = [
            (" sleevewalk " if cells >= 90 or not notes else " ", palette.text("accent", bold=True)),
            (f"{len(session.snapshot):,} albums  ring {shown} ", palette.text("quiet")),
            (f" {session.preset or 'weights'} ", palette.text("quiet")) if long else ("", palette.text()),
            *weights,
        ]
        used = sum(width(text) for text, _ in left)
        note = cut(notes, max(0, cells - used - 2))
        gap = max(0, cells - used - width(note) - 1)
        self.show([[*left, (" " * gap, palette.text()), (note, palette.text("accent"))]])


class Notices(Lines):
    """What a person should know of the library, such as an index that is missing; no row where there is nothing."""

    def __init__(self, notices: Sequence[str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = " · ".join(plain(notice) for notice in notices)
        self.display = bool(notices)

    def on_resize(self) -> None:
        """As many rows as the text needs, at most three."""
        rows = wrap(self.text, max(1, self.size.width - 2), 3)
        self.styles.height = max(1, len(rows))
        self.show([[(f" {row}", self.palette.text("accent"))] for row in rows])


class TrailLine(Lines):
    """Where the walk went, the latest stops that fit, and the tray."""

    @dataclass
    class Pointed(Message):
        """A click on a stop."""

        seq: int

    _stops: Sequence[tuple[str, int]] = ()  # what is shown of each stop, and its seq

    def on_click(self, event: events.Click) -> None:
        """Tell the walk which stop it is."""
        event.stop()
        x = 1
        for text, seq in self._stops:
            if x <= event.x < x + width(text):
                self.post_message(self.Pointed(seq))
            x += width(text)

    def show_session(self, session: Session, with_tray: bool) -> None:
        """`A › B › here › (ahead)` on the left, the tray on the right unless it is shown elsewhere."""
        palette, cells = self.palette, self.size.width
        tray = _tray(session, cells // 2) if with_tray else ""
        room = cells - width(tray) - 3
        behind, ahead = session.trail.path()
        here = plain(session.here.title) or "untitled"
        parts: list[Span] = [(cut(here, room), palette.text(bold=True))]
        seqs = [session.trail.here.seq]
        used = width(here)
        for visit in reversed(behind[:-1]):
            name = cut(plain(session.album(visit.album_id).title) or "untitled", 24)
            if used + width(name) + 3 > room - 2:
                parts.insert(0, ("… › ", palette.text("quiet")))
                seqs.insert(0, visit.seq)
                break
            parts.insert(0, (f"{name} › ", palette.text("quiet")))
            seqs.insert(0, visit.seq)
            used += width(name) + 3
        for visit in ahead:
            name = cut(plain(session.album(visit.album_id).title) or "untitled", 24)
            if used + width(name) + 3 > room:
                break
            parts.append((f" › {name}", palette.text("quiet")))
            seqs.append(visit.seq)
            used += width(name) + 3
        self._stops = [(text, seq) for (text, _), seq in zip(parts, seqs, strict=True)]
        gap = cells - sum(width(text) for text, _ in parts) - width(tray) - 2
        self.show(
            [
                [
                    (" ", palette.text()),
                    *parts,
                    (" " * max(1, gap), palette.text()),
                    (tray, palette.text("accent")),
                ]
            ]
        )


class WhyLine(Lines):
    """The album in focus and its strongest reason in one row, for a window without details."""

    def show_session(self, session: Session) -> None:
        """`Title · Artist  T shared: …`."""
        palette, album, neighbor = self.palette, session.focused, session.focused_neighbor
        row: list[Span] = [(f" {plain(album.title)} · {plain(album.artist)}  ", palette.text(bold=True))]
        if neighbor is not None:
            reason = neighbor.strongest
            row.append((f"{SIGNAL_LETTERS[reason.signal]} ", palette.signal(reason.signal, bold=True)))
            row.append((plain(reason.text), palette.text("quiet")))
        self.show([row])


class KeysLine(Lines):
    """As many keys as fit, or for a moment what just happened."""

    _hints: Sequence[Hint] = ()  # shown now
    _places: Sequence[tuple[int, int, Hint]] = ()  # the columns from and to which each stands

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked; of several shown as one, that at the place. Beside them: every action."""
        event.stop()
        if self._places and event.x >= self._places[-1][1]:
            self.app.simulate_key(key_names(self).key("app.palette"))
        for start, end, hint in self._places:
            if start <= event.x < end and hint.ids:
                shown = max(1, width(key_names(self).shown(hint)))
                at = min(event.x - start, shown - 1) * len(hint.ids) // shown
                self.app.simulate_key(key_names(self).key(hint.ids[at]))

    def on_resize(self) -> None:
        """As many keys as the new width has room for, such as after a line to write in stood here."""
        if self._hints:
            self.show_keys(self._hints)

    def show_keys(self, hints: Sequence[Hint]) -> None:
        """`key does`, as many as fit; the last, which leads to all the others, always."""
        self._hints, places = hints, list[tuple[int, int, Hint]]()
        palette, names = self.palette, key_names(self)
        row, x = [(" ", palette.text())], 1
        cells = [width(names.shown(hint)) + width(hint.does) + 3 for hint in hints]
        for place, hint in enumerate(hints):
            if x + cells[place] + (cells[-1] if place < len(hints) - 1 else 0) > self.size.width:
                hint = hints[-1]
            key = names.shown(hint)
            row += [(key, palette.text("accent", bold=True)), (f" {hint.does}  ", palette.text("quiet"))]
            places.append((x, x + width(key) + 1 + width(hint.does), hint))
            x += cells[place]
            if hint is hints[-1]:
                break
        self._places = places
        self.show([row])

    def show_message(self, message: str, error: bool = False) -> None:
        """A sentence in place of the keys, until the next key."""
        self._hints = self._places = ()
        style = self.palette.text("error" if error else "accent", bold=True)
        parts = _ADDRESS.split(" " + plain(message))  # between the texts stand addresses, which the terminal may open
        self.show([[(part, style.update_link(part) if at % 2 else style) for at, part in enumerate(parts) if part]])


def _tray(session: Session, cells: int) -> str:
    if not session.tray:
        return ""
    titles = ", ".join(plain(album.title) or "untitled" for album in session.tray)
    return cut(f"tray {len(session.tray)}: {titles}", cells)
