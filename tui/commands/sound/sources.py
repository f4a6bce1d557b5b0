"""`ingest` from what people have elsewhere (beets, a server, lists, plays, playlists), and walks to a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands.shared import (
    FILE,
    FOLDER,
    Context,
    base_url_option,
    client,
    create_library,
    interactive,
    json_command,
    open_library,
    print_ingest,
    print_json,
)

if TYPE_CHECKING:
    from pipelines.report import IngestReport
    from pipelines.sources.personal.subsonic_server import SubsonicServer
    from store.database.library import Library
    from store.records import Album

EXPORT = click.Path(path_type=Path, exists=True)


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("--kind", "kinds", multiple=True, metavar="COLUMN", help="A column of counts, named as its kind.")
@click.option(
    "--listenbrainz", is_flag=True, help="Listeners of your albums with a MusicBrainz identifier, by ListenBrainz."
)
@base_url_option
@json_command
def counts(
    context: Context, file: Path | None, kinds: tuple[str, ...], listenbrainz: bool, base_url: str | None, as_json: bool
) -> int:
    """How well known albums are, from a FILE with artist, album, kind, count, or with a column for each --kind.

    Or as ListenBrainz counts the listeners of the albums in the library; the identifiers of those are sent there.
    """
    from pipelines.progress import StderrProgress
    from pipelines.sources.counts import ingest_counts
    from pipelines.sources.listenbrainz import LISTENBRAINZ_URL, ingest_listenbrainz_counts

    if (file is None) == (not listenbrainz):
        raise click.UsageError("give a FILE with counts, or --listenbrainz")
    if file is None:
        web, url = client(base_url, LISTENBRAINZ_URL), base_url or LISTENBRAINZ_URL
        report = ingest_listenbrainz_counts(open_library(context), web, url, StderrProgress())
    else:
        report = ingest_counts(create_library(context), file, kinds, StderrProgress())
    return print_ingest(context, report, as_json)


@click.command()
@click.argument("database", type=FILE)
@click.option("--music", type=FOLDER, help="beets' `directory`.  [default: by the config.yaml beside DATABASE]")
@json_command
def beets(context: Context, database: Path, music: Path | None, as_json: bool) -> int:
    """Albums, tracks and covers of a beets library, from its library.db. It is only read."""
    from pipelines.progress import StderrProgress
    from pipelines.sources.personal.beets import ingest_beets

    return _print(context, ingest_beets(create_library(context), database, music, StderrProgress()), as_json)


@click.command()
@click.argument("url", required=False)
@click.option("--user", help="Your name there.  [default: `user` in [subsonic] of the config file]")
@json_command
def subsonic(context: Context, url: str | None, user: str | None, as_json: bool) -> int:
    """Albums and covers of a music server at URL that speaks Subsonic: Navidrome, Gonic, Airsonic …

    The password comes from SLEEVEWALK_SUBSONIC_PASSWORD, from `password` in [subsonic] of the config file, or is asked
    for. It is kept nowhere. A token made of it is sent; the password itself only to servers that know no tokens, over
    https or to this machine.
    """
    from pipelines.progress import StderrProgress
    from pipelines.sources.personal.subsonic import ingest_subsonic

    server = subsonic_server(url, user)
    return _print(context, ingest_subsonic(create_library(context), server, StderrProgress()), as_json)


@click.command()
@click.argument("file", type=FILE)
@json_command
def collection(context: Context, file: Path, as_json: bool) -> int:
    """What you own or rated: the CSV that Discogs or Rate Your Music exports."""
    from pipelines.progress import StderrProgress
    from pipelines.sources.personal.collection import ingest_collection

    return _print(context, ingest_collection(create_library(context), file, StderrProgress()), as_json)


@click.command()
@click.argument("path", type=EXPORT)
@json_command
def listens(context: Context, path: Path, as_json: bool) -> int:
    """What you listened to: the exports of Spotify, ListenBrainz and Last.fm (CSV), a file, a folder or the zip.

    Plays go into a table of your own, `plays`. Addresses, e-mail and devices in the export are not read.
    """
    from pipelines.progress import StderrProgress
    from pipelines.sources.personal.listens import ingest_listens

    return _print(context, ingest_listens(create_library(context), path, StderrProgress()), as_json)


@click.command()
@click.argument("file", type=FILE)
@json_command
def playlist(context: Context, file: Path, as_json: bool) -> int:
    """A playlist becomes a walk: M3U, XSPF or JSPF, its tracks found by file, MusicBrainz identifier or name."""
    from pipelines.sources.personal.playlist import ingest_playlist

    return _print(context, ingest_playlist(open_library(context), file), as_json)


COMMANDS = (counts, beets, subsonic, collection, listens, playlist)


def subsonic_server(url: str | None, user: str | None) -> SubsonicServer:
    """The server of the config file, or the one that is named."""
    from pipelines.folders import config_file
    from pipelines.sources.personal.subsonic_server import SubsonicServer
    from tui.config import SUBSONIC_VARIABLE, subsonic_login

    path = config_file()
    known_url, known_user, password = subsonic_login(path)
    url, user = url or known_url, user or known_user
    if not url or not user:
        raise click.UsageError(f"name the server and --user, or write [subsonic] with url and user into {path}")
    if not password and interactive():
        password = click.prompt(f"Password of {user}", hide_input=True, err=True)
    if not password:
        raise click.UsageError(
            f"no password: set {SUBSONIC_VARIABLE}, or write it into [subsonic] of {path} (mode 0600)"
        )
    return SubsonicServer(url, user, password)


def to_subsonic(library: Library, albums: list[Album], name: str, as_json: bool) -> None:
    """The albums as a playlist on the server of the config file."""
    from dataclasses import asdict

    from pipelines.sources.personal.subsonic import send_playlist

    sent = send_playlist(library, subsonic_server(None, None), name, albums)
    for label in sent.left_out:
        click.echo(f"left out: {label}: the server has it not", err=True)
    if as_json:
        print_json(asdict(sent))
    else:
        what = "replaced" if sent.replaced else "made"
        click.echo(f'{what} playlist "{sent.name}": {sent.albums:,} albums, {sent.tracks:,} tracks')


def _print(context: Context, report: IngestReport, as_json: bool) -> int:
    """Returns the exit status."""
    status = print_ingest(context, report, as_json)
    if not as_json and report.covers_stored:
        click.echo("next: `sleevewalk build` embeds the new covers", err=True)
    return status
