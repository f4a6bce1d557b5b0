"""What is done to a shard on its way: fetch, decode, thumbnail; embed; write.

Plain functions over a shard (a pyarrow.Table of `format.schema`) that give a new one. They are the same in the local
pool and under Ray, and can be done again at any time: what a row has already is left alone.
"""

from __future__ import annotations

import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.folders import web_cache_folder
from pipelines.images import BadImage, Keep, PreparedCover, load_covers
from pipelines.report import SourceError
from pipelines.sources.covers import WORKERS, make_cover
from pipelines.sources.table import is_address, locate_cover
from pipelines.web.answers import Absent, Malformed, Refused, Unanswered
from pipelines.web.client import Web
from pipelines.web.guard import shown
from store.catalogue.covers import decode_webp
from store.catalogue.facts import facts_row
from store.text import clean

if TYPE_CHECKING:
    from vae.codec import Codec


_MADE = ("webp", "large", "cover_sha256", "width", "height", "mean_color", "source_url", "facts")  # of a cover


@dataclass(frozen=True, slots=True)
class Sources:
    """Where covers are: the folder of the table's paths, and what fetching addresses needs."""

    covers_dir: Path | None  # resolved
    web_cache: Path | None = None  # None: the person's own on each machine
    allow_private: bool = False
    keep: Keep = "512"  # of larger pictures


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a shard."""

    name: str
    rows: int
    embedded: int


def forget_errors(shard: pa.Table) -> pa.Table:
    """The shard with those rows to be asked again that are albums and have no latent."""
    again = pc.and_(pc.is_valid(shard["artist"]), pc.is_null(shard["latent"]))
    for name in ("error", "detail"):
        column = shard[name]
        shard = _with(shard, name, pc.if_else(again, pa.scalar(None, column.type), column))
    return shard


def make_covers(shard: pa.Table, sources: Sources) -> pa.Table:
    """Fetch, decode and shrink covers; errors go into their rows. SourceError where the covers' folder is not seen."""
    waiting = np.flatnonzero(pc.and_(pc.is_null(shard["webp"]), pc.is_null(shard["error"])).to_numpy()).tolist()
    columns: dict[str, list[Any]] = {
        name: shard[name].to_pylist() for name in (*_MADE, "error", "detail") if name in shard.column_names
    }
    texts = [text or "" for text in shard["cover"].take(pa.array(waiting, pa.int64())).to_pylist()]
    for at, text, made in zip(waiting, texts, _load_all(texts, sources), strict=True):
        if isinstance(made, BadImage):
            columns["error"][at], columns["detail"][at] = clean(made.reason, 200), clean(made.detail, 200) or None
        else:
            for name, value in _columns_of(made, shown(text) if is_address(text) else None).items():
                if name in columns:  # shards of earlier versions have fewer
                    columns[name][at] = value
    for name, values in columns.items():
        shard = _with(shard, name, values)
    return shard


def _columns_of(made: PreparedCover, source_url: str | None) -> dict[str, Any]:
    return {
        "webp": made.webp,
        "large": made.large,
        "cover_sha256": hashlib.sha256(made.webp).hexdigest(),
        "width": made.width,
        "height": made.height,
        "mean_color": made.mean_color,
        "source_url": source_url,
        "facts": facts_row(made.facts) if made.facts is not None else None,
    }


def _load_all(texts: list[str], sources: Sources) -> list[PreparedCover | BadImage]:
    folder = sources.covers_dir
    paths = any(text and not is_address(text) for text in texts)
    if folder is not None and paths and not folder.is_dir():
        raise SourceError(
            f"the machine {socket.gethostname()} does not see the folder of covers {folder}: "
            "it must be shared by all machines, or the table must have addresses"
        )
    addresses = sum(map(is_address, texts))
    if not addresses:
        return [_load(text, folder, sources.keep) for text in texts]
    cache = sources.web_cache or web_cache_folder()
    web = Web(cache, allow_private=sources.allow_private)

    def load(text: str) -> PreparedCover | BadImage:
        return _fetch(text, web, sources.keep) if is_address(text) else _load(text, folder, sources.keep)

    try:
        with ThreadPoolExecutor(min(WORKERS, addresses)) as pool:
            return list(pool.map(load, texts))
    finally:
        web.close()


def _load(text: str, folder: Path | None, keep: Keep) -> PreparedCover | BadImage:
    path = locate_cover(folder, text)
    return path if isinstance(path, BadImage) else load_covers([path], keep)[0]


def _fetch(url: str, web: Web, keep: Keep) -> PreparedCover | BadImage:
    try:
        return web.image(url, make_cover(keep))
    except Absent:
        return BadImage("no cover at the address", shown(url))
    except (Malformed, Unanswered, Refused) as error:
        return BadImage(str(error), shown(url))
    except BadImage as error:
        return BadImage(error.reason, shown(url), error.passing)


def embed_covers(shard: pa.Table, codec: Codec) -> pa.Table:
    """The shard with a latent for every cover that has none."""
    dimension = shard.schema.field("latent").type.list_size
    latents = np.zeros((len(shard), dimension), np.float32)
    there = pc.is_valid(shard["latent"]).to_numpy()
    if there.any():
        known = shard["latent"].drop_null().combine_chunks().flatten().to_numpy(zero_copy_only=False)
        latents[there] = known.reshape(-1, dimension)
    fresh = np.flatnonzero(pc.is_valid(shard["webp"]).to_numpy() & ~there)
    if len(fresh):
        webps = shard["webp"].take(pa.array(fresh)).to_pylist()
        with ThreadPoolExecutor(2) as pool:  # decoded beside each other: Pillow does it without the GIL
            pixels = list(pool.map(lambda webp: decode_webp(webp, "a cover"), webps))
        latents[fresh] = codec.encode(np.stack(pixels))
    there[fresh] = True
    column = pa.FixedSizeListArray.from_arrays(pa.array(latents.reshape(-1)), dimension, mask=pa.array(~there))
    return _with(shard, "latent", column)


def outcome(name: str, shard: pa.Table) -> Outcome:
    return Outcome(name, len(shard), len(shard) - shard["latent"].null_count)


def _with(shard: pa.Table, name: str, values: Any) -> pa.Table:
    field = shard.schema.field(name)
    if isinstance(values, list):
        values = pa.array(values, field.type)
    return shard.set_column(shard.schema.get_field_index(name), field, values)
