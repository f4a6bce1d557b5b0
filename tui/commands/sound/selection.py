"""Which albums a command is about: named one by one, or a walk, a route, what `find` finds, the bookmarks."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import click

from tui.commands.shared import Command
from tui.commands.shell.completion import complete_album

if TYPE_CHECKING:
    from store.database.library import Library
    from store.memory.snapshot import Snapshot
    from store.records import Album

MOST = 10_000  # lines of standard input


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for; exactly one of it is set."""

    albums: tuple[str, ...]
    walk: str | None
    route: tuple[str, str] | None
    found: str | None
    bookmarks: bool

    @property
    def title(self) -> str:
        """What a playlist of it is called."""
        return self.walk or self.found or ("bookmarks" if self.bookmarks else "sleevewalk")


def selection_options(command: Command) -> Command:
    """ALBUM… or one of --walk, --route, --find and --bookmarks; the command takes `selection`."""
    from functools import wraps

    @wraps(command)
    def selecting(*arguments: object, **given: object) -> object:
        parts = [given.pop(name) for name in ("albums", "walk", "route", "found", "bookmarks")]
        if sum(part not in (None, (), False) for part in parts) != 1:
            raise click.UsageError("name albums, or give one of --walk, --route, --find and --bookmarks")
        return command(*arguments, selection=Selection(*parts), **given)  # type: ignore[arg-type]

    decorated: object = selecting
    for option in (
        click.option("--bookmarks", is_flag=True, help="What you bookmarked, the newest first."),
        click.option("--find", "found", metavar="TEXT", help="What `find` finds, the best 20."),
        click.option("--route", nargs=2, metavar="ALBUM ALBUM", help="The way from one album to another."),
        click.option("--walk", metavar="NAME", help="A recorded walk, by its name or id."),
        click.argument("albums", nargs=-1, metavar="[ALBUM]...", shell_complete=complete_album),
    ):
        decorated = option(decorated)  # type: ignore[type-var]
    return cast(Command, decorated)


def selected(library: Library, selection: Selection) -> list[Album]:
    """The albums in their order, each once. UnknownAlbum, UnknownWalk; LibraryError where there is nothing."""
    from store.errors import LibraryError
    from store.memory.snapshot import Snapshot
    from store.neighbors.find import resolve
    from store.neighbors.search import search

    if selection.route is not None:
        albums = _route(library, *selection.route)
    else:
        snapshot = Snapshot.load(library)
        if selection.walk is not None:
            albums = _known(snapshot, _walked(snapshot, selection.walk))
        elif selection.found is not None:
            albums = search(snapshot, selection.found, 20).albums
        elif selection.bookmarks:
            albums = _known(snapshot, [mark.album_id for mark in snapshot.personal.bookmarks])
        else:
            albums = [resolve(snapshot, text) for text in _named(selection.albums)]
    if not albums:
        raise LibraryError("no album is like that")
    return list({album.album_id: album for album in albums}.values())


def _named(albums: tuple[str, ...]) -> list[str]:
    """The names given, `-` standing for the lines of standard input."""
    names: list[str] = []
    for name in albums:
        if name != "-":
            names.append(name)
            continue
        for number, line in enumerate(sys.stdin):
            if number == MOST:
                raise click.UsageError(f"more than {MOST:,} albums on standard input")
            if line.strip():
                names.append(line.strip())
    return names


def _walked(snapshot: Snapshot, name: str) -> list[str]:
    from store.personal.walks import find_walk, recorded_walks

    return [step.album_id for step in find_walk(recorded_walks(snapshot.personal), name).steps]


def _known(snapshot: Snapshot, album_ids: list[str]) -> list[Album]:
    rows = [snapshot.row(album_id) for album_id in album_ids]
    return [snapshot.album(row) for row in rows if row is not None]


def _route(library: Library, start: str, goal: str) -> list[Album]:
    from store.errors import LibraryError
    from store.neighbors.find import resolve
    from store.neighbors.neighborhood import open_neighborhood
    from store.neighbors.routes import find_route

    neighborhood = open_neighborhood(library)
    first, last = (resolve(neighborhood.snapshot, text) for text in (start, goal))
    found = find_route(neighborhood, first.album_id, last.album_id)
    if not found.steps:
        raise LibraryError(f"no route: {found.why}")
    return [step.album for step in found.steps]
