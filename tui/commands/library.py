"""`build`, `lettering` and `sql`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tui.commands.shared import (
    NEW_FILE,
    Context,
    context_command,
    json_command,
    json_option,
    open_library,
    print_json,
    progress,
)


@click.command()
@click.option("--weights", type=NEW_FILE, help="Another model's weights file.")
@json_command
def build(context: Context, weights: Path | None, as_json: bool) -> None:
    """Embed the covers that are new, then index them and find their neighbours."""
    from pipelines.build import build as bring_up_to_date
    from vae.info import SHIPPED

    report = bring_up_to_date(open_library(context), progress(), weights=weights or SHIPPED)
    if as_json:
        print_json(report.to_json())
        return
    click.echo(report.summary())
    for sha, why in report.unreadable[:20]:
        click.echo(f"  cover {sha[:12]}: {why}", err=True)


@click.command()
@click.option("--limit", type=click.IntRange(1), help="Look at so many covers at most.")
@click.option("--wait", default=0, type=click.IntRange(0, 3600), help="Begin after so many seconds.")
@json_command
def lettering(context: Context, limit: int | None, wait: int, as_json: bool) -> int:
    """Look for lettering on covers; the app does it too while it is open, where the detector is installed."""
    import time
    from dataclasses import asdict

    from pipelines.looking.lettering import find_lettering, give_way
    from pipelines.progress import StderrProgress

    give_way()
    time.sleep(wait)
    report = find_lettering(open_library(context), StderrProgress(), limit)
    if as_json:
        print_json(asdict(report))
    else:
        click.echo(report.summary())
    return 0


@click.command()
@click.argument("query", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    help="How to write the result.  [default: by FILE's ending, else table]",
)
@click.option("--csv", "as_csv", is_flag=True, help="The same as --format csv.")
@json_option
@click.option("-o", "--out", type=NEW_FILE, help="Write the result to this FILE.")
@context_command
def sql(context: Context, query: str | None, form: str | None, as_csv: bool, as_json: bool, out: Path | None) -> None:
    """Run a read-only QUERY; with none, say where the file is and show its schema."""
    from tui.commands import results

    asked = {name for name, said in ((form, form), ("csv", as_csv), ("json", as_json)) if said}
    if len(asked) > 1:
        raise click.UsageError("choose one of --format, --csv and --json")
    chosen = asked.pop() if asked else results.format_of(out)
    if chosen == "parquet" and out is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a terminal: name a file with -o FILE")
    library = open_library(context)
    if out is not None and out.resolve() == library.db_path:
        raise click.UsageError(f"{out} is the library itself: name another file with -o")
    if query is None:
        click.echo(
            f"{library.db_path}\nOpen it with any DuckDB from 1.4 on: duckdb -readonly {library.db_path}\n",
            err=chosen is not None,
        )
        query = results.SCHEMA
    result = results.fetch(library, query)
    results.write(result, chosen or "table", out)
