"""`validate`: the evidence, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tui.commands.shared import NEW_FILE, NEW_FOLDER, Context, json_command, open_library, print_json, progress

SIMILAR = "artist_similarity.csv"  # looked for beside the table
BESIDE = f"[default: {SIMILAR} beside the table, if it is there]"


@click.command()
@click.option("--table", type=NEW_FILE, help="CSV, Parquet or JSON Lines.")
@click.option("--covers", type=NEW_FOLDER, help="Folder of the table's covers.")
@click.option("--similar-artists", "similar", type=NEW_FILE, help=f"Table of artist, similar, match.  {BESIDE}")
@click.option("--second-opinions", "second", type=NEW_FILE, help="Table of artist, album and genre as others have it.")
@click.option("--genres", default="rock,indie,electronic,pop", show_default=True, help="Genres to tell apart.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder for the report.  [default: the library's]")
@click.option("--plain-progress", is_flag=True, hidden=True)
@json_command
def validate(
    context: Context,
    table: Path | None,
    covers: Path | None,
    similar: Path | None,
    second: Path | None,
    genres: str,
    out: Path | None,
    plain_progress: bool,
    as_json: bool,
) -> None:
    """Do sleeves say anything about the music? Measure it and write a report.

    Takes the library's albums, or those of a table with the columns cover and genre (artist, album, tags,
    genre_source and listeners where known).
    """
    import signal

    from pipelines.evidence.experiment import REPORT, validate_library, validate_table
    from pipelines.evidence.results import FILE
    from tui.screens.evidence.run import report_folder

    if table is None and (covers or similar or second):
        raise click.UsageError("--covers, --similar-artists and --second-opinions go with --table")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a stopped run takes its files away
    reporter = progress(0.5 if plain_progress else None)  # lines for a program that reads along
    names = genres.split(",")
    if table is not None:
        out = out or Path("evidence")
        beside = table.parent / SIMILAR
        if similar is None and beside.is_file():
            similar = beside
        found = validate_table(table, covers, out, names, similar, reporter, second=second)
    else:
        library = open_library(context)
        out = out or report_folder(library.path)
        found = validate_library(library, out, names, reporter)
    if as_json:
        print_json({"report": str(out / REPORT), **json.loads((out / FILE).read_text(encoding="utf-8"))})
        return
    for pair in found.pairs:
        plain, artist, best = pair.poster["plain"], pair.poster["artist"], pair.best
        click.echo(
            f"{pair.a} or {pair.b}: AUC {plain.auc:.3f}, with artist folds {artist.auc:.3f}, "
            f"best {best.auc:.3f} ({best.low:.3f} to {best.high:.3f}), shuffled {pair.shuffled['mean']:.3f}"
        )
    click.echo("")
    for line in found.said:
        click.echo(line)
    click.echo(f"\nThe report: {out / REPORT}")
