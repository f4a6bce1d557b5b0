"""`explore` and `demo`: the app."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from pipelines.folders import default_library, demo_library
from tui.commands.shared import Command, Context, context_command, interactive, progress
from tui.commands.shell.completion import complete_album
from tui.terminal.brands import CELLS
from tui.terminal.choice import PICTURES, asked_terminal
from tui.terminal.look import COLORS, TerminalLook, prepare, terminal_look
from tui.terminal.output import OUTPUTS, chosen_output
from tui.terminal.probe import no_terminal

if TYPE_CHECKING:
    from store.database.library import Library
    from store.neighbors.neighborhood import Neighborhood


LONGEST = 100_000_000  # bytes of album_ids


def look_options(command: Command) -> Command:
    """How the app is to draw, as one `look`."""

    @functools.wraps(command)
    def with_look(
        *arguments: Any,
        color: str,
        lite: bool | None,
        pictures: str | None,
        cells: str | None,
        output: str | None,
        **named: Any,
    ) -> Any:
        look = terminal_look(color, lite, pictures=pictures, output=output, cells=cells)
        return command(*arguments, look=look, **named)

    options = (
        click.option(
            "--output",
            type=click.Choice(OUTPUTS),
            help="How frames are sent; stock: as Textual does.  [default: thrifty]",
        ),
        click.option("--pictures", type=click.Choice(PICTURES), help="How covers are drawn.  [default: auto]"),
        click.option(
            "--cells",
            type=click.Choice(CELLS),
            help="Glyphs of covers drawn as cells; auto: by the terminal.  [default: auto]",
        ),
        click.option("--lite/--fine", default=None, help="Covers for a slow link, or not.  [default: automatic]"),
        click.option(
            "--color",
            type=click.Choice(["auto", *COLORS]),
            default="auto",
            help="What the terminal shows.  [default: auto]",
        ),
    )
    return cast("Command", functools.reduce(lambda found, option: option(found), options, with_look))


@click.command()
@click.argument("album", required=False, shell_complete=complete_album)
@click.option("--suggest", is_flag=True, help="Begin near what you play, at an album that you never heard.")
@click.option(
    "--ids",
    "ids_from",
    type=click.Path(path_type=Path),
    help="Walk among the album_ids of this FILE; -: standard input.",
)
@click.option(
    "--image", type=click.Path(path_type=Path), help="Begin with a photo of a sleeve: with the album that it shows."
)
@look_options
@context_command
def explore(
    context: Context, album: str | None, suggest: bool, ids_from: Path | None, image: Path | None, look: TerminalLook
) -> int:
    """Open the app, at ALBUM or where the library begins.

    Where there is no library yet, it offers the demo library.
    """
    from store.database.library import Library

    if not Library(context.library_dir).db_path.is_file():
        if context.chosen or not interactive():
            Library.open(context.library_dir)  # raises the error that says what to do
        click.echo(f"There is no library in {default_library()} yet.")
        click.echo("`sleevewalk ingest` brings in your own albums; the demo library has 300 fictional ones.")
        if not click.confirm("Open the demo library?", default=True):
            return 0
        return open_demo(demo_library(), album, look)
    library = Library.open(context.library_dir)
    return open_app(library, album, look, suggest, read_ids(library, ids_from) if ids_from else (), image)


@click.command()
@click.argument("album", required=False, shell_complete=complete_album)
@click.option("--no-open", is_flag=True, help="Build it only.")
@look_options
@context_command
def demo(context: Context, album: str | None, no_open: bool, look: TerminalLook) -> int:
    """Build the demo library (once: 300 fictional albums with drawn covers) and open it."""
    folder = context.library_dir if context.chosen else demo_library()
    return open_demo(folder, album, look, no_open)


def open_demo(folder: Path, album: str | None, look: TerminalLook, no_open: bool = False) -> int:
    from pipelines.build import build
    from pipelines.demo.build import build_demo

    if not no_open:
        need_terminal()
    library = build_demo(folder, progress())
    report = build(library, progress())
    if no_open:
        click.echo(f"{library.path}: {report.summary()}")
        return 0
    return open_app(library, album, look)


class NoTerminal(click.ClickException):
    """There is no terminal that could show the app."""

    exit_code = 2


def need_terminal() -> None:
    """NoTerminal where the app cannot be shown."""
    if missing := no_terminal():
        raise NoTerminal(f"the app needs a terminal, and {missing}; `sleevewalk --help` lists what works without one")


def read_ids(library: Library, path: Path) -> tuple[str, ...]:
    """The album_ids of a file or of standard input, a line each, that are of this library; tells how many are not.
    UsageError where none is. The keyboard is the terminal's again afterwards.
    """
    from store.shapes import read_file

    if path == Path("-"):
        content = sys.stdin.buffer.read(LONGEST)
        with suppress(OSError), Path("/dev/tty").open("rb") as terminal:
            os.dup2(terminal.fileno(), sys.stdin.fileno())
    else:
        content = read_file(path, LONGEST)
    asked = list(dict.fromkeys(line.strip() for line in content.decode(errors="replace").splitlines() if line.strip()))
    with library.read() as con:
        there = con.execute(
            "SELECT asked FROM (SELECT unnest($1::VARCHAR[]) AS asked, generate_subscripts($1::VARCHAR[], 1) AS place) "
            "JOIN library.main.albums ON album_id = asked ORDER BY place",
            [asked],
        ).fetchall()
    if not there:
        raise click.UsageError(
            f"none of {len(asked):,} lines is an album_id of this library; `sql QUERY --ids` gives some"
        )
    if len(there) < len(asked):
        click.echo(f"{len(asked) - len(there):,} of {len(asked):,} lines are no album_id of this library", err=True)
    return tuple(one for (one,) in there)


def open_app(
    library: Library,
    album: str | None,
    look: TerminalLook,
    suggest: bool = False,
    these: Sequence[str] = (),
    image: Path | None = None,
) -> int:
    need_terminal()
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as beside:  # the library opens while the terminal answers and modules are imported
        opening = beside.submit(_neighborhood, library)
        with asked_terminal(look, **wanted_of(look)) as asked:
            prepare(asked.look)
            from tui.opening import run_app

            neighborhood = opening.result()
            from store.neighbors.find import resolve
            from store.neighbors.taste import near_plays

            start = resolve(neighborhood.snapshot, album).album_id if album else None
            if suggest and not start:
                start = next((one.album.album_id for one in near_plays(neighborhood, 1)), None)
            return run_app(library, start or next(iter(these), None), neighborhood, asked, these, image)


def wanted_of(look: TerminalLook) -> dict[str, Any]:
    """What flags and the config file want of pictures, cells and the output, for `asked_terminal`."""
    from pipelines.folders import config_file
    from tui.config import configured, wanted

    path = config_file()
    output = chosen_output(*wanted("output", look.output, configured(path, "output", OUTPUTS))).name
    found = {
        name: wanted(name, getattr(look, name), configured(path, name, names))
        for name, names in (("pictures", PICTURES), ("cells", CELLS))
    }
    return {**found, "output": output}


def _neighborhood(library: Library) -> Neighborhood:
    from store.neighbors.neighborhood import open_neighborhood

    return open_neighborhood(library)
