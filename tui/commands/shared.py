"""What the commands share: the library option, JSON output, how albums and reasons are printed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from store.text import clean

if TYPE_CHECKING:
    from pipelines.progress import StderrProgress
    from pipelines.report import IngestReport
    from pipelines.web.client import Web
    from store.database.library import Library
    from store.records import Album, Neighbor, Reason, Weights

_OBEYED = re.compile(r"[\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069]")
ITEMS_FAILED = 4  # exit status: done, but for items that failed
FILMS = ("webp", "gif")  # endings
DEBUG: list[bool] = []  # holds something under --debug
_WEIGHED = (
    ("cover", "the sleeve"),
    ("tags", "the tags"),
    ("artist", "similar artists"),
    ("era", "the years"),
    ("popularity", "popularity"),
    ("plays", "how much you play the artist"),
)
Command = TypeVar("Command", bound=Callable[..., Any])
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
NEW_FILE = click.Path(path_type=Path, dir_okay=False)  # need not be there
NEW_FOLDER = click.Path(path_type=Path, file_okay=False)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON alone on stdout.")
device_option = click.option("--device", default="auto", type=click.Choice(["auto", "cuda", "cpu"]), show_default=True)
base_url_option = click.option("--base-url", metavar="URL", help="Ask a server of your own in its place.")
private_option = click.option("--allow-private", is_flag=True, help="Ask addresses in your own network too.")
large_option = click.option(
    "--large",
    type=click.Choice(["none", "512", "all"]),
    default="512",
    show_default=True,
    help="Larger pictures to keep for blends: none, of sources of 448 pixels and more, of all that are larger.",
)
shard_weights_option = click.option(
    "--weights", type=FILE, help="The weights file that the shards were made with, if not the installed one."
)


@dataclass(frozen=True)
class Context:
    """Where the library is, and whether the person said so."""

    library_dir: Path
    chosen: bool


def context_command(command: Command) -> Command:
    """`--library` and `--debug` after the command's name too, where people write them; it takes the Context first."""

    def set_library(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
        if value is not None:
            ctx.obj = replace(ctx.obj, library_dir=value, chosen=True)

    def set_debug(_: click.Context, __: click.Parameter, value: bool) -> None:
        if value:
            DEBUG.append(True)

    debug = click.option("--debug", is_flag=True, expose_value=False, callback=set_debug, help="Show tracebacks.")
    library = click.option(
        "--library", type=NEW_FOLDER, expose_value=False, callback=set_library, is_eager=True,
        help="Folder of the library.",
    )  # fmt: skip
    return library(debug(cast("Command", click.pass_obj(command))))


def json_command(command: Command) -> Command:
    """`--json`, `--library` and `--debug`; the command takes the Context first."""
    return json_option(context_command(command))


def progress(every: float | None = None) -> StderrProgress:
    """What long work tells its progress to; lines each `every` seconds for a program that reads along."""
    from pipelines.progress import StderrProgress

    return StderrProgress(every=every)


def weight_options(command: Command) -> Command:
    """What counts between two albums; `weights_of` makes weights of the answers."""
    sleeve = click.option("--by-sleeve", is_flag=True, help="By the sleeve alone: the other weights are 0.")
    options = [click.option(f"--{name}", type=click.FloatRange(0), help=f"Weight of {of}.") for name, of in _WEIGHED]
    for option in reversed([*options, sleeve]):
        command = option(command)
    return command


def weights_of(given: dict[str, Any]) -> Weights:
    """The default weights with those that were given. UsageError where none is above 0."""
    from store.records import SIGNALS, Weights

    alone = dict.fromkeys(SIGNALS, 0.0) | {"cover": 1.0} if given.pop("by_sleeve") else {}
    wanted = alone | {name: value for name, value in given.items() if value is not None}
    weights = replace(Weights(), **wanted)
    if not any(asdict(weights).values()):
        raise click.UsageError("all weights are 0: nothing is left to compare albums by")
    return weights


def open_library(context: Context) -> Library:
    """The library that the command is about. LibraryMissing where there is none."""
    from store.database.library import Library

    return Library.open(context.library_dir)


def create_library(context: Context) -> Library:
    """The same, made where there is none."""
    from store.database.library import Library

    return Library.create(context.library_dir)


def client(base_url: str | None, in_place_of: str, allow_private: bool = False) -> Web:
    """The client for the web; a server of the person's own is allowed, and asked as the one it stands for."""
    from urllib.parse import urlsplit

    from pipelines.folders import config_file, web_cache_folder
    from pipelines.web.client import RULES, Web
    from pipelines.web.guard import plain_host
    from tui.config import web_contact

    cache, contact = web_cache_folder(), web_contact(config_file())
    if base_url is None:
        return Web(cache, allow_private=allow_private, contact=contact)
    rules = {**RULES, urlsplit(base_url).netloc: RULES[urlsplit(in_place_of).netloc]}
    return Web(cache, frozenset([plain_host(base_url)]), allow_private, rules, contact=contact)


def json_text(value: object) -> str:
    """As JSON for people; control characters, that JSON lets pass and terminals obey, are escaped in it."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def print_json(value: object) -> None:
    click.echo(json_text(value))


def write_film(library: Library, albums: Sequence[Album], out: Path, frames: int | None = None) -> None:
    """The way through these albums as a film; says what it wrote, and which albums it left out."""
    from pipelines.blends.recipe_to_file import open_blender
    from pipelines.blends.way_film import FRAMES, write_way

    film = write_way(open_blender(library), albums, out, progress(), frames=frames or FRAMES)
    for album in film.left_out:
        click.echo(f"left out, for it has no cover: {album_line(album)}", err=True)
    click.echo(f"wrote {film.path}: {film.frames:,} frames, a montage of the covers on the way", err=True)


def album_dict(album: Album) -> dict[str, object]:
    return {**asdict(album), "tags": list(album.tags), "label": album.label}


def reason_dict(reason: Reason) -> dict[str, object]:
    rounded = {"score": round(reason.score, 4), "share": round(reason.share, 4)}
    return {**asdict(reason), **rounded, "shared_tags": list(reason.shared_tags)}


def neighbor_dict(neighbor: Neighbor) -> dict[str, object]:
    return {
        "album": album_dict(neighbor.album),
        "score": round(neighbor.score, 4),
        "strongest": neighbor.strongest.signal if neighbor.reasons else None,
        "reasons": [reason_dict(reason) for reason in neighbor.reasons],
    }


def album_line(album: Album) -> str:
    """`Artist / Title (1997)`, without control characters."""

    return clean(album.label, 300) + (f" ({album.year})" if album.year else "")


def reason_lines(reasons: Sequence[Reason]) -> list[str]:
    """One indented line a reason: its share of the score, its own score, its words."""

    return [
        f"      {reason.signal:<10} {reason.share:4.0%}  {reason.score:4.2f}  {clean(reason.text, 300)}"
        for reason in reasons
    ]


def print_ingest(context: Context, report: IngestReport, as_json: bool, most: int = 50) -> int:
    """What an ingest did, once that is seen to be there; what was left out, with reasons, on stderr (all of it in the
    JSON). Returns the exit status: ITEMS_FAILED where items failed.
    """
    from pipelines.writing import settle
    from store.database.library import Library

    settle(Library(context.library_dir), report.source)
    status = ITEMS_FAILED if report.failed else 0
    if as_json:
        print_json(report.to_json())
        return status
    click.echo(f"{report.summary()} in {report.seconds:.1f} s ({report.rate:.0f} rows a second)")
    for title, items in (("rejected", report.rejected), ("without a cover", report.without_cover)):
        if items:
            click.echo(f"{title}:", err=True)
            for item in items[:most]:
                click.echo(f"  {item}", err=True)
            if len(items) > most:
                click.echo(f"  … and {len(items) - most:,} more (all of them with --json)", err=True)
    for reason, count in report.values_left_out.most_common():
        click.echo(f"{count:,} values left out: {reason}", err=True)
    if report.failed:
        click.echo(
            "`sleevewalk ingest status` lists what failed; `ingest retry` or the same command tries again", err=True
        )
    return status


def interactive() -> bool:
    """True where a person sits at a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()
