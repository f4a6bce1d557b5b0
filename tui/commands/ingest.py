"""`ingest`: what fills a library."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.folders import config_file
from store.text import clean
from tui.commands.exchange import large
from tui.commands.shared import (
    FILE,
    FOLDER,
    Command,
    Context,
    base_url_option,
    client,
    create_library,
    json_command,
    large_option,
    open_library,
    print_ingest,
    print_json,
    private_option,
    progress,
    shard_weights_option,
)
from tui.commands.sound import sources

if TYPE_CHECKING:
    from pipelines.images import Keep
    from pipelines.report import IngestReport
    from pipelines.sources.covers import Places
    from pipelines.sources.remote import Source
    from pipelines.web.client import Web
    from store.database.library import Library

COUNT = click.IntRange(min=0)
LISTED = 20  # failed items of a source that `status` names


@click.group()
def ingest() -> None:
    """Bring albums into the library. Run again at any time: it goes on, and adds nothing twice."""


ingest.add_command(large)


@ingest.command()
@click.argument("file", type=FILE)
@click.option("--covers", type=FOLDER, help="Folder that the table's `cover` paths are in.")
@large_option
@json_command
def table(context: Context, file: Path, covers: Path | None, large: Keep, as_json: bool) -> int:
    """Albums from a CSV, Parquet or JSON Lines FILE.

    Columns: artist, album, year, genre, tags and artist_tags (|-separated), listeners, playcount, mbid, cover.
    """
    from pipelines.sources.table import ingest_table

    report = ingest_table(create_library(context), file, covers, progress(), large)
    exit_status = _print(context, report, as_json)
    addresses = report.without_cover_by_reason["URL not fetched"]
    if addresses and not as_json:
        click.echo(f"next: `sleevewalk ingest covers` fetches {addresses:,} covers from their addresses", err=True)
    return exit_status


@ingest.command()
@click.argument("directory", type=FOLDER)
@shard_weights_option
@json_command
def shards(context: Context, directory: Path, weights: Path | None, as_json: bool) -> int:
    """Albums, covers and latents that `shards make` put into DIRECTORY; nothing is then left to embed."""
    from pipelines.shards.ingest import ingest_shards
    from vae.info import SHIPPED

    report = ingest_shards(create_library(context), directory, progress(), weights=weights or SHIPPED)
    exit_status = print_ingest(context, report, as_json)
    if not as_json:
        click.echo("next: `sleevewalk build` writes the index", err=True)
    return exit_status


@ingest.command()
@click.argument("directory", type=FOLDER)
@large_option
@json_command
def folder(context: Context, directory: Path, large: Keep, as_json: bool) -> int:
    """Your own music: albums from the tags of all files under DIRECTORY, with their embedded art or cover files.

    MP3, FLAC, Ogg, Opus, M4A, WMA, AIFF and WAV. Nothing leaves this machine; only new and changed folders are read.
    """
    from pipelines.sources.folder import ingest_folder

    return _print(context, ingest_folder(create_library(context), directory, progress(), large), as_json)


@ingest.command("similar-artists")
@click.argument("file", type=FILE)
@json_command
def similar_artists(context: Context, file: Path, as_json: bool) -> int:
    """Which artists are alike, from a CSV FILE with artist, similar, match (0–1)."""
    from pipelines.sources.similar_artists import ingest_similar_artists

    return print_ingest(context, ingest_similar_artists(create_library(context), file, progress()), as_json)


def threshold_options(command: Command) -> Command:
    """Which albums of Last.fm are wanted."""
    plays = click.option("--min-plays", type=COUNT, default=100_000, show_default=True, help="Enough plays, or …")
    listeners = click.option(
        "--min-listeners", type=COUNT, default=20_000, show_default=True, help="… enough listeners; either will do."
    )
    return plays(listeners(command))


limit_option = click.option("--limit", type=click.IntRange(min=1), help="At most so many albums.")


@ingest.command()
@click.option("--tag", "tags", multiple=True, help="The top albums of a tag; may be given several times.")
@click.option("--artist", "artists", multiple=True, help="The top albums of an artist.")
@click.option("--user", "users", multiple=True, help="The top albums of a user.")
@click.option("--snowball", type=COUNT, default=0, help="Take in so many similar artists beyond --artist.")
@threshold_options
@click.option(
    "--covers",
    type=click.Choice(["archive", "lastfm", "none"]),
    default="archive",
    show_default=True,
    help="Where covers come from. Last.fm's terms do not license its images: `lastfm` is your own choice.",
)
@limit_option
@base_url_option
@large_option
@json_command
def lastfm(
    context: Context, tags: tuple[str, ...], artists: tuple[str, ...], users: tuple[str, ...], snowball: int,
    min_plays: int, min_listeners: int, covers: str, limit: int | None, base_url: str | None, large: Keep,
    as_json: bool,
) -> int:  # fmt: skip
    """Albums from Last.fm, with tags and similar artists. Needs an API key: LASTFM_API_KEY or the config file.

    With none of --tag, --artist and --user it goes on with the albums that wait.
    """
    from pipelines.sources.covers import Places
    from pipelines.sources.lastfm import BASE_URL, LastFm, Query, Threshold
    from tui.config import lastfm_key

    key = lastfm_key(config_file())
    library = create_library(context)
    web = client(base_url, BASE_URL)
    source = LastFm(
        web,
        key,
        Query(tags, artists, users, snowball),
        Threshold(min_plays, min_listeners),
        covers == "lastfm",
        base_url or BASE_URL,
    )
    places = {"archive": Places(keep=large), "lastfm": Places(archive="", keep=large), "none": None}[covers]
    return _print(context, _ingest_with_covers(library, source, web, limit, places), as_json)


@ingest.command()
@click.option("--tag", "tags", multiple=True, help="Albums with a tag; may be given several times.")
@click.option("--artist", "artists", multiple=True, help="Albums of an artist.")
@click.option("--release-group", "groups", multiple=True, metavar="MBID", help="One album, by its identifier.")
@click.option("--user", "users", multiple=True, help="What a user of ListenBrainz listened to.")
@limit_option
@base_url_option
@large_option
@json_command
def musicbrainz(
    context: Context, tags: tuple[str, ...], artists: tuple[str, ...], groups: tuple[str, ...],
    users: tuple[str, ...], limit: int | None, base_url: str | None, large: Keep, as_json: bool,
) -> int:  # fmt: skip
    """Albums from MusicBrainz, covers from the Cover Art Archive. Needs no key; one album a second.

    With no option it goes on with the albums that wait.
    """
    from pipelines.sources.covers import Places
    from pipelines.sources.musicbrainz import BASE_URL, MusicBrainz, Query

    library = create_library(context)
    web = client(base_url, BASE_URL)
    source = MusicBrainz(web, Query(tags, artists, groups, users), base_url or BASE_URL)
    places = Places(musicbrainz=base_url or BASE_URL, keep=large)
    return _print(context, _ingest_with_covers(library, source, web, limit, places), as_json)


@ingest.command()
@limit_option
@click.option("--no-archive", is_flag=True, help="Only from addresses that came with albums (a table's `cover`).")
@private_option
@base_url_option
@large_option
@json_command
def covers(
    context: Context, limit: int | None, no_archive: bool, allow_private: bool, base_url: str | None, large: Keep,
    as_json: bool,
) -> int:  # fmt: skip
    """Covers for albums that have none: from addresses in their table, else from the Cover Art Archive.

    An album without a MusicBrainz identifier is looked up there by its artist and title.
    """
    from pipelines.sources.covers import ARCHIVE_URL, Places, fetch_covers

    web = client(base_url, ARCHIVE_URL, allow_private)
    places = Places(archive="" if no_archive else base_url or ARCHIVE_URL, keep=large)
    return _print(context, fetch_covers(open_library(context), web, places, None, limit, progress()), as_json)


@ingest.command()
@json_command
def status(context: Context, as_json: bool) -> None:
    """What is done, waiting, absent and failed, with reasons, for every source; what failed by name."""
    from pipelines.sources.journal import ingest_status

    lines = ingest_status(open_library(context))
    if as_json:
        print_json([{**asdict(line), "reasons": dict(line.reasons)} for line in lines])
        return
    for line in lines:
        click.echo(f"{line.source:<12} {clean(line.status, 40):<11} {line.count:>9,}")
        for reason, count in line.reasons:
            click.echo(f"{'':<24} {count:>9,}  {clean(reason, 200)}")
        for item in line.items[:LISTED]:
            click.echo(f"{'':<36}{clean(item.label, 120)}: {clean(item.error, 200)}")
        if len(line.items) > LISTED:
            click.echo(f"{'':<36}… and more (with --json)")
    if not lines:
        click.echo("nothing has been ingested yet")


@ingest.command()
@click.option("--failed", is_flag=True, help="Only what failed or was refused, not what was absent.")
@threshold_options
@base_url_option
@json_command
def retry(
    context: Context, failed: bool, min_plays: int, min_listeners: int, base_url: str | None, as_json: bool
) -> int:
    """Ask again for what failed, was refused or was absent, and for nothing else.

    Music files and tables are read again by `ingest folder` and `ingest table`. --base-url asks your own server in
    place of all services.
    """
    from pipelines.report import IngestReport, LeftOut, SourceError
    from pipelines.sources.covers import ARCHIVE_URL, Places, fetch_covers
    from pipelines.sources.journal import FAILED, UNHAPPY, put_back
    from pipelines.sources.lastfm import BASE_URL, LastFm, Query, Threshold
    from pipelines.sources.musicbrainz import BASE_URL as BRAINZ_URL
    from pipelines.sources.musicbrainz import MusicBrainz
    from pipelines.sources.musicbrainz import Query as BrainzQuery
    from pipelines.sources.remote import asked_again, due_items, due_searches, ingest_remote
    from tui.config import lastfm_key

    library, reporter = open_library(context), progress()
    key = lastfm_key(config_file()) if _has(library, "lastfm", FAILED if failed else UNHAPPY) else ""
    put_back(library, FAILED if failed else UNHAPPY, reporter)
    web = client(base_url, BASE_URL if key else BRAINZ_URL)
    report = IngestReport("retry")
    searches = {name: asked_again(due_searches(library, name)) for name in ("lastfm", "musicbrainz")}
    wanted = Threshold(min_plays, min_listeners)
    sources: list[Source] = [MusicBrainz(web, BrainzQuery(**searches["musicbrainz"]), base_url or BRAINZ_URL)]
    if key:
        sources.insert(0, LastFm(web, key, Query(**searches["lastfm"]), wanted, base_url=base_url or BASE_URL))
    works = [
        lambda source=source: ingest_remote(library, source, web, None, reporter)
        for source in sources
        if searches[source.name] or due_items(library, source.name)
    ]
    places = Places(base_url or ARCHIVE_URL, base_url or BRAINZ_URL)
    for work in [*works, lambda: fetch_covers(library, web, places, None, None, reporter, only_tried=True)]:
        try:
            _add(report, work())
        except SourceError as error:  # the others may fare better
            report.fail(LeftOut("retry", "", str(error)))
    return _print(context, report, as_json)


for personal in sources.COMMANDS:
    ingest.add_command(personal)


def _ingest_with_covers(
    library: Library, source: Source, web: Web, limit: int | None, places: Places | None
) -> IngestReport:
    from pipelines.sources.covers import fetch_covers
    from pipelines.sources.remote import ingest_remote

    reporter = progress()
    report = ingest_remote(library, source, web, limit, reporter)
    if places is not None:
        _add(report, fetch_covers(library, web, places, source.name, None, reporter), albums=False)
    return report


def _add(report: IngestReport, other: IngestReport, albums: bool = True) -> None:
    """Count the other run into this report; without its albums where they are counted already."""
    if albums:
        report.read += other.read
        report.added += other.added
        report.already_there += other.already_there
    report.rejected += other.rejected
    report.without_cover += other.without_cover
    report.covers_stored += other.covers_stored
    report.failed += other.failed
    report.seconds += other.seconds


def _has(library: Library, source: str, statuses: tuple[str, ...]) -> bool:
    from pipelines.sources.journal import ingest_status

    return any(line.source == source and line.status in (*statuses, "waiting") for line in ingest_status(library))


def _print(context: Context, report: IngestReport, as_json: bool) -> int:
    """Returns the exit status."""
    exit_status = print_ingest(context, report, as_json)
    if not as_json and report.covers_stored:
        click.echo("next: `sleevewalk build` embeds the new covers", err=True)
    return exit_status
