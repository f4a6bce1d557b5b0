"""`export` and `import`: a whole library as plain files, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands.shared import NEW_FOLDER, Context, json_command, open_library, print_json, progress

if TYPE_CHECKING:
    from pipelines.exports.library import ExchangeReport


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


def _print(report: ExchangeReport, where: str, as_json: bool) -> None:
    if as_json:
        print_json(report.to_json())
        return
    click.echo(f"{report.summary()} {where}")
    for line in report.left_out[:20]:
        click.echo(f"  {line}", err=True)
