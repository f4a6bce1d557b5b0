"""`export` and `import`, a whole library as plain files and back; `ingest large`, larger pictures of its covers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands.shared import (
    FOLDER,
    NEW_FOLDER,
    Context,
    json_command,
    large_option,
    open_library,
    print_json,
    private_option,
    progress,
)

if TYPE_CHECKING:
    from pipelines.exports.library import ExchangeReport
    from pipelines.images import Keep


@click.command()
@click.argument("folder", type=NEW_FOLDER)
@json_command
def export(context: Context, folder: Path, as_json: bool) -> None:
    """Write the whole library to a new FOLDER: every table as Parquet, the covers, a manifest."""
    from pipelines.exports.library import export_library

    report = export_library(open_library(context), folder, progress())
    _print(report, f"in {folder}", as_json)


@click.command("import")
@click.argument("folder", type=NEW_FOLDER)
@json_command
def import_(context: Context, folder: Path, as_json: bool) -> None:
    """Make a library from what `export` wrote to FOLDER. Where one is there already, nothing is changed."""
    from pipelines.exports.library import import_library

    report = import_library(folder, context.library_dir, progress())
    _print(report, f"into {context.library_dir}", as_json)
    if not as_json:
        click.echo("next: `sleevewalk build` writes the index", err=True)


@click.command()
@click.argument("directory", type=FOLDER, required=False)
@click.option("--web", "from_web", is_flag=True, help="From the addresses that covers were fetched from.")
@private_option
@large_option
@json_command
def large(
    context: Context, directory: Path | None, from_web: bool, allow_private: bool, large: Keep, as_json: bool
) -> None:
    """Larger pictures for covers that are in the library already, which blends take their pixels from.

    From all pictures and music files under DIRECTORY that those covers were made of, or with --web from their
    addresses. With --large none all are deleted.
    """
    from pipelines.folders import web_cache_folder
    from pipelines.sources.large import large_from_folder, large_from_web
    from pipelines.web.client import Web
    from store.catalogue.covers import CoverFiles

    library = open_library(context)
    if large == "none":
        if directory is not None or from_web:
            raise click.UsageError("--large none deletes: it takes neither a folder nor --web")
        count, size = CoverFiles(library.covers_dir).delete_large()
        if as_json:
            print_json({"deleted": count, "bytes": size})
        else:
            click.echo(f"{count:,} large covers deleted ({size / 1e6:.1f} MB)")
        return
    if (directory is None) == (not from_web):
        raise click.UsageError("name the folder of the pictures, or --web: one of the two")
    if directory is not None:
        report = large_from_folder(library, directory, large, progress())
    else:
        report = large_from_web(library, Web(web_cache_folder(), allow_private=allow_private), large, progress())
    if as_json:
        print_json(report.to_json())
    else:
        click.echo(report.summary())


def _print(report: ExchangeReport, where: str, as_json: bool) -> None:
    if as_json:
        print_json(report.to_json())
        return
    click.echo(f"{report.summary()} {where}")
    for line in report.left_out[:20]:
        click.echo(f"  {line}", err=True)
