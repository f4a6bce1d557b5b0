"""`ingest`: what fills a library."""

from __future__ import annotations

from pathlib import Path

import click

from tui.commands.shared import Context, command_options, json_option, print_ingest

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.group()
def ingest() -> None:
    """Bring albums into the library. Run again at any time: it goes on, and adds nothing twice."""


@ingest.command()
@click.argument("file", type=FILE)
@click.option("--covers", type=FOLDER, help="Folder that the table's `cover` paths are in.")
@json_option
@command_options
@click.pass_obj
def table(context: Context, file: Path, covers: Path | None, as_json: bool) -> int:
    """Albums from a CSV, Parquet or JSON Lines FILE.

    Columns: artist, album, year, genre, tags and artist_tags (|-separated), listeners, playcount, mbid, cover.
    """
    from pipelines.progress import StderrProgress
    from pipelines.table import ingest_table
    from store.library import Library

    report = ingest_table(Library.create(context.library_dir), file, covers, StderrProgress())
    print_ingest(report, as_json)
    if not as_json and report.covers_stored:
        click.echo("next: `sleevewalk build` embeds the new covers", err=True)
    return 0


@ingest.command()
@click.argument("directory", type=FOLDER)
@json_option
@command_options
@click.pass_obj
def folder(context: Context, directory: Path, as_json: bool) -> int:
    """Your own music: albums from the tags of all files under DIRECTORY, with their embedded art or cover files.

    MP3, FLAC, Ogg, Opus, M4A, WMA, AIFF and WAV. Nothing leaves this machine; only new and changed folders are read.
    """
    from pipelines.folder import ingest_folder
    from pipelines.progress import StderrProgress
    from store.library import Library

    report = ingest_folder(Library.create(context.library_dir), directory, StderrProgress())
    print_ingest(report, as_json)
    if not as_json and report.covers_stored:
        click.echo("next: `sleevewalk build` embeds the new covers", err=True)
    return 0


@ingest.command("similar-artists")
@click.argument("file", type=FILE)
@json_option
@command_options
@click.pass_obj
def similar_artists(context: Context, file: Path, as_json: bool) -> int:
    """Which artists are alike, from a CSV FILE with artist, similar, match (0–1)."""
    from pipelines.progress import StderrProgress
    from pipelines.similar_artists import ingest_similar_artists
    from store.library import Library

    print_ingest(ingest_similar_artists(Library.create(context.library_dir), file, StderrProgress()), as_json)
    return 0
