"""`find`, `similar`, `route`, `why`: the walk without a screen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from store.text import clean
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
from tui.commands.shell.completion import complete_album

if TYPE_CHECKING:
    from pipelines.looking.heat import Alike
    from store.database.library import Library
    from store.records import Album, Route


only_option = click.option("--only", default="", metavar="WORDS", help="Albums that `find` finds by these words alone.")


class Words(click.Command):
    """Takes words that begin with a minus, such as -tag:live, which are no options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [f" {word}" if re.match(r"-(\w+:|#)", word) else word for word in args])


@click.command(cls=Words)
@click.argument("words", nargs=-1, required=True)
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many at most.")
@click.option("--sql", "as_sql", is_flag=True, help="Print the query for the plain duckdb command line instead.")
@json_command
def find(context: Context, words: tuple[str, ...], count: int, as_sql: bool, as_json: bool) -> int:
    """Search artists and titles, typos forgiven, and what is known of albums.

    \b
    find dark side moon                  a name
    find tag:shoegaze year:1990-95       fields, which all must hold
    find low '#dark'                     and how the sleeve looks
    find genre:metal,rock -tag:live      a comma is "or", a minus is "not"

    The fields: tag, genre, artist, title, year, listeners, sleeve, heard, is.
    """
    from store.looks import summary
    from store.memory.snapshot import Snapshot
    from store.neighbors.filters import Filter, albums_sql
    from store.neighbors.search import search

    snapshot, text = Snapshot.load(open_library(context)), " ".join(words)
    if as_sql:
        click.echo(albums_sql(Filter.of(snapshot, text), count))
        return 0
    found = search(snapshot, text, count)
    if found.problem:
        raise click.UsageError(found.problem)
    if as_json:
        looks = [summary(snapshot.look(snapshot.row(album.album_id) or 0)) for album, _ in found.hits]
        print_json(
            [
                {"album": album_dict(album), "score": round(score, 4), "looks": look}
                for (album, score), look in zip(found.hits, looks, strict=True)
            ]
        )
    else:
        for album, score in found.hits:
            click.echo(f"{score:4.2f}  {album_line(album)}  {album.album_id}")
        click.echo(clean(found.said, 400), err=True)
    return 0 if found.hits else 1


@click.command()
@click.argument("album", required=False, shell_complete=complete_album)
@click.option(
    "--image", type=click.Path(path_type=Path), help="A photo of a sleeve in place of ALBUM, or a folder of them."
)
@click.option("--csv", "shape", flag_value="csv", help="With --image: a table of the photos and their albums.")
@click.option("--ids", "shape", flag_value="ids", help="With --image: album_ids alone, for `explore --ids -`.")
@click.option("-k", default=12, show_default=True, type=click.IntRange(1, 1000), help="How many neighbours.")
@weight_options
@click.option("--per-artist", default=2, show_default=True, type=click.IntRange(0), help="Of one artist; 0: any.")
@only_option
@json_command
def similar(
    context: Context, album: str | None, image: Path | None, shape: Literal["csv", "ids"] | None, k: int,
    per_artist: int, only: str, as_json: bool, **given: float | None,
) -> int:  # fmt: skip
    """The neighbours of ALBUM and why they are.

    \b
    similar --image photo.jpg            the album that a photo shows, and on
    similar --image photos/ --csv        a table of a shelf, a photo a row
    similar --image photos/ --ids | sleevewalk explore --ids -

    With --image the exit status is 1 where no album of the library is found; the nearest sleeves are printed then,
    whoever made them.
    """
    if (album is None) == (image is None):
        raise click.UsageError("name an ALBUM, or a photo with --image")
    if image is not None:
        from tui.commands.lens import shelf, similar_to_picture

        wanted = "json" if as_json else shape or "text"
        if only:
            raise click.UsageError("--only goes with an ALBUM")
        if not image.is_dir():
            return similar_to_picture(context, image, k, weights_of(given), per_artist or None, wanted)
        if idle := _typed("k", "per_artist", *given):
            raise click.UsageError(f"{', '.join(idle)}: for neighbours, which a folder's table has not; name one photo")
        return shelf(context, image, wanted)
    if shape:
        raise click.UsageError(f"--{shape} goes with --image")
    from dataclasses import asdict

    from store.neighbors.filters import Filter
    from store.neighbors.find import resolve
    from store.neighbors.neighborhood import open_neighborhood

    weights = weights_of(given)
    neighborhood = open_neighborhood(open_library(context))
    centre = resolve(neighborhood.snapshot, album or "")
    chosen = Filter.of(neighborhood.snapshot, only)
    allowed = chosen.allowed(neighborhood.snapshot, neighborhood.row(centre.album_id))
    found = neighborhood.neighbors(centre.album_id, k, weights, per_artist or None, allowed)
    if as_json:
        print_json(
            {
                "album": album_dict(centre),
                "weights": asdict(weights),
                "neighbors": [neighbor_dict(neighbor) for neighbor in found],
                "notices": list(neighborhood.notices),
            }
        )
        return 0
    click.echo(album_line(centre))
    for rank, neighbor in enumerate(found, 1):
        click.echo(f"{rank:3}.  {neighbor.score:4.2f}  {album_line(neighbor.album)}")
        for line in reason_lines(neighbor.reasons):
            click.echo(line)
    for notice in neighborhood.notices:
        click.echo(notice, err=True)
    return 0


