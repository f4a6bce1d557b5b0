"""The table `cover_facts`: what an eye would say of each cover.

Derived: made at ingest, for older libraries at `build`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from store.database.bulk import registered
from store.looks import VERSION, CoverFacts, words_of

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MEASURES = ("lightness", "saturation", "colored", "contrast", "texture", "symmetry", "centred", "border", "lettering")


def missing_facts(con: duckdb.DuckDBPyConnection) -> list[str]:
    """cover_sha256 of the covers that have no facts by today's rules, ordered."""
    sql = (
        "SELECT cover_sha256 FROM covers ANTI JOIN (FROM cover_facts WHERE version = ?) USING (cover_sha256) ORDER BY 1"
    )
    return [sha for (sha,) in con.execute(sql, [VERSION]).fetchall()]


def missing_lettering(con: duckdb.DuckDBPyConnection) -> list[str]:
    """cover_sha256 of the covers that have facts and in which lettering was not looked for, ordered."""
    sql = "SELECT cover_sha256 FROM cover_facts WHERE lettering IS NULL ORDER BY 1"
    return [sha for (sha,) in con.execute(sql).fetchall()]


def add_facts(con: duckdb.DuckDBPyConnection, facts: Mapping[str, CoverFacts]) -> None:
    """Add facts by cover_sha256, in place of those of earlier rules; covers that have today's are left as they are.

    Lettering that was found by then stays found.
    """
    new = dict(facts)
    rows = con.execute(
        "SELECT cover_sha256, version, lettering, lettering_at FROM cover_facts "
        "WHERE cover_sha256 IN (SELECT unnest(?::VARCHAR[]))",
        [list(facts)],
    ).fetchall()
    for sha, version, lettering, at in rows:
        if version == VERSION:
            del new[sha]
        elif lettering is not None:
            new[sha] = with_lettering(new[sha], lettering, at)
    _replace(con, new)


def add_lettering(con: duckdb.DuckDBPyConnection, found: Mapping[str, tuple[float, str | None]]) -> None:
    """Note (share of the area, place) of the lettering of covers that have facts, and say so in their words."""
    known = read_facts(con, found)
    _replace(con, {sha: with_lettering(facts, *found[sha]) for sha, facts in known.items()})


def read_facts(con: duckdb.DuckDBPyConnection, shas: Iterable[str]) -> dict[str, CoverFacts]:
    """The facts of some covers; those without are left out."""
    rows = con.execute(
        f"SELECT cover_sha256, palette, {', '.join(MEASURES)}, lettering_at FROM cover_facts "
        "WHERE cover_sha256 IN (SELECT unnest(?::VARCHAR[]))",
        [list(shas)],
    ).fetchall()
    names = ("palette", *MEASURES, "lettering_at")
    return {sha: facts_of_row(dict(zip(names, values, strict=True))) for sha, *values in rows}


def with_lettering(facts: CoverFacts, share: float, at: str | None) -> CoverFacts:
    """The facts with what was found of lettering."""
    return replace(facts, lettering=share, lettering_at=at)


def facts_columns() -> list[tuple[str, pa.DataType]]:
    """Names and Arrow types of what `facts_row` gives."""
    import pyarrow as pa

    color = pa.struct([("color", pa.string()), ("share", pa.float32()), ("rgb", pa.int32())])
    return [
        ("palette", pa.list_(color)),
        *((name, pa.float32()) for name in MEASURES),
        ("lettering_at", pa.string()),
    ]


def facts_row(facts: CoverFacts) -> dict[str, Any]:
    """Facts as the columns of a table or the fields of a shard's column."""
    palette = [{"color": color, "share": share, "rgb": rgb} for color, share, rgb in facts.palette]
    numbers = {name: getattr(facts, name) for name in MEASURES}
    return {"palette": palette, **numbers, "lettering_at": facts.lettering_at}


def facts_of_row(row: Mapping[str, Any]) -> CoverFacts:
    """What `facts_row` gave, as facts again."""
    palette = tuple((part["color"], round(part["share"], 4), part["rgb"]) for part in row["palette"])
    measures = {name: row[name] if row[name] is None else round(row[name], 4) for name in MEASURES}  # 4-byte numbers
    return CoverFacts(palette=palette, lettering_at=row["lettering_at"], **measures)


def _replace(con: duckdb.DuckDBPyConnection, facts: Mapping[str, CoverFacts]) -> None:
    import pyarrow as pa

    if not facts:
        return
    schema = pa.schema([("cover_sha256", pa.string()), *facts_columns(), ("words", pa.list_(pa.string()))])
    rows = [{"cover_sha256": sha, **facts_row(one), "words": list(words_of(one))} for sha, one in facts.items()]
    con.execute("DELETE FROM cover_facts WHERE cover_sha256 IN (SELECT unnest(?::VARCHAR[]))", [list(facts)])
    with registered(con, "incoming_facts", pa.Table.from_pylist(rows, schema)):
        con.execute(f"INSERT INTO cover_facts BY NAME SELECT *, {VERSION} AS version FROM incoming_facts")
