"""`build` and `sql`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands.shared import Context, command_options, json_option, open_library, print_json

if TYPE_CHECKING:
    import duckdb


@click.command()
@click.option("--weights", type=click.Path(path_type=Path, dir_okay=False), help="Another model's weights file.")
@json_option
@command_options
@click.pass_obj
def build(context: Context, weights: Path | None, as_json: bool) -> int:
    """Embed the covers that are new, then index them and find their neighbours."""
    from pipelines.build import build as bring_up_to_date
    from pipelines.progress import StderrProgress
    from vae.info import SHIPPED

    report = bring_up_to_date(open_library(context), StderrProgress(), weights=weights or SHIPPED)
    if as_json:
        print_json(report.to_json())
        return 0
    click.echo(report.summary())
    for sha, why in report.unreadable[:20]:
        click.echo(f"  cover {sha[:12]}: {why}", err=True)
    return 0


@click.command()
@click.argument("query", required=False)
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header.")
@json_option
@command_options
@click.pass_obj
def sql(context: Context, query: str | None, as_csv: bool, as_json: bool) -> int:
    """Run a read-only QUERY; with none, say where the file is and show its schema."""
    import duckdb

    from store.errors import LibraryError
    from store.text import clean

    library = open_library(context)
    with library.read() as con:
        if query is None:
            click.echo(f"{library.db_path}\nOpen it with any DuckDB from 1.4 on: duckdb -readonly {library.db_path}\n")
            query = (
                "SELECT table_name AS name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY column_index) "
                "AS columns FROM duckdb_columns() WHERE database_name = current_database() AND NOT internal "
                "GROUP BY ALL ORDER BY 1"
            )
        try:
            result = con.execute(query)
            columns = [column[0] for column in result.description or []]
            if as_json:
                print_json([dict(zip(columns, map(plain, row), strict=True)) for row in result.fetchall()])
            elif as_csv:
                writer = csv.writer(sys.stdout)
                writer.writerow(columns)
                writer.writerows(result.fetchall())
            else:
                print_table(columns, result)
        except duckdb.Error as error:
            raise LibraryError(f"the query failed: {clean(str(error), 600)}") from error
    return 0


def plain(value: object) -> object:
    """A value that JSON has a word for."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def print_table(columns: list[str], result: duckdb.DuckDBPyConnection, widest: int = 60) -> None:
    """Aligned columns; long values are cut, control characters taken out."""
    from rich.cells import cell_len, set_cell_size

    from store.text import clean

    rows = [[clean("" if value is None else str(value), 400) for value in row] for row in result.fetchall()]
    last = len(columns) - 1
    widths = [min(widest, max([cell_len(name), *(cell_len(row[i]) for row in rows)])) for i, name in enumerate(columns)]
    for row in [columns, ["─" * width for width in widths], *rows]:
        cells = [row[i] if i == last else set_cell_size(row[i], widths[i]) for i in range(len(columns))]
        click.echo("  ".join(cells).rstrip())
    click.echo(f"({len(rows):,} rows)", err=True)
