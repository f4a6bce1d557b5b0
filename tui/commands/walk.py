"""`find`, `similar`, `route`, `why`: the walk without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands.shared import (
    FILMS,
    NEW_FILE,
    Context,
    album_dict,
    album_line,
    json_command,
    neighbor_dict,
    open_library,
    print_json,
    reason_dict,
    reason_lines,
    weight_options,
    weights_of,
    write_film,
)

if TYPE_CHECKING:
    from pipelines.looking.heat import Alike
    from store.database.library import Library
    from store.records import Album, Route


@click.command()
@click.argument("text")
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many at most.")
@json_command
def find(context: Context, text: str, count: int, as_json: bool) -> int:
    """Search artists and titles; typos are forgiven.

    A word after # is what the sleeve must look like: `find "radiohead #dark"`, `find "#red #plain"`.
    """
    from store.looks import summary
    from store.memory.snapshot import Snapshot
    from store.neighbors.find_looks import find_albums

    snapshot = Snapshot.load(open_library(context))
    hits = find_albums(snapshot, text, count)
    if as_json:
        looks = [summary(snapshot.look(snapshot.row(album.album_id) or 0)) for album, _ in hits]
        print_json(
            [
                {"album": album_dict(album), "score": round(score, 4), "looks": look}
                for (album, score), look in zip(hits, looks, strict=True)
            ]
        )
    else:
        for album, score in hits:
            click.echo(f"{score:4.2f}  {album_line(album)}  {album.album_id}")
        if not hits:
            click.echo("no album is like that", err=True)
    return 0 if hits else 1


@click.command()
@click.argument("album")
@click.option("-k", default=12, show_default=True, type=click.IntRange(1, 1000), help="How many neighbours.")
@weight_options
@click.option("--per-artist", default=2, show_default=True, type=click.IntRange(0), help="Of one artist; 0: any.")
@json_command
def similar(context: Context, album: str, k: int, per_artist: int, as_json: bool, **given: float | None) -> None:
    """The neighbours of ALBUM and why they are."""
    from dataclasses import asdict

    from store.neighbors.find import resolve
    from store.neighbors.neighborhood import open_neighborhood

    weights = weights_of(given)
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
@click.argument("albums", nargs=-1, required=True, metavar="ALBUM ALBUM…")
@click.option("--steps", type=click.IntRange(1, 100), help="So many steps in all.")
@click.option("--per-artist", type=click.IntRange(1), help="Albums of one artist at most.")
@click.option("--vary", type=click.IntRange(0), metavar="SEED", help="Another way, the same for the same seed.")
@click.option("-o", "--out", type=NEW_FILE, help="Write the way as a film, webp or gif.")
@click.option("--frames", type=click.IntRange(2, 240), help="Pictures of the film a step.  [default: 24]")
@weight_options
@click.option("--genre", help="Albums between the stops are of this genre.")
@click.option("--decade", type=click.IntRange(1000, 2990), help="They are of this decade (1990 for 1990 to 1999).")
@click.option("--known/--unknown", default=None, help="They are of the best known third, or of the least known.")
@click.option("--other-artists", is_flag=True, help="No two in a row are of one artist.")
@json_command
def route(
    context: Context, albums: tuple[str, ...], steps: int | None, per_artist: int | None, vary: int | None,
    genre: str | None, decade: int | None, known: bool | None, other_artists: bool, out: Path | None,
    frames: int | None, as_json: bool,
    **given: float | None,
) -> int:  # fmt: skip
    """The way from one ALBUM over others to the last, its weakest step as strong as can be."""
    from store.neighbors.filters import POPULARITIES, Filter
    from store.neighbors.find import resolve
    from store.neighbors.neighborhood import open_neighborhood
    from store.neighbors.trips import Wishes, find_trip

    if len(albums) < 2:
        raise click.UsageError("a route needs two albums or more")
    weights = weights_of(given)
    popularity = None if known is None else POPULARITIES[not known]
    chosen = Filter(genre, None if decade is None else decade // 10 * 10, popularity, other_artists)
    if out is not None and out.suffix[1:].lower() not in FILMS:
        raise click.UsageError(f"{str(out)!r} says no format: end it in .{' or .'.join(FILMS)}")
    if frames is not None and out is None:
        raise click.UsageError("--frames goes with -o")
    library = open_library(context)
    neighborhood = open_neighborhood(library)
    stops = [resolve(neighborhood.snapshot, text).album_id for text in albums]
    found = find_trip(neighborhood, stops, Wishes(steps, per_artist, vary, chosen), weights)
    if out is not None and found.steps:
        write_film(library, [step.album for step in found.steps], out, frames)
    if as_json:
        print_json(route_dict(found))
    else:
        print_route(found)
    for notice in neighborhood.notices:
        click.echo(notice, err=True)
    return 0 if found.steps else 1


def route_dict(found: Route) -> dict[str, object]:
    from store.records import strongest

    shown = [
        {
            "album": album_dict(step.album),
            "score": None if step.score is None else round(step.score, 4),
            "strongest": strongest(step.reasons).signal if step.reasons else None,
            "reasons": [reason_dict(reason) for reason in step.reasons],
        }
        for step in found.steps
    ]
    return {"steps": shown, "weakest": found.weakest, "weakest_step": found.weakest_step, "why": found.why}


def print_route(found: Route) -> None:
    for number, step in enumerate(found.steps):
        score = "      " if step.score is None else f"{step.score:4.2f}  "
        click.echo(f"{number:3}.  {score}{album_line(step.album)}")
        for line in reason_lines(step.reasons):
            click.echo(line)
    if not found.steps:
        click.echo(f"no route: {found.why}", err=True)
        return
    if (weakest := found.weakest_step) is not None and found.weakest is not None:
        before, after = (album_line(found.steps[place].album) for place in (weakest - 1, weakest))
        click.echo(f"weakest step: {before} → {after}, {found.weakest:.2f}")
    if found.why:
        click.echo(found.why, err=True)


@click.command()
@click.argument("one")
@click.argument("other")
@click.option(
    "--heat",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write both sleeves to this PNG, the parts lit that make them alike (loads the model).",
)
@json_command
def why(context: Context, one: str, other: str, heat: Path | None, as_json: bool) -> int:
    """Why two ALBUMs are alike: every reason with its share, and what an eye would say of their sleeves."""
    from store.neighbors.find import resolve
    from store.neighbors.neighborhood import open_neighborhood

    library = open_library(context)
    neighborhood = open_neighborhood(library)
    first, second = (resolve(neighborhood.snapshot, text) for text in (one, other))
    reasons = neighborhood.reasons(first.album_id, second.album_id)
    found = None if heat is None else _write_heat(library, first, second, heat)
    if as_json:
        print_json(
            {
                "albums": [album_dict(first), album_dict(second)],
                "reasons": [reason_dict(reason) for reason in reasons],
                "heat": None if found is None else _heat_dict(found, heat),
                "notices": list(neighborhood.notices),
            }
        )
        return 0
    for album in (first, second):
        click.echo(album_line(album))
    for line in reason_lines(reasons):
        click.echo(line)
    if not reasons:
        click.echo("nothing is known of both that could be compared", err=True)
    if heat is not None:
        click.echo(f"the parts that make the sleeves alike are lit in {heat}", err=True)
    return 0


def _write_heat(library: Library, first: Album, second: Album, out: Path) -> Alike:
    """Make the picture and write it whole or not at all. LibraryError for an album without a cover."""
    from pipelines.looking.heat import alike, lit_pair, side_by_side
    from store.catalogue.covers import CoverFiles
    from store.database.atomic import atomic_file
    from store.errors import LibraryError
    from store.text import clean
    from vae.codec import Codec

    files = CoverFiles(library.covers_dir)
    for album in (first, second):
        if album.cover_sha256 is None:
            raise LibraryError(f'"{clean(album.label)}" has no cover in this library: there is nothing to compare')
    one, other = files.pixels(first.cover_sha256 or ""), files.pixels(second.cover_sha256 or "")
    found = alike(Codec.load(), one, other)
    picture = side_by_side((one, other, *lit_pair(one, other, found)))
    try:
        with atomic_file(out) as path:
            picture.save(path, "PNG")
    except OSError as error:
        raise LibraryError(f"cannot write {out}: {error.strerror or error}") from error
    return found


def _heat_dict(found: Alike, out: Path | None) -> dict[str, object]:
    return {
        "similarity": round(found.similarity, 4),
        "file": str(out),
        "parts": [heat.astype(float).round(4).tolist() for heat in found.heats],
    }
