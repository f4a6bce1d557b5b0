"""`blend`: a new cover out of several."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from store.text import clean
from tui.commands.shared import (
    Context,
    album_line,
    device_option,
    interactive,
    json_command,
    open_library,
    print_json,
    progress,
)
from tui.commands.shell.completion import complete_album

if TYPE_CHECKING:
    from pipelines.blends.recipe import Recipe
    from pipelines.blends.recipe_to_file import Blender
    from store.database.library import Library

LAYOUT_FRAMES = {"film": 24, "strip": 7, "grid": 5}  # where the person says no number
_WEIGHTED = re.compile(r"(.*\S)\s*=\s*([-+]?(?:\d+\.?\d*|\.\d+))", re.DOTALL)


def parse_weights(_: click.Context, __: click.Parameter, value: str | None) -> list[float] | None:
    if value is None:
        return None
    try:
        return [float(part) for part in value.split(",")]
    except ValueError:
        raise click.BadParameter(f"{value!r} is no list of numbers; write them like 0.5,0.3,0.2") from None


def split_weights(albums: tuple[str, ...]) -> tuple[list[str], list[float] | None]:
    """`Artist / Title=0.3` as names and weights; None where no album has one. UsageError where only some have."""
    found = [_WEIGHTED.fullmatch(text) for text in albums]
    matches = [match for match in found if match is not None]
    if not matches:
        return list(albums), None
    if len(matches) < len(albums):
        without = next(text for text, match in zip(albums, found, strict=True) if match is None)
        raise click.UsageError(f"{without!r} has no weight: give every album one, like {without}=0.5")
    return [match[1] for match in matches], [float(match[2]) for match in matches]


@click.command()
@click.argument("albums", nargs=-1, metavar="ALBUM[=WEIGHT]...", shell_complete=complete_album)
@click.option("--weights", callback=parse_weights, help="One number an album, like 0.5,0.5.  [default: equal]")
@click.option(
    "--mode",
    default="vivid",
    show_default=True,
    type=click.Choice(["mean", "vivid", "interpolate", "arithmetic"]),
    help="How the latents are put together.",
)
@click.option("--size", default="512", show_default=True, type=click.Choice(["128", "512"]), help="Pixels a side.")
@click.option(
    "--detail",
    type=click.Choice(["parents", "invented", "none"]),
    help="What is finer than the decoded blend: a montage of the covers, invented, or nothing.  [default: parents]",
)
@click.option(
    "--layout-of",
    type=click.IntRange(min=1),
    metavar="N",
    help="Take layout and light from the Nth album alone, detail from the others.",
)
@click.option("--from", "source", type=click.Path(path_type=Path), help="Make the blend of this file again.")
@click.option("--recipes", type=click.Path(path_type=Path), help="Make every recipe of a JSON Lines file.")
@click.option("--sheet", type=click.Choice(["composite", "strip", "grid"]), help="Several pictures in one.")
@click.option("--frames", type=click.IntRange(2, 240), help="Pictures of a film or a strip from one end to the other.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="The file (.png, .webp, .gif, .apng), or a folder for a PNG."
)
@device_option
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@json_command
def blend(
    context: Context,
    albums: tuple[str, ...],
    weights: list[float] | None,
    mode: str,
    size: str,
    detail: str | None,
    layout_of: int | None,
    source: Path | None,
    recipes: Path | None,
    sheet: str | None,
    frames: int | None,
    out: Path | None,
    device: str,
    force: bool,
    as_json: bool,
) -> int:
    """Blend the covers of two or more albums into a new one and write it with its recipe: as PNG or WebP.

    A GIF or APNG, or any file with --frames, is a film from the first cover through all to the last and back. --sheet
    composite shows the covers and their blend, strip the way between them, grid what lies between four of them.

    The picture is a montage: the blend of the latents says what goes where and in which light, the covers give the
    pixels. ALBUM may be an earlier blend, as blend:NAME.

    --from FILE makes the same pixels again, or with --detail shows it made otherwise; with --json and no -o it prints
    the recipe alone. --recipes FILE makes many: each line is a JSON object with albums and, if wanted, weights, mode,
    size and detail. Run again, it continues.
    """
    if sum((bool(albums), source is not None, recipes is not None)) != 1:
        raise click.UsageError("name albums, or --from FILE, or --recipes FILE: one of the three")
    if source is not None and out is None and as_json:
        from pipelines.blends.files import read_recipe

        print_json(json.loads(read_recipe(source).to_json()))
        return 0
    if out is None:
        raise click.UsageError("say with -o where the picture goes")
    if not albums and (sheet or frames or layout_of):
        raise click.UsageError("--sheet, --frames and --layout-of go with albums: a recipe says itself what it makes")
    if recipes is not None and detail is not None:
        raise click.UsageError("each recipe says its own detail")
    names = list(albums)
    if albums:
        if weights is None:
            names, weights = split_weights(albums)
        if len(names) < 2:
            raise click.UsageError("a blend takes at least two albums")
        if weights is not None and len(weights) != len(names):
            raise click.UsageError(f"{len(weights)} weights for {len(names)} albums: give one each")
    if recipes is None and out.is_file() and not force and interactive():
        force = click.confirm(f"{out} is there already. Write over it?", abort=True)

    from pipelines.blends.files import SUFFIXES, read_recipe
    from pipelines.blends.lineage import BLEND, blend_as_album
    from pipelines.blends.recipe import Taken, Wishes
    from pipelines.blends.recipe_to_file import open_blender
    from store.memory.snapshot import Snapshot
    from store.neighbors.find import resolve

    if recipes is None and not out.is_dir() and out.suffix.lower() not in SUFFIXES:
        raise click.UsageError(f"-o takes a folder that is there or a file ending in {', '.join(SUFFIXES)}; not {out}")
    library = open_library(context)
    if recipes is not None:
        return _bulk(library, device, recipes, out, as_json)
    if source is not None:
        recipe = read_recipe(source)
        if detail is not None and detail != recipe.detail:
            recipe = replace(recipe, detail=detail, taken=Taken(), refiner="")
        return _write(library, open_blender(library, device), recipe, out, force, as_json)
    snapshot = Snapshot.load(library)
    chosen = [blend_as_album(library, text) if text.startswith(BLEND) else resolve(snapshot, text) for text in names]
    blender = open_blender(library, device)
    recipe = laid_out(blender.recipe(chosen, weights, mode, int(size), detail or "parents"), sheet, frames, out)
    if layout_of is not None:
        recipe = replace(recipe, wishes=Wishes(layout_of - 1))
    click.echo("of " + ", ".join(album_line(album) for album in chosen), err=True)
    return _write(library, blender, recipe, out, force, as_json)


def laid_out(recipe: Recipe, sheet: str | None, frames: int | None, out: Path) -> Recipe:
    """The recipe with the sheet asked for, as a film where frames or the file's kind say so, or as a picture."""
    film = frames is not None or out.suffix.lower() in (".gif", ".apng")
    layout = sheet or ("film" if film else "picture")
    usual = LAYOUT_FRAMES.get(layout)
    return replace(recipe, layout=layout, frames=(frames or usual) if usual else 1)


