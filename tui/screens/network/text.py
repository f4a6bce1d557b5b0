"""What the network says in words: its heading, the album in focus, why the edge in focus is there."""

from __future__ import annotations

from store.records import Album, Reason
from tui.palette import SIGNAL_LETTERS, Palette
from tui.screens.walk.details import bar
from tui.text import cut, plain
from tui.walk.network import Network
from tui.widgets.lines import Span, wrapped


def heading(palette: Palette, network: Network, seen: int, *, every: bool, ascii_only: bool) -> list[Span]:
    """How large it is, what its marks mean, and how many covers are wholly in view (`seen`).

    `every`: not the edges of the focus only are drawn.
    """
    opened, here = ("o", "@") if ascii_only else ("◇", "◆")
    parts = [f"{len(network):,} albums explored", f"{here} you are here", f"{opened} ring open"]
    parts += ["all edges"] if every else []
    parts += [f"{seen:,} in view"] if seen < len(network) else []
    return [(" network ", palette.text("accent", bold=True)), (" · ".join(parts), palette.text("quiet"))]


def why_line(
    palette: Palette, network: Network, album: Album, other: Album | None, reasons: tuple[Reason, ...], cells: int
) -> list[Span]:
    """The album at the other end, which edge this is, the match and the reason that tints it."""
    if other is None:
        return [(" nothing joins it to another album here", palette.text("quiet"))]
    edges, link = network.joined(album.album_id), network.links[album.album_id][other.album_id]
    text = next((plain(reason.text) for reason in reasons if reason.signal == link.signal), link.signal)
    return [
        (f" edge {edges.index(other.album_id) + 1} of {len(edges)}: ", palette.text("quiet")),
        (cut(plain(other.title) or "untitled", max(8, cells // 3)), palette.text(bold=True)),
        (f"  match {link.score:.2f}  ", palette.text("quiet")),
        (f"{SIGNAL_LETTERS[link.signal]} ", palette.signal(link.signal, bold=True)),
        (text, palette.signal(link.signal)),
    ]


def bars(
    joins: str, other: Album | None, reasons: tuple[Reason, ...], palette: Palette, cells: int
) -> list[list[Span]]:
    """How (`joins`) the other end is joined, that one in full, and a bar for each reason."""
    if other is None:
        return []
    rows: list[list[Span]] = [[], [(joins, palette.text("quiet"))]]
    rows += wrapped(plain(other.title) or "untitled", cells, 2, palette.text(bold=True))
    rows += wrapped(plain(other.artist) or "unknown artist", cells, 1, palette.text())
    return rows + [bar(palette, reason, cells) for reason in reasons]
