"""`shards`: the covers of a large table made, embedded and indexed on one machine or a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands.shared import (
    FILE,
    FOLDER,
    NEW_FOLDER,
    Context,
    device_option,
    json_command,
    large_option,
    open_library,
    print_json,
    private_option,
    progress,
    shard_weights_option,
)

if TYPE_CHECKING:
    from pipelines.images import Keep

engine_option = click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="A pool of threads here, or Ray on the machines of a cluster (pip install 'sleevewalk[cluster]').",
)
address_option = click.option(
    "--address",
    metavar="ADDR",
    help="Ray's cluster: host:port, or auto for the one that this machine is in.  [default: Ray here alone]",
)


@click.group()
def shards() -> None:
    """A table's covers as Parquet shards, made here or on a cluster; `ingest shards` brings them into a library."""


@shards.command()
@click.argument("table", type=FILE)
@click.option("--covers", type=FOLDER, help="Folder that the table's `cover` paths are in; every machine must see it.")
@click.option("-o", "--out", type=NEW_FOLDER, required=True, help="Folder of the shards; every machine must see it.")
@engine_option
@address_option
@click.option("--rows", type=click.IntRange(1, 100_000), default=500, show_default=True, help="Rows in a shard.")
@click.option("--weights", type=FILE, help="Another model's weights file; every machine must see it.")
@device_option
@private_option
@click.option("--retry-failed", is_flag=True, help="Ask again for covers that failed in the shards that are there.")
@large_option
@json_command
def make(
    _context: Context,
    table: Path,
    covers: Path | None,
    out: Path,
    engine: str,
    address: str | None,
    rows: int,
    weights: Path | None,
    device: str,
    allow_private: bool,
    retry_failed: bool,
    large: Keep,
    as_json: bool,
) -> None:
    """Fetch, shrink and embed the covers of TABLE (as for `ingest table`; `cover` may be an address).

    Run again, it makes the shards that are not there yet. What failed is a row with its error.
    """
    from pipelines.shards.make import Making, make_shards

    if address is not None and engine != "ray":
        raise click.UsageError("--address is for --engine ray")
    making = Making(
        covers_dir=covers,
        engine=engine,
        address=address,
        rows=rows,
        weights=weights,
        device=device,
        allow_private=allow_private,
        retry_failed=retry_failed,
        keep=large,
    )
    report = make_shards(table, out, making, progress())
    if as_json:
        print_json(report.to_json())
        return
    click.echo(f"{report.summary()} in {report.seconds:.1f} s")
    for line in report.failed:
        click.echo(f"  {line}", err=True)
    more = report.rejected.total() + report.without_cover.total() - len(report.failed)
    if more:
        click.echo(f"  … and {more:,} more: rows of {out}/*.parquet with an `error`", err=True)
    click.echo(f"next: `sleevewalk ingest shards {out}` brings them into the library", err=True)


@shards.command()
@click.argument("folder", type=FOLDER)
@engine_option
@address_option
@shard_weights_option
@json_command
def index(
    context: Context, folder: Path, engine: str, address: str | None, weights: Path | None, as_json: bool
) -> None:
    """Index a large library from the shards in FOLDER: trained once on a sample, filled by many, merged.

    After `ingest shards`, in place of the indexing that `build` does on one machine; `build` then does the rest.
    """
    from pipelines.shards.indexing import index_shards
    from vae.info import SHIPPED

    if address is not None and engine != "ray":
        raise click.UsageError("--address is for --engine ray")
    report = index_shards(
        open_library(context), folder, engine=engine, address=address, weights=weights or SHIPPED,
        progress=progress(),
    )  # fmt: skip
    if as_json:
        print_json(report.to_json())
        return
    click.echo(report.summary())
    click.echo("next: `sleevewalk build` finds neighbours and makes the map", err=True)
