"""Completion in bash, zsh and fish: commands, options and the albums of the library."""

from __future__ import annotations

import re
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

from pipelines.folders import default_library
from store.text import key
from tui.commands.shared import Context, context_command

MOST = 60  # albums offered at once
SHELLS = ("bash", "zsh", "fish")
_PLAIN = re.compile(r"[\w/-]+")  # what no shell takes for anything else
_BEGINS = "starts_with(artist_key || ' ' || title_key, $typed)"
_WITHIN = "contains(' ' || artist_key || ' ' || title_key, ' ' || $typed)"


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@context_command
def completion(_: Context, shell: str) -> None:
    """Print what makes a shell complete commands, options and albums.

    \b
    eval "$(sleevewalk completion bash)"          # in ~/.bashrc
    eval "$(sleevewalk completion zsh)"           # in ~/.zshrc, after compinit
    sleevewalk completion fish | source           # in ~/.config/fish/config.fish

    An album is completed in a form without blanks, such as radiohead/kid-a.
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(click.get_current_context().find_root().command, {}, "sleevewalk", "_SLEEVEWALK_COMPLETE").source())


def complete_album(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The albums that an argument may name, for a shell that asks."""
    return albums(ctx.find_root().params.get("library_dir") or default_library(), incomplete)


def albums(folder: Path, typed: str) -> list[CompletionItem]:
    """The albums whose name begins with what was typed, else those of which a word does; none where that fails."""
    import duckdb

    from store.database.library import Library
    from store.errors import LibraryError

    try:
        with Library.open(folder).read() as con:
            for condition in (_BEGINS, _WITHIN):
                sql = f"SELECT artist_key, title_key, album_id, artist, title, year FROM albums WHERE {condition}"
                sql += f" ORDER BY artist_key, title_key LIMIT {MOST}"
                rows = con.execute(sql, {"typed": key(typed)}).fetchall()
                if rows:
                    return [_item(*row) for row in rows]
    except (LibraryError, OSError, duckdb.Error):
        pass
    return []


def _item(artist_key: str, title_key: str, album_id: str, artist: str, title: str, year: int | None) -> CompletionItem:
    name = f"{artist_key}/{title_key}".replace(" ", "-")
    is_name = _PLAIN.fullmatch(name) and key(name) == f"{artist_key} {title_key}"
    return CompletionItem(name if is_name else album_id, help=f"{artist} / {title}" + (f" ({year})" if year else ""))
