"""The command line `sleevewalk`: one click group, its exit statuses, and errors as one line for people.

Only click is imported here; each command imports what it needs when it runs.
"""

from __future__ import annotations

import importlib
import re
import sys
from difflib import get_close_matches
from keyword import iskeyword
from pathlib import Path

import click

from pipelines.folders import LIBRARY_VARIABLE, default_library
from store.errors import LibraryError, LibraryLocked, UnknownAlbum, UnknownPart, UnknownWalk, UnknownWord
from store.text import clean
from tui.commands.shared import DEBUG, NEW_FOLDER, Context

# The module of each command, imported when the command is asked for.
# What brings a module that not everybody needs.
EXTRAS = dict.fromkeys(("torch", "torchmetrics"), "train") | dict.fromkeys(
    ("sklearn", "threadpoolctl", "joblib", "matplotlib"), "evidence"
)
COMMANDS = {
    "explore": "explore",
    "demo": "explore",
    "ingest": "ingest",
    "train": "model",
    "evaluate": "model",
    "validate": "validate",
    "build": "library",
    "lettering": "library",
    "find": "walk",
    "similar": "walk",
    "route": "walk",
    "why": "walk",
    "walk": "walks",
    "album": "sound.play",
    "suggest": "sound.suggest",
    "play": "sound.play",
    "playlist": "sound.play",
    "blend": "blend",
    "merge": "merging",
    "split": "merging",
    "sql": "sql.command",
    "shards": "shards",
    "export": "exchange",
    "import": "exchange",
    "doctor": "doctor",
    "bench": "bench",
    "completion": "shell.completion",
    "man": "shell.manual",
}


REPORT_IT = "run it again with --debug before the command, and report what that prints"
# As DuckDB, PyTorch, ONNX Runtime, FAISS and the loader of libraries say it.
NO_MEMORY = re.compile(
    r"OutOfMemory|out of memory|bad_alloc|failed to map segment|(cannot|can't|failed to) allocate", re.I
)


class LazyGroup(click.Group):
    """Looks a command up in its module when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """What the arguments name; for a slip of the fingers the error says what may be meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=2, cutoff=0.6)
            hint = f"Did you mean {' or '.join(near)}?" if near else "sleevewalk --help lists them."
            ctx.fail(f"No such command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(importlib.import_module(f"tui.commands.{COMMANDS[cmd_name]}"), name)
        return command


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--library", "library_dir", type=NEW_FOLDER, envvar=LIBRARY_VARIABLE,
    help="Folder of the library.  [default: the platform's data folder]",
)  # fmt: skip
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(package_name="sleevewalk")
@click.pass_context
def sleevewalk(ctx: click.Context, library_dir: Path | None, debug: bool) -> None:
    """Walk the graph of albums in a terminal: neighbours by tags and by sleeve, and why.

    With no command it opens the app. ALBUM is "Artist / Title" (small typos forgiven) or an album_id.
    """
    ctx.obj = Context(library_dir or default_library(), chosen=library_dir is not None)
    if debug:
        DEBUG.append(True)
    if ctx.invoked_subcommand is None:
        from tui.commands.explore import explore

        ctx.invoke(explore)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status: 0 done, 1 it failed, 2 bad use, 3 the library is locked, 4 done but for
    items that failed, 130 interrupted.
    """
    DEBUG.clear()  # --debug is for this command alone
    try:
        result = sleevewalk.main(arguments, prog_name="sleevewalk", standalone_mode=False)
        status = result if isinstance(result, int) else 0
        sys.stdout.flush()
        return status
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except BrokenPipeError:  # the reader (head, less) has gone
        sys.stdout = None  # nothing is left to flush at exit
        return 0
    except Exception as error:  # noqa: BLE001  (the last resort: it is told in one line, never hidden)
        return report(error)


def report(error: Exception) -> int:
    """Print the error as one line (with the traceback under --debug) and return its exit status."""
    from vae.info import BadWeights, DeviceFailed

    if DEBUG:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, ModuleNotFoundError) and (extra := EXTRAS.get((error.name or "").partition(".")[0])):
        click.echo(f"sleevewalk: this needs {error.name}: pip install 'sleevewalk[{extra}]'", err=True)
        return 1
    expected = (
        isinstance(error, LibraryError | BadWeights | DeviceFailed | OSError) or type(error).__name__ == "NoCovers"
    )
    line = clean(str(error), 2000) or type(error).__name__
    if isinstance(error, MemoryError) or NO_MEMORY.search(f"{type(error).__name__}: {error}"):
        line = "there is not enough memory for this; close other programs and try again"
    elif not expected:
        line = f"a defect of sleevewalk ended this ({type(error).__name__}: {line}); {REPORT_IT}"
    click.echo(f"sleevewalk: {line}", err=True)
    if isinstance(error, UnknownAlbum | UnknownPart | UnknownWalk | UnknownWord):
        return 2
    return 3 if isinstance(error, LibraryLocked) else 1


def run() -> None:
    """Entry point of the installed command."""
    sys.exit(main())


if __name__ == "__main__":
    run()
