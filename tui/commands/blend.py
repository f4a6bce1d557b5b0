"""`blend`: a new cover out of several."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tui.commands.shared import Context, album_line, command_options, interactive, json_option, open_library, print_json


def parse_weights(_: click.Context, __: click.Parameter, value: str | None) -> list[float] | None:
    if value is None:
        return None
    try:
        return [float(part) for part in value.split(",")]
    except ValueError:
        raise click.BadParameter(f"{value!r} is no list of numbers; write them like 0.5,0.3,0.2") from None


@click.command()
@click.argument("albums", nargs=-1, required=True, metavar="ALBUM ALBUM...")
@click.option("--weights", callback=parse_weights, help="One number an album, like 0.5,0.5.  [default: equal]")
@click.option(
    "--mode",
    default="vivid",
    show_default=True,
    type=click.Choice(["mean", "vivid", "interpolate", "arithmetic"]),
    help="How the latents are put together.",
)
@click.option("--size", default="512", show_default=True, type=click.Choice(["128", "512"]), help="Pixels a side.")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The PNG, or a folder for it.")
@click.option("--device", default="auto", type=click.Choice(["auto", "cuda", "cpu"]), show_default=True)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@json_option
@command_options
@click.pass_obj
def blend(
    context: Context,
    albums: tuple[str, ...],
    weights: list[float] | None,
    mode: str,
    size: str,
    out: Path,
    device: str,
    force: bool,
    as_json: bool,
) -> int:
    """Blend the covers of two or more albums into a new one and write it as a PNG that carries its recipe."""
    from pipelines.blend import Blender
    from store.find import resolve
    from store.personal import Personal
    from store.snapshot import Snapshot

    if len(albums) < 2:
        raise click.UsageError("a blend takes at least two albums")
    if weights is not None and len(weights) != len(albums):
        raise click.UsageError(f"{len(weights)} weights for {len(albums)} albums: give one each")
    if out.is_file() and not force and interactive():
        force = click.confirm(f"{out} is there already. Write over it?", abort=True)
    library = open_library(context)
    snapshot = Snapshot.load(library)
    chosen = [resolve(snapshot, text) for text in albums]
    blender = Blender(library.covers_dir, device=device)
    result = blender.blend(chosen, weights, mode, int(size), out, overwrite=force)
    recipe = json.loads(result.recipe.to_json())
    assert result.path is not None
    personal = Personal(library)
    personal.add_blend(result.recipe.blend_id, str(result.path.resolve()), recipe)
    personal.flush()  # where the file is locked the record waits in the journal
    if as_json:
        print_json({"path": str(result.path), "seconds": round(result.seconds, 3), "device": result.device, **recipe})
    else:
        click.echo(f"{result.path}  ({result.device}, {result.seconds:.2f} s)")
        click.echo("of " + ", ".join(album_line(album) for album in chosen), err=True)
    return 0
