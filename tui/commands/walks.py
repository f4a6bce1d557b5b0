"""`walk`: the recorded walks, one of them as a tree or a file, and its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.exports.playlist import FORMS
from pipelines.players.player import KINDS
from store.errors import LibraryError
from store.text import clean
from tui.commands.shared import FILMS, NEW_FILE, Context, album_line, json_command, open_library, print_json, write_film
from tui.commands.sound.play import relative_option, send, tracks_option, write
from tui.commands.sound.selection import Selection, selected
from tui.commands.sound.sources import to_subsonic

if TYPE_CHECKING:
    from store.database.library import Library
    from store.personal.walks import Walk


@click.command()
@click.argument("name_or_id", required=False)
@click.option("-o", "--out", type=NEW_FILE, help="Write it to this file.")
@click.option("--name", "new_name", help="Name it, or rename it; '' takes its name off.")
@click.option("--to", type=click.Choice(["auto", *KINDS, "subsonic"]), help="Play it there; Subsonic: as a playlist.")
@relative_option
@tracks_option
@json_command
def walk(
    context: Context,
    name_or_id: str | None,
    out: Path | None,
    new_name: str | None,
    to: str | None,
    relative_to: Path | None,
    tracks: int | None,
    as_json: bool,
) -> None:
    """List the recorded walks, or show the stops of one as a tree.

    NAME_OR_ID is a walk's name, its id or how that starts. -o writes the walk as the file's ending says: m3u8, xspf or
    jspf to play it, csv, json, graphml, html, png for a sheet of its covers, or webp or gif for a film of them.
    """
    from pipelines.exports.walk import ENDINGS
    from store.personal.records import Personal
    from store.personal.walks import find_walk, recorded_walks

    if name_or_id is None and (out is not None or new_name is not None or to is not None):
        raise click.UsageError("say which walk: its name or id; `sleevewalk walk` lists them")
    endings = (*FORMS, *ENDINGS, *FILMS)
    if out is not None and out.suffix[1:].lower() not in endings:
        raise click.UsageError(f"{str(out)!r} says no format: end it in .{', .'.join(endings)}")
    library = open_library(context)
    personal = Personal(library)
    walks = recorded_walks(personal.read())
    if name_or_id is None:
        _list(walks, as_json)
        return
    found = find_walk(walks, name_or_id)
    if new_name is not None:
        note, weights = ("", None) if found.named is None else (found.named.note, found.named.weights)
        personal.name_walk(found.walk_id, new_name, note, weights)
        personal.flush()
        found = find_walk(recorded_walks(personal.read()), found.walk_id)
        click.echo(f"named: {found.label}" if found.name else f"no name any more: {found.label}", err=True)
        if out is None:
            if as_json:
                print_json(_facts(found))
            return
    if to is not None or (out is not None and out.suffix[1:].lower() in FORMS):
        _to_ears(library, found, out, to, relative_to, tracks, as_json)
    else:
        _show(library, found, out, as_json)


def _to_ears(
    library: Library,
    walk: Walk,
    out: Path | None,
    to: str | None,
    relative_to: Path | None,
    tracks: int | None,
    as_json: bool,
) -> None:
    """The walk to a player, to a server, or to a playlist's file."""
    albums = selected(library, Selection((), walk.walk_id, None, None, False))
    name = walk.name or f"walk {walk.walk_id[:8]}"
    if out is not None:
        write(library, albums, name, out, relative_to, tracks, as_json)
    if to == "subsonic":
        to_subsonic(library, albums, name, as_json)
    elif to is not None:
        send(library, albums, False, to, as_json)


def _facts(walk: Walk) -> dict[str, object]:

    return {
        "walk_id": walk.walk_id,
        "name": clean(walk.name) or None,
        "started_at": walk.started_at.isoformat(timespec="seconds") + "Z",
    }


def _list(walks: list[Walk], as_json: bool) -> None:
    """Id, when it began here, stops, name; the newest first."""
    from datetime import UTC

    from store.personal.walks import SHORT_ID

    if as_json:
        print_json([{**_facts(walk), "stops": len(walk.steps)} for walk in walks])
        return
    for walk in walks:
        began = walk.started_at.replace(tzinfo=UTC).astimezone().strftime("%Y-%m-%d %H:%M")
        stops = f"{len(walk.steps):,} stop{'' if len(walk.steps) == 1 else 's'}"
        click.echo(f"{clean(walk.walk_id)[:SHORT_ID]:<{SHORT_ID}}  {began}  {stops:>11}  {clean(walk.name)}".rstrip())
    if not walks:
        click.echo("no walk is recorded yet: `sleevewalk` opens the app, and every stop is kept", err=True)


def _show(library: Library, walk: Walk, out: Path | None, as_json: bool) -> None:
    """The stops, to the terminal or a file; those whose albums are gone are counted."""
    from pipelines.exports.walk import as_json as stops_as_json
    from pipelines.exports.walk import write_walk
    from store.catalogue.covers import CoverFiles
    from store.neighbors.neighborhood import open_neighborhood
    from tui.walk.stops import stops_of
    from tui.walk.trail import Trail, branch

    neighborhood = open_neighborhood(library)
    known = [step for step in walk.steps if neighborhood.snapshot.row(step.album_id) is not None]
    trail = Trail.of_steps(known)
    gone = len(walk.steps) - len(known)
    if gone:
        click.echo(f"left out: {gone:,} of {len(walk.steps):,} stops, whose albums are no longer here", err=True)
    if trail is None:
        raise LibraryError(f"walk {walk.label} has no stop left to show")
    stops = stops_of(trail, neighborhood)
    if out is not None and out.suffix[1:].lower() in FILMS:
        write_film(library, [stop.album for stop in stops], out)
    elif out is not None:
        write_walk(stops, CoverFiles(library.covers_dir), out, clean(walk.name) or clean(out.stem))
        click.echo(f"wrote {clean(str(out))}: {len(stops):,} stops", err=True)
    if as_json:
        print_json({**_facts(walk), "left_out": gone, **json.loads(stops_as_json(stops))})
    elif out is None:
        firsts = trail.firsts()
        for depth, visit in trail.tree():
            forks = visit.came_from is not None and firsts[visit.came_from] != visit.seq
            start = "▪ " if visit.came_from is None else "  "
            click.echo(f"{visit.seq:4}  {start}{branch(depth, forks)}{album_line(stops[visit.seq].album)}")
