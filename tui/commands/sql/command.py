"""`sql`: read-only queries, saved ones among them, and the sets of albums that they answer."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tui.commands.shared import NEW_FILE, Context, context_command, json_option, open_library


@click.command()
@click.argument("query", required=False)
@click.option("-f", "--file", "from_file", type=click.Path(path_type=Path), help="Read the query from this FILE.")
@click.option("-p", "--param", "params", multiple=True, help="name=value for $name in the query.  [repeatable]")
@click.option("--save", metavar="NAME", help="Keep the query under this NAME; nothing is run.")
@click.option("--run", "run_saved", metavar="NAME", help="Run the saved query of this NAME.")
@click.option("--saved", "list_saved", is_flag=True, help="List the saved queries.")
@click.option("--remove", metavar="NAME", help="Take a saved query away.")
@click.option("--ids", is_flag=True, help="Print the answer's album_ids alone, a line each.")
@click.option("--list", "to_list", metavar="NAME", help="Make the answer's albums the list of this NAME (mine.lists).")
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
def sql(
    context: Context,
    query: str | None,
    from_file: Path | None,
    params: tuple[str, ...],
    save: str | None,
    run_saved: str | None,
    list_saved: bool,
    remove: str | None,
    ids: bool,
    to_list: str | None,
    form: str | None,
    as_csv: bool,
    as_json: bool,
    out: Path | None,
) -> None:
    """Run a read-only QUERY; with none, say where the file is and show its schema.

    QUERY may be several statements; - (or -f -) reads them from standard input. The albums of an answer that has a
    column album_id are a set: `sleevewalk sql "…" --ids | sleevewalk explore --ids -`.
    """
    from tui.commands.sql import results, saved

    asked = {name for name, said in ((form, form), ("csv", as_csv), ("json", as_json), ("ids", ids)) if said}
    if len(asked) > 1:
        raise click.UsageError("choose one of --format, --csv, --json and --ids")
    chosen = asked.pop() if asked else results.format_of(out)
    if chosen == "parquet" and out is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a terminal: name a file with -o FILE")
    if params and (list_saved or save is not None or remove is not None):
        raise click.UsageError("-p is for a query that is run")
    if sum(value is not None and value is not False for value in (query, from_file, run_saved, list_saved, remove)) > 1:
        raise click.UsageError("name one query: QUERY, -f FILE, --run NAME, --saved or --remove NAME")
    library = open_library(context)
    if out is not None and out.resolve() == library.db_path:
        raise click.UsageError(f"{out} is the library itself: name another file with -o")
    text = saved.text_of(query, from_file)
    if remove is not None:
        saved.remove(library, remove)
    elif save is not None:
        saved.save(library, save, text)
    elif list_saved:
        results.write([saved.listed(library)], chosen or "table", out)
    else:
        values = saved.values_of(params)
        if run_saved is not None:
            text = saved.query(library, run_saved)
        elif text is None:
            click.echo(
                f"{library.db_path}\nOpen it with any DuckDB from 1.4 on: duckdb -readonly {library.db_path}\n",
                err=chosen is not None,
            )
        answers = results.fetch(library, results.SCHEMA if text is None else text, values)
        if to_list is not None:
            saved.make_list(library, to_list, results.album_ids(answers))
        else:
            results.write(answers, chosen or "table", out)
