"""The panel that says what is in the centre, what is in focus, and why the two are neighbours."""

from __future__ import annotations

from collections.abc import Sequence

from store.records import Album, Reason
from tui.keynames import KeyNames, key_names
from tui.palette import SIGNAL_LETTERS, Palette
from tui.text import count, cut, pad, plain, wrap
from tui.walk.session import Session
from tui.widgets.lines import Lines, Span, heading, wrapped

BAR_LABEL = 11  # "P popularity"
BOOKMARK = "★"
_EIGHTHS = " ▏▎▍▌▋▊▉█"


class Details(Lines):
    """Two albums and their reasons, fitted to the rows there are."""

    def show_session(self, session: Session, problem: str | None = None) -> None:
        """Say what the walk is at; `problem` is why the cover in focus is not drawn."""
        self.show(details_rows(self.palette, session, self.size.width, self.size.height, key_names(self), problem))


def details_rows(
    palette: Palette, session: Session, cells: int, height: int, names: KeyNames, problem: str | None = None
) -> list[list[Span]]:
    """The rows for a panel of `cells` x `height`: tags and reason texts get what room is left."""
    here, neighbor = session.here, session.focused_neighbor
    roomy = height >= 30
    rows = [heading(palette, "here", cells, BOOKMARK if here.album_id in session.bookmarks else "")]
    rows += _album(palette, session, here, cells, 3 if roomy else 2, 2 if roomy else 1)
    rows += [[]]
    if neighbor is not None:
        mark = f"{BOOKMARK} " if neighbor.album.album_id in session.bookmarks else ""
        rows += [heading(palette, "in focus", cells, f"{mark}match {neighbor.score:.2f}")]
        rows += _album(palette, session, neighbor.album, cells, 2 if roomy else 0, 2 if roomy else 1)
        reasons: Sequence[Reason] = neighbor.reasons
    else:
        previous = session.previous
        reasons = session.way_here
        if previous is not None and reasons:
            rows += [heading(palette, "came from", cells)]
            rows += _album(palette, session, previous, cells, 0, 2 if roomy else 1)
    if problem is not None:
        rows += wrapped(plain(problem), cells, 2, palette.text("quiet"))
    if roomy and reasons:
        rows += [[], heading(palette, "why neighbours", cells)]
    rows += reason_rows(palette, reasons, cells, height - len(rows), roomy)
    if not reasons and neighbor is None:
        rows += wrapped(_hint(session, names), cells, 3, palette.text("quiet"))
    return rows


def _hint(session: Session, names: KeyNames) -> str:
    if any(session.ring.slots):
        return f"The arrows look around, {names('walk.walk')} walks to the album in focus."
    jump = f"{names('walk.random')} jumps to another album."
    return f"This album has no neighbours: nothing that counts now is known of it. {jump}"


def _album(
    palette: Palette, session: Session, album: Album, cells: int, tag_lines: int, title_lines: int
) -> list[list[Span]]:
    title = wrap(plain(album.title) or "untitled", cells, title_lines)
    rows: list[list[Span]] = [[(row, palette.text(bold=True))] for row in title]
    rows.append([(cut(plain(album.artist) or "unknown artist", cells), palette.text())])
    listeners, plays = count(album.listeners), session.snapshot.plays.get(album.album_id)
    facts = [
        str(album.year or ""),
        plain(album.genre or ""),
        f"{listeners} listeners" if listeners else "",
        f"{plays.total:,} play{'s' if plays.total != 1 else ''}" if plays else "",
        *(f"on {plain(name)}" for name in session.snapshot.own.of_album.get(album.album_id, ())),
    ]
    rows.append([(cut(" · ".join(fact for fact in facts if fact), cells), palette.text("quiet"))])
    tags = ", ".join(plain(tag) for tag in album.tags)
    rows += wrapped(tags, cells, tag_lines, palette.text("quiet"))
    return rows


def reason_rows(palette: Palette, reasons: Sequence[Reason], cells: int, room: int, roomy: bool) -> list[list[Span]]:
    """A bar a reason, and below it its text where there is room; the strongest reasons get the room first."""
    left = room - len(reasons) - 1  # the bar of shares
    shown: dict[str, list[str]] = {}
    for reason in sorted(reasons, key=lambda reason: -reason.share):
        most = 1 + roomy + bool(reason.looks)  # what an eye would say is a sentence
        if reason.text and left > 0:
            shown[reason.signal] = wrap(plain(reason.text), cells - 2, min(most, left))
            left -= len(shown[reason.signal])
    rows: list[list[Span]] = [share_bar(palette, reasons, cells)] if reasons and left > 0 else []
    for reason in reasons:
        rows.append(bar(palette, reason, cells))
        rows += [[("  " + text, palette.text("quiet"))] for text in shown.get(reason.signal, [])]
    return rows


def share_bar(palette: Palette, reasons: Sequence[Reason], cells: int) -> list[Span]:
    """All shares of the score in one bar, `T██████C███E█`: each as wide as its share, with the letter of its signal."""
    ends = [round(cells * sum(reason.share for reason in reasons[: place + 1])) for place in range(len(reasons))]
    widths = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    parts = zip(reasons, widths, strict=True)
    return [
        (SIGNAL_LETTERS[reason.signal] + "█" * (wide - 1), palette.signal(reason.signal))
        for reason, wide in parts
        if wide > 0
    ]


def bar(palette: Palette, reason: Reason, cells: int) -> list[Span]:
    """`C cover      ██████▌   62 %`: its share of the score; the letter is the one beside the cover."""
    label = f"{SIGNAL_LETTERS[reason.signal]} {reason.signal}"
    track = max(4, cells - BAR_LABEL - 2 - 5)
    eighths = round(max(0.0, min(1.0, reason.share)) * track * 8)
    full, part = divmod(eighths, 8)
    bar = "█" * full + (_EIGHTHS[part] if part else "")
    ink = palette.signal(reason.signal)
    return [
        (pad(label, BAR_LABEL + 2), palette.signal(reason.signal, bold=True)),
        (bar, ink),
        ("·" * (track - len(bar)), palette.text("faint")),
        (f" {reason.share:4.0%}", palette.text()),
    ]