def _write(library: Library, blender: Blender, recipe: Recipe, out: Path, force: bool, as_json: bool) -> int:
    from store.personal.records import Personal, blend_row

    result = blender.write(recipe, out, overwrite=force)
    made = result.recipe
    if recipe.latent and recipe.refiner and recipe.refiner != made.refiner:  # it comes from a file
        click.echo("sharpened in another way than the file that it was made from: the pixels differ", err=True)
    if recipe.taken.way and recipe.taken != made.taken:
        click.echo("made of other pictures of the covers than the file, or in another way: the pixels differ", err=True)
    told = json.loads(result.recipe.to_json())
    personal = Personal(library)
    path = (result.path or out).resolve()
    personal.add_blend(blend_row(path), path, told)
    personal.flush()  # where the file is locked the record waits in the journal
    if as_json:
        print_json({"path": str(result.path), "seconds": round(result.seconds, 3), "device": result.device, **told})
    else:
        click.echo(f"{result.path}  ({result.device}, {result.seconds:.2f} s)")
        click.echo(made.said, err=True)
    return 0


def _bulk(library: Library, device: str, recipes: Path, out: Path, as_json: bool) -> int:
    """Status 1 where lines were left out."""
    from pipelines.blends.bulk import blend_bulk
    from pipelines.blends.recipe_to_file import open_blender
    from store.memory.snapshot import Snapshot
    from store.neighbors.find import resolve

    snapshot, blender, reporter = Snapshot.load(library), open_blender(library, device), progress()
    reporter.start("blending", None)
    with recipes.open(encoding="utf-8", errors="replace") as lines:
        report = blend_bulk(blender, lines, lambda text: resolve(snapshot, text), out, reporter)
    reporter.finish()
    if as_json:
        bad = [{"line": number, "why": clean(why)} for number, why in report.bad]
        print_json({"written": report.written, "there": report.there, "bad": bad})
    else:
        click.echo(
            f"{report.written:,} written into {out}, {report.there:,} there already, {len(report.bad):,} bad lines"
        )
        for number, why in report.bad:
            click.echo(f"  line {number}: {clean(why, 300)}", err=True)
    return 1 if report.bad else 0
