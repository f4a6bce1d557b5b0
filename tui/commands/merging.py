"""`merge` and `split`: when a person disagrees with what the library takes for one album."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from store.text import clean
from tui.commands.shared import Context, interactive, json_command, open_library, print_json
from tui.commands.shell.completion import complete_album

if TYPE_CHECKING:
    import duckdb

    from store.catalogue.merging import MergeReport
    from store.database.library import Library

dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done and change nothing.")


class _DryRun(Exception):
    """Ends a burst without its changes."""


@click.command()
@click.argument("album", shell_complete=complete_album)
@click.argument("other", shell_complete=complete_album)
@dry_run_option
@json_command
def merge(context: Context, album: str, other: str, dry_run: bool, as_json: bool) -> None:
    """Make OTHER part of ALBUM: they are one.

    The better of each field stays, with its source. Tags, cover, bookmark, the stops of walks and the parents of
    blends come along. What a source brings later under either name goes to ALBUM. `split` undoes it.
    """
    from store.catalogue.decisions import decide_merge
    from store.catalogue.merging import merge as merge_albums
    from store.memory.snapshot import Snapshot
    from store.neighbors.find import resolve

    library = open_library(context)
    snapshot = Snapshot.load(library)
    kept, gone = (resolve(snapshot, text) for text in (album, other))

    def put_in(con: duckdb.DuckDBPyConnection) -> MergeReport:
        if dry_run:
            return merge_albums(con, kept.album_id, gone.album_id)
        return decide_merge(con, library.path, kept.album_id, gone.album_id)

    report = _do(library, dry_run, put_in)
    heads = ("would merge" if dry_run else "merged", "       into")
    _print(report, heads, "split", dry_run, as_json)


@click.command()
@click.argument("album", shell_complete=complete_album)
@click.argument("part", required=False)
@dry_run_option
@json_command
def split(context: Context, album: str, part: str | None, dry_run: bool, as_json: bool) -> None:
    """Take PART out of ALBUM: they are two.

    PART is an album that was merged into it (its name or album_id), another spelling, or a source; it may be left
    out where there is only one. Undoes `merge`, and `merge` undoes it.
    """
    from store.catalogue.decisions import decide_split
    from store.catalogue.merging import album_parts, find_part
    from store.catalogue.merging import split as split_album
    from store.memory.snapshot import Snapshot
    from store.neighbors.find import resolve

    library = open_library(context)
    kept = resolve(Snapshot.load(library), album)

    def take_out(con: duckdb.DuckDBPyConnection) -> MergeReport:
        found = find_part(album_parts(con, kept.album_id), kept.label, part)
        if dry_run:
            return split_album(con, kept.album_id, found)
        return decide_split(con, library.path, kept.album_id, found)

    report = _do(library, dry_run, take_out)
    heads = ("would take" if dry_run else "took", "    out of")
    _print(report, heads, "merge", dry_run, as_json)


def offer_merges(library: Library, agreed: bool) -> None:
    """List the albums that look like one; merge them where the person agreed or, asked at a terminal, agrees."""
    from store.catalogue.decisions import decide_merge
    from store.catalogue.duplicates import duplicates

    with library.read() as con:
        found = duplicates(con)
    for one in found:
        click.echo(f"duplicate: {_name(one.other, one.other_id)}; would merge it into {_name(one.kept, one.kept_id)}")
        click.echo(f"           {clean(one.why, 300)}")
    if not found:
        return
    if not agreed and not interactive():
        click.echo("nothing was merged; --merge merges them, `sleevewalk merge` one of them", err=True)
        return
    if agreed or click.confirm("Merge these?"):
        with library.write() as con:
            for one in duplicates(con):
                decide_merge(con, library.path, one.kept_id, one.other_id)
        click.echo(f"merged: {len(found):,} {_plural('album', len(found))}; `sleevewalk split` takes one out again")


def _do(library: Library, dry_run: bool, change: Callable[[duckdb.DuckDBPyConnection], MergeReport]) -> MergeReport:
    """Make the change in one burst; a dry run makes it too and takes it back before it is stored."""
    from store.catalogue.decisions import apply_decisions

    reports: list[MergeReport] = []
    with library.exclusive() as con:
        apply_decisions(con, library.path)
    try:
        with library.write() as con:
            reports.append(change(con))
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return reports[0]


def _name(label: str, album_id: str) -> str:

    return f"{clean(label, 300)}  {album_id}"


def _print(report: MergeReport, heads: tuple[str, str], undo: str, dry_run: bool, as_json: bool) -> None:
    """Both albums, each after its part of `heads`; what moved, which fields changed, the command that undoes it."""

    if as_json:
        print_json({**report.to_json(), "dry_run": dry_run})
        return
    click.echo(f"{heads[0]} {_name(report.other_label, report.other_id)}")
    click.echo(f"{heads[1]} {_name(report.label, report.album_id)}")
    counts = (
        (report.sources, "source"), (report.bookmarks, "bookmark"), (report.stops, "stop of walks"),
        (report.parents, "parent of blends"),
    )  # fmt: skip
    moved = [f"{count:,} {_plural(what, count)}" for count, what in counts if count]
    click.echo(f"  moves: {', '.join(moved)}; {report.tags:,} {_plural('tag', report.tags)} now")
    for change in report.fields:
        before, after = (_value(value) for value in (change.before, change.after))
        source = f" ({clean(change.source, 40)})" if change.source else ""
        click.echo(f"  {change.name.removesuffix('_sha256')}: {before} → {after}{source}")
    if dry_run:
        click.echo("nothing was changed", err=True)
    else:
        command = f"sleevewalk {undo} {report.album_id} {report.other_id}"
        click.echo(f"`{command}` undoes it; `sleevewalk build` brings the neighbours up to date", err=True)


def _plural(what: str, count: int) -> str:
    first, space, rest = what.partition(" ")
    return what if count == 1 else f"{first}s{space}{rest}"


def _value(value: object) -> str:

    text = clean("unknown" if value is None else str(value), 100)
    return f"{text[:12]}…" if len(text) == 64 else text
