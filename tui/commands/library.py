"""`build` and `lettering`."""

from __future__ import annotations

from pathlib import Path

import click

from tui.commands.shared import (
    ITEMS_FAILED,
    NEW_FILE,
    Context,
    json_command,
    open_library,
    print_json,
    progress,
)


@click.command()
@click.option("--weights", type=NEW_FILE, help="Another model's weights file.")
@json_command
def build(context: Context, weights: Path | None, as_json: bool) -> int:
    """Embed the covers that are new, then index them and find their neighbours."""
    from pipelines.build import build as bring_up_to_date
    from vae.info import SHIPPED

    report = bring_up_to_date(open_library(context), progress(), weights=weights or SHIPPED)
    if as_json:
        print_json(report.to_json())
    else:
        click.echo(report.summary())
    for sha, why in report.unreadable[:20]:
        click.echo(f"  cover {sha[:12]}: {why}", err=True)
    for what in report.undone:
        click.echo(f"a session of another program undid what the ingest of {what} stored: run it again", err=True)
    return ITEMS_FAILED if report.undone else 0


@click.command()
@click.option("--limit", type=click.IntRange(1), help="Look at so many covers at most.")
@click.option("--wait", default=0, type=click.IntRange(0, 3600), help="Begin after so many seconds.")
@json_command
def lettering(context: Context, limit: int | None, wait: int, as_json: bool) -> int:
    """Look for lettering on covers, and for the words and faces that a blend must not cut.

    The app does it too while it is open. A blend looks by itself at covers that were not looked at.
    """
    import time
    from dataclasses import asdict

    from pipelines.looking.lettering import find_lettering, give_way, look_ahead
    from pipelines.progress import StderrProgress

    give_way()
    time.sleep(wait)
    library = open_library(context)
    report = find_lettering(library, StderrProgress(), limit)
    ahead = look_ahead(library, StderrProgress(), limit)
    if as_json:
        print_json({**asdict(report), "ahead": ahead})
    else:
        click.echo(f"{report.summary()}; {ahead:,} made ready for blends")
    return 0
