"""`train` and `evaluate`: the model from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from tui.commands.shared import (
    FILE,
    FOLDER,
    NEW_FILE,
    NEW_FOLDER,
    Context,
    context_command,
    device_option,
    json_command,
    open_library,
    print_json,
    progress,
)


@click.command()
@click.option("--covers", type=FOLDER, help="Folder of covers (with covers.csv, if any).  [default: the library's]")
@click.option("--table", type=NEW_FILE, help="CSV with cover, artist and genre.")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="How long.  [default: 20]")
@click.option("--steps", type=click.IntRange(1), help="How many steps instead.")
@device_option
@click.option("--resume", is_flag=True, help="Go on where the last run to the same file stopped.")
@click.option("--out", type=NEW_FILE, default="runs/sleevewalk.safetensors", show_default=True, help="Weights file.")
@context_command
def train(
    context: Context,
    covers: Path | None,
    table: Path | None,
    minutes: float | None,
    steps: int | None,
    device: str,
    resume: bool,
    out: Path,
) -> int:
    """Train the cover model on your own covers."""
    from vae.training.train import main

    arguments = ["--covers", str(covers or context.library_dir / "covers"), "--device", device, "--out", str(out)]
    for name, value in (("--table", table), ("--minutes", minutes), ("--steps", steps)):
        arguments += [name, str(value)] if value is not None else []
    return main([*arguments, *(["--resume"] if resume else [])])


def _halves(context: Context, listeners: Path, as_json: bool) -> None:
    from pipelines.evidence.near.halves import lines_of, measure_halves
    from store.neighbors.neighborhood import open_neighborhood

    found = measure_halves(open_neighborhood(open_library(context)), listeners, progress())
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(lines_of(found)))


@click.command()
@click.option("--covers", type=FOLDER, help="Folder of covers.  [default: the library's]")
@click.option("--table", type=NEW_FILE, help="CSV with cover, artist and genre.  [default: covers.csv in the folder]")
@click.option("--held-out", is_flag=True, help="Only the tenth, by artist, that training leaves aside.")
@click.option("--fit", type=FOLDER, help="Folder of covers to fit the baselines on.")
@click.option("--weights", type=NEW_FILE, help="Another model's weights file.")
@click.option("--sheets", type=NEW_FOLDER, help="Folder for contact sheets.")
@click.option("--listeners", type=FILE, help="Judge neighbourhoods instead: a table of user, artist, plays.")
@device_option
@json_command
def evaluate(
    context: Context,
    covers: Path | None,
    table: Path | None,
    held_out: bool,
    fit: Path | None,
    weights: Path | None,
    sheets: Path | None,
    listeners: Path | None,
    device: str,
    as_json: bool,
) -> None:
    """How faithfully the model remakes covers, beside a thumbnail, the mean cover and PCA.

    With --listeners: what neighbourhoods are worth to people. Links between artists by half of the listeners are shown,
    those by the other half are to be found again (a column `half`, A or B, may say who is in which).
    """
    if listeners is not None:
        if held_out or any(one is not None for one in (covers, table, fit, weights, sheets)):
            raise click.UsageError("--listeners judges the library's neighbourhoods: no other option but --json")
        _halves(context, listeners, as_json)
        return
    from dataclasses import asdict

    import numpy as np

    from pipelines.nearness import nearness
    from vae.codec import Codec
    from vae.training.evaluate import STAGES, evaluate_folder, table_lines

    codec = Codec.load(weights, device)
    folder = covers or context.library_dir / "covers"
    told = progress()
    told.start("evaluating, step", len(STAGES) + 1)

    def at(stage: str) -> None:
        told.advance(int(stage != STAGES[0]), stage)

    result, chosen = evaluate_folder(codec, folder, table=table, held_out=held_out, fit=fit, at=at)
    at("comparing neighbours")
    near = None
    if len(chosen.images) > 1:
        artists, genres = (np.array([getattr(cover, name) for cover in chosen.covers]) for name in ("group", "genre"))
        tags = [frozenset(filter(None, cover.tags.split("|"))) for cover in chosen.covers]
        near = nearness(codec.search_vectors(codec.encode(chosen.images)), artists, genres, tags)
    told.advance()
    told.finish("done")
    if sheets is not None:
        from vae.training.sheets import write_sheets

        for path in write_sheets(codec, chosen.images, sheets):
            click.echo(f"wrote {path}", err=True)
    if as_json:
        print_json({**result.to_dict(), "nearness": None if near is None else asdict(near)})
    else:
        click.echo("\n".join([*table_lines(result), *(near.lines() if near is not None else [])]))
