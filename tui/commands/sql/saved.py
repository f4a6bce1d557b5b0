"""Queries that a person keeps, the text and the parameters of one, and lists made of an answer."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from store.text import clean

if TYPE_CHECKING:
    import pyarrow as pa

    from store.database.library import Library

LONGEST = 1_000_000  # bytes of a query
_NAME = re.compile(r"[\w][\w .-]{0,99}")


def text_of(query: str | None, file: Path | None) -> str | None:
    """The query, from FILE or standard input where it is there. LibraryError where it cannot be read."""
    from store.errors import LibraryError
    from store.shapes import read_file

    if query == "-" or file == Path("-"):
        content, where = sys.stdin.buffer.read(LONGEST + 1), "standard input"
        if len(content) > LONGEST:
            raise LibraryError(f"standard input is longer than {LONGEST:,} bytes: that is no query")
    elif file is None:
        return query
    else:
        where = str(file)
        try:
            content = read_file(file, LONGEST)
        except OSError as error:
            raise LibraryError(f"cannot read {file}: {error.strerror or error}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LibraryError(f"{where} is no text in UTF-8: byte {error.start + 1:,} is none of it") from error


def values_of(params: Sequence[str]) -> dict[str, object]:
    """The parameters by name: numbers where they look so, else text; quotes around a number make it text."""
    values: dict[str, object] = {}
    for param in params:
        name, equals, value = param.partition("=")
        if not equals or not name.isidentifier():
            raise click.UsageError(f"-p takes name=value, not {clean(param, 60)}")
        values[name] = _value(value)
    return values


def _value(text: str) -> object:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text):
        return float(text)
    return text


def save(library: Library, name: str, query: str | None) -> None:
    """Keep a query. LibraryError where it would not only read."""
    from store.database.readonly import check_reading
    from store.personal.mine import save_query

    check_reading(query or "")
    with library.write() as con:
        save_query(con, _named(name), query or "")
    click.echo(f"saved; it runs with: sleevewalk sql --run {name}", err=True)


def saved(library: Library) -> dict[str, str]:
    """All of them by name."""
    from store.personal.mine import saved_queries

    with library.read() as con:
        return saved_queries(con)


def listed(library: Library) -> pa.Table:
    """The same as an answer: name, query."""
    import pyarrow as pa

    found = saved(library)
    return pa.table({"name": pa.array(found.keys(), pa.string()), "query": pa.array(found.values(), pa.string())})


def query(library: Library, name: str) -> str:
    """The saved query of a name. UsageError where there is none, with those that there are."""
    known = saved(library)
    if name not in known:
        there = ", ".join(clean(one, 100) for one in known) or "none yet: `sql --save NAME QUERY` keeps one"
        raise click.UsageError(f"no saved query is called {clean(name, 100)}; there are: {there}")
    return known[name]


def remove(library: Library, name: str) -> None:
    """Take one away. UsageError where there is none of that name."""
    from store.personal.mine import forget_query

    query(library, name)
    with library.write() as con:
        forget_query(con, name)
    click.echo(f"removed {clean(name, 100)}", err=True)


def make_list(library: Library, name: str, ids: Sequence[str]) -> None:
    """Make the list of that name these albums."""
    from store.personal.mine import write_list

    with library.write() as con:
        write_list(con, _named(name), ids)
    click.echo(f"{len(ids):,} albums are the list {clean(name, 100)} now; in the app: list:{name}", err=True)


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise click.UsageError(
            f"{clean(name, 100)!r} is no name: letters, digits, blanks, points and dashes, at most 100"
        )
    return name