def _typed(*names: str) -> list[str]:
    """Those of the command's options that were given, as they are typed."""
    command = click.get_current_context()
    return [
        option.opts[0]
        for option in command.command.params
        if option.name in names and command.get_parameter_source(option.name) is click.core.ParameterSource.COMMANDLINE
    ]


@click.command()
@click.argument("albums", nargs=-1, required=True, metavar="ALBUM ALBUM…", shell_complete=complete_album)
@click.option("--steps", type=click.IntRange(1, 100), help="So many steps in all.")
@click.option("--per-artist", type=click.IntRange(1), help="Albums of one artist at most.")
@click.option("--vary", type=click.IntRange(0), metavar="SEED", help="Another way, the same for the same seed.")
@click.option("-o", "--out", type=NEW_FILE, help="Write the way as a film, webp or gif.")
@click.option("--frames", type=click.IntRange(2, 240), help="Pictures of the film a step.  [default: 24]")
@weight_options
@only_option
@json_command
def route(
    context: Context, albums: tuple[str, ...], steps: int | None, per_artist: int | None, vary: int | None,
    only: str, out: Path | None, frames: int | None, as_json: bool, **given: float | None,
) -> int:  # fmt: skip
    """The way from one ALBUM over others to the last, its weakest step as strong as can be.

    --only "genre:jazz is:other": of the albums between the stops all are jazz, and no two in a row are of one artist.
    """
    from store.neighbors.filters import Filter
    from store.neighbors.find import resolve
    from store.neighbors.neighborhood import open_neighborhood
    from store.neighbors.trips import Wishes, find_trip

    if len(albums) < 2:
        raise click.UsageError("a route needs two albums or more")
    weights = weights_of(given)
    if out is not None and out.suffix[1:].lower() not in FILMS:
        raise click.UsageError(f"{str(out)!r} says no format: end it in .{' or .'.join(FILMS)}")
    if frames is not None and out is None:
        raise click.UsageError("--frames goes with -o")
    library = open_library(context)
    neighborhood = open_neighborhood(library)
    chosen = Filter.of(neighborhood.snapshot, only)
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
@click.argument("one", shell_complete=complete_album)
@click.argument("other", shell_complete=complete_album)
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
    from store.records import strongest

    library = open_library(context)
    neighborhood = open_neighborhood(library)
    first, second = (resolve(neighborhood.snapshot, text) for text in (one, other))
    reasons = neighborhood.reasons(first.album_id, second.album_id)
    found = None if heat is None else _write_heat(library, first, second, heat)
    if as_json:
        print_json(
            {
                "albums": [album_dict(first), album_dict(second)],
                "strongest": strongest(reasons).signal if reasons else None,
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
