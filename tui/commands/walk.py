"""`find`, `similar`, `route`: the walk without a screen."""

from __future__ import annotations

import click

from tui.commands.shared import (
    Context,
    album_dict,
    album_line,
    json_command,
    neighbor_dict,
    open_library,
    print_json,
    reason_dict,
    reason_lines,
)


@click.command()
@click.argument("text")
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many at most.")
@json_command
def find(context: Context, text: str, count: int, as_json: bool) -> int:
    """Search artists and titles; typos are forgiven."""
    from store.memory.snapshot import Snapshot
    from store.neighbors.find import find as search

    hits = search(Snapshot.load(open_library(context)), text, count)
    if as_json:
        print_json([{"album": album_dict(album), "score": round(score, 4)} for album, score in hits])
    else:
        for album, score in hits:
            click.echo(f"{score:4.2f}  {album_line(album)}  {album.album_id}")
        if not hits:
            click.echo("no album is like that", err=True)
    return 0 if hits else 1


@click.command()
@click.argument("album")
@click.option("-k", default=12, show_default=True, type=click.IntRange(1, 1000), help="How many neighbours.")
@click.option("--cover", type=click.FloatRange(0), help="Weight of the sleeve.")
@click.option("--tags", type=click.FloatRange(0), help="Weight of the tags.")
@click.option("--artist", type=click.FloatRange(0), help="Weight of similar artists.")
@click.option("--era", type=click.FloatRange(0), help="Weight of the years.")
@click.option("--popularity", type=click.FloatRange(0), help="Weight of the listeners.")
@click.option("--per-artist", default=2, show_default=True, type=click.IntRange(0), help="Of one artist; 0: any.")
@json_command
def similar(context: Context, album: str, k: int, per_artist: int, as_json: bool, **given: float | None) -> None:
    """The neighbours of ALBUM and why they are."""
    from dataclasses import asdict, replace

    from store.neighbors.find import resolve
    from store.neighbors.neighborhood import open_neighborhood
    from store.records import Weights

    weights = replace(Weights(), **{name: value for name, value in given.items() if value is not None})
    if not any(asdict(weights).values()):
        raise click.UsageError("all weights are 0: nothing is left to compare albums by")
    neighborhood = open_neighborhood(open_library(context))
    centre = resolve(neighborhood.snapshot, album)
    found = neighborhood.neighbors(centre.album_id, k, weights, per_artist or None)
    if as_json:
        print_json(
            {
                "album": album_dict(centre),
                "weights": asdict(weights),
                "neighbors": [neighbor_dict(neighbor) for neighbor in found],
                "notices": list(neighborhood.notices),
            }
        )
        return
    click.echo(album_line(centre))
    for rank, neighbor in enumerate(found, 1):
        click.echo(f"{rank:3}.  {neighbor.score:4.2f}  {album_line(neighbor.album)}")
        for line in reason_lines(neighbor.reasons):
            click.echo(line)
    for notice in neighborhood.notices:
        click.echo(notice, err=True)


@click.command()
@click.argument("start")
@click.argument("goal")
@json_command
def route(context: Context, start: str, goal: str, as_json: bool) -> int:
    """The way from one ALBUM to another whose weakest step is as strong as can be."""
    from store.neighbors.find import resolve
    from store.neighbors.neighborhood import open_neighborhood
    from store.neighbors.routes import find_route
    from store.records import strongest

    neighborhood = open_neighborhood(open_library(context))
    first, last = (resolve(neighborhood.snapshot, text) for text in (start, goal))
    found = find_route(neighborhood, first.album_id, last.album_id)
    if as_json:
        steps = [
            {
                "album": album_dict(step.album),
                "score": None if step.score is None else round(step.score, 4),
                "strongest": strongest(step.reasons).signal if step.reasons else None,
                "reasons": [reason_dict(reason) for reason in step.reasons],
            }
            for step in found.steps
        ]
        print_json({"steps": steps, "weakest": found.weakest, "why": found.why})
        return 0 if found.steps else 1
    for number, step in enumerate(found.steps):
        score = "      " if step.score is None else f"{step.score:4.2f}  "
        click.echo(f"{number:3}.  {score}{album_line(step.album)}")
        for line in reason_lines(step.reasons):
            click.echo(line)
    if not found.steps:
        click.echo(f"no route: {found.why}", err=True)
    return 0 if found.steps else 1
