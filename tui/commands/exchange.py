"""`export` and `import`: a whole library as plain files, and back."""

from __future__ import annotations

from pathlib import Path

import click

from tui.commands.shared import Context, command_options, json_option, open_library, print_json

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("folder", type=FOLDER)
@json_option
@command_options
@click.pass_obj
def export(context: Context, folder: Path, as_json: bool) -> int:
    """Write the whole library to a new FOLDER: every table as Parquet, the covers, a manifest."""
    from pipelines.exports.library import export_library
    from pipelines.progress import StderrProgress

    report = export_library(open_library(context), folder, StderrProgress())
    if as_json:
        print_json(report.to_json())
        return 0
    click.echo(f"{report.summary()} in {folder}")
    for line in report.left_out[:20]:
        click.echo(f"  {line}", err=True)
    return 0


@click.command("import")
@click.argument("folder", type=FOLDER)
@json_option
@command_options
@click.pass_obj
def import_(context: Context, folder: Path, as_json: bool) -> int:
    """Make a library from what `export` wrote to FOLDER. Where one is there already, nothing is changed."""
    from pipelines.exports.library import import_library
    from pipelines.progress import StderrProgress

    report = import_library(folder, context.library_dir, StderrProgress())
    if as_json:
        print_json(report.to_json())
        return 0
    click.echo(f"{report.summary()} into {context.library_dir}")
    for line in report.left_out[:20]:
        click.echo(f"  {line}", err=True)
    click.echo("next: `sleevewalk build` writes the index", err=True)
    return 0
