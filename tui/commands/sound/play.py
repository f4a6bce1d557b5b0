"""`play`, `playlist` and `album`: albums to a player, to a playlist's file, and one album with its tracks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands.shared import (
    NEW_FILE,
    NEW_FOLDER,
    Context,
    album_dict,
    album_line,
    json_command,
    open_library,
    print_json,
)
from tui.commands.shell.completion import complete_album
from tui.commands.sound.selection import Selection, selected, selection_options

if TYPE_CHECKING:
    from pipelines.exports.playlist import Playlist
    from store.database.library import Library
    from store.records import Album

TO = click.Choice(["auto", "mpd", "mpris", "command", "browser"])
tracks_option = click.option("--tracks", type=click.IntRange(min=1), help="At most so many tracks of an album.")
relative_option = click.option("--relative-to", type=NEW_FOLDER, help="Paths from this folder on, not absolute.")


@click.command()
@selection_options
@click.option("--queue", is_flag=True, help="Behind what plays, instead of now.")
@click.option("--to", type=TO, help="The player.  [default: `use` in [player] of the config file, else auto]")
@json_command
def play(context: Context, selection: Selection, queue: bool, to: str | None, as_json: bool) -> None:
    """Play albums: in MPD, a player on the session bus, by a command, or as their page on the web.

    `-` reads albums from standard input, a line each. Players are set up in the config file under [player].
    """
    library = open_library(context)
    send(library, selected(library, selection), queue, to, as_json)


@click.command()
@selection_options
@click.option("-o", "--out", type=NEW_FILE, required=True, help="The file to write.")
@relative_option
@tracks_option
@json_command
def playlist(
    context: Context, selection: Selection, out: Path, relative_to: Path | None, tracks: int | None, as_json: bool
) -> None:
    """Write albums as a playlist that plays: .m3u8, .xspf or .jspf, tracks in the order of disc and number."""
    library = open_library(context)
    write(library, selected(library, selection), selection.title, out, relative_to, tracks, as_json)


@click.command()
@click.argument("album", shell_complete=complete_album)
@json_command
def album(context: Context, album: str, as_json: bool) -> None:
    """ALBUM's page: facts, tags, sources, what you own and played of it, and its files."""
    from pipelines.exports.playlist import file_uri
    from store.catalogue.album_page import album_page
    from store.memory.snapshot import Snapshot
    from store.neighbors.find import resolve
    from store.text import clean

    library = open_library(context)
    found = resolve(Snapshot.load(library), album)
    with library.read() as con:
        page = album_page(con, found)
    if as_json:
        print_json({"album": album_dict(found), **page.to_json()})
        return
    click.echo(album_line(found))
    for name, value in page.facts:
        shown = clean(value, 400)
        address = f"https://musicbrainz.org/release-group/{page.mbid}" if name == "mbid" else ""
        click.echo(f"  {name:<10} {linked(shown, address)}")
    for track in page.tracks:
        place = f"{track.disc}.{track.track}" if track.disc and track.track else str(track.track or "")
        length = "" if track.seconds is None else f"{int(track.seconds) // 60}:{int(track.seconds) % 60:02}"
        path = linked(clean(track.path, 400), file_uri(track.path))
        click.echo(f"  {place:>5}  {length:>6}  {clean(track.title, 200)}  {path}".rstrip())


def linked(text: str, address: str) -> str:
    """The text as a link (OSC 8) where a terminal shows it: what opens, opens on the person's own machine."""
    return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\" if address and sys.stdout.isatty() else text


def send(library: Library, albums: list[Album], queue: bool, to: str | None, as_json: bool) -> None:
    """Send albums to the player and say what it took; what was left out on stderr."""
    from dataclasses import asdict, replace

    from pipelines.folders import config_file
    from pipelines.players.choose import open_player
    from store.catalogue.files import playables
    from tui.config import player_settings

    settings = player_settings(config_file())
    player = open_player(replace(settings, use=to) if to else settings)
    try:
        sent = player.play(playables(library, albums), queue)
    finally:
        player.close()
    for label in sent.left_out:
        click.echo(f"left out: {label}", err=True)
    if as_json:
        print_json({"player": player.name, "queued": queue, **asdict(sent)})
    elif sent.link:
        click.echo(linked(sent.link, sent.link))
    else:
        what = f"{sent.albums:,} album{'s' if sent.albums != 1 else ''}"
        what += f", {sent.tracks:,} track{'s' if sent.tracks != 1 else ''}" if sent.tracks else ""
        click.echo(f"{'queued in' if queue else 'plays in'} {player.name}: {what}")


def write(
    library: Library,
    albums: list[Album],
    title: str,
    out: Path,
    relative_to: Path | None,
    tracks: int | None,
    as_json: bool = False,
) -> Playlist:
    """Write albums as the playlist that the file's ending names; those without files are named and left out."""
    from pipelines.exports.playlist import FORMS, NO_FILES, make_playlist, save_playlist
    from store.catalogue.files import playables

    form = out.suffix[1:].lower()
    if form not in FORMS:
        raise click.UsageError(f"{str(out)!r} says no format: end it in .{', .'.join(FORMS)}")
    made = make_playlist(title, playables(library, albums), tracks)
    save_playlist(made, out, relative_to)
    for label in made.left_out:
        click.echo(f"left out: {label}: {NO_FILES}", err=True)
    if as_json:
        print_json({"albums": len(made.albums), "tracks": made.tracks, "left_out": list(made.left_out)})
    else:
        click.echo(f"wrote {out}: {len(made.albums):,} albums, {made.tracks:,} tracks", err=True)
    return made
