"""`bench`: what measures sleevewalk itself."""

from __future__ import annotations

from pathlib import Path

import click

from tui.commands.shared import FOLDER, NEW_FOLDER, progress


@click.group()
def bench() -> None:
    """Make what sleevewalk is measured on."""


@bench.command("make-library")
@click.argument("folder", type=NEW_FOLDER)
@click.option("--albums", type=click.IntRange(2), default=24_000, show_default=True)
@click.option(
    "--like",
    type=FOLDER,
    help="A built library whose latents' mean and covariance are kept.  [default: the model's prior]",
)
@click.option("--seed", type=int, default=0, show_default=True)
def make_library(folder: Path, albums: int, like: Path | None, seed: int) -> None:
    """Fill a new FOLDER with made-up albums, tags, similar artists and latents; there are no cover files.

    Run `sleevewalk --library FOLDER build` next.
    """
    from pipelines.demo.synthetic import make_library as make
    from store.database.library import Library

    library = make(folder, albums, Library.open(like) if like else None, seed, progress())
    click.echo(f"{albums:,} albums in {library.path}; next: sleevewalk --library {library.path} build")
