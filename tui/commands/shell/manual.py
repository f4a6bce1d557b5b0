"""The manual page, made of the commands' own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from inspect import cleandoc

import click

from tui.commands.shared import Context, context_command

HEAD = (
    ("ALBUM", 'An album is named "Artist / Title", small typos forgiven, or by its album_id; an artist alone offers '
              "the albums."),
    ("FILES", "A library is a folder: library.duckdb, covers/, index/, blends/. It opens in any DuckDB from 1.4 on."),
    ("ENVIRONMENT", "SLEEVEWALK_LIBRARY names the library, SLEEVEWALK_CONFIG the config file."),
    ("EXIT STATUS", "0 done; 1 it failed; 2 bad use, or an unknown or ambiguous album or word; 3 the library is "
                    "locked; 4 done but for items that failed; 130 interrupted."),
)  # fmt: skip


@click.command()
@context_command
def man(_: Context) -> None:
    """Print the manual page: every command with its options.

    \b
    sleevewalk man | man -l -
    sleevewalk man > ~/.local/share/man/man1/sleevewalk.1
    """
    click.echo("\n".join(page(click.get_current_context().find_root())))


def page(root: click.Context) -> Iterator[str]:
    """The lines of the page in the language of `man`."""
    from store.neighbors.query import FIELDS

    text, *more = (root.command.help or "").split("\n\n")
    yield f'.TH SLEEVEWALK 1 "" "sleevewalk {version("sleevewalk")}" "User Commands"'
    yield from (".SH NAME", f"sleevewalk \\- {quoted(text[:1].lower() + text[1:].rstrip('.'))}")
    yield from (".SH SYNOPSIS", ".B sleevewalk", "[options] [command] [arguments]", ".SH DESCRIPTION")
    yield from paragraphs("\n\n".join(more))
    yield from _options(root)
    yield ".SH COMMANDS"
    yield from _commands(root)
    yield ".SH WORDS TO FIND BY"
    yield 'All words must hold; a comma is "or", a minus before a word "not". What is no field\'s is a name.'
    for field, example in FIELDS.items():
        yield from (".TP", f".B {quoted(field)}", quoted(example))
    for title, said in HEAD:
        yield from (f".SH {title}", quoted(said))


def _commands(ctx: click.Context) -> Iterator[str]:
    command = ctx.command
    assert isinstance(command, click.Group)
    for name in command.list_commands(ctx):
        sub = command.get_command(ctx, name)
        if sub is None or sub.hidden:
            continue
        inner = click.Context(sub, ctx, name, obj=ctx.obj)
        yield f".SS {quoted(' '.join([inner.command_path, *sub.collect_usage_pieces(inner)]))}"
        yield from paragraphs(sub.help or "")
        yield from _options(inner)
        if isinstance(sub, click.Group):
            yield from _commands(inner)


def _options(ctx: click.Context) -> Iterator[str]:
    for parameter in ctx.command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None and record[1]:
            yield from (".TP", f".B {quoted(record[0])}", quoted(record[1]))


def paragraphs(help_text: str) -> Iterator[str]:
    """A command's help; what stands after `\\b` keeps its lines."""
    for paragraph in cleandoc(help_text).split("\n\n"):
        lines = paragraph.splitlines()
        if lines and lines[0].strip() == "\b":
            yield from (".PP", ".nf", *map(quoted, lines[1:]), ".fi")
        elif lines:
            yield from (".PP", quoted(" ".join(map(str.strip, lines))))


def quoted(text: str) -> str:
    """A line of text that `man` shows as it is."""
    text = re.sub(r"[\x00-\x1f\x7f]+", " ", text).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text[:1] in (".", "'") else text
