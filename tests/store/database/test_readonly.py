"""Ways out of a query that may only read: none works, and the library is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.database.library import Library
from store.database.readonly import read_only_query
from store.errors import LibraryError

WAYS_OUT = (
    "COPY albums TO '{here}/out.csv'",
    "COPY (SELECT 1) TO '{here}/out.parquet'",
    "EXPORT DATABASE '{here}/out'",
    "IMPORT DATABASE '{here}'",
    "COPY FROM DATABASE library TO memory",
    "ATTACH '{here}/out.duckdb' AS other",
    "ATTACH '{file}' AS again",
    "DETACH library",
    "SELECT 1; DETACH library",
    "USE memory; DETACH library; ATTACH '{file}' AS library; DELETE FROM library.albums",
    "DELETE FROM albums",
    "UPDATE albums SET title = 'x'",
    "INSERT INTO bookmarks SELECT * FROM bookmarks",
    "MERGE INTO albums USING albums b ON true WHEN MATCHED THEN DELETE",
    "WITH gone AS (DELETE FROM albums RETURNING *) FROM gone",
    "DROP TABLE albums",
    "ALTER TABLE albums ADD COLUMN x INT",
    "CREATE TABLE out AS SELECT 1",
    "CREATE OR REPLACE MACRO find_albums(q, n) AS TABLE SELECT 1",
    "CREATE PERSISTENT SECRET s (TYPE s3)",
    "COMMENT ON TABLE albums IS 'x'",
    "SET log_query_path = '{here}/out.log'",
    "PRAGMA enable_profiling",
    "SET enable_external_access = true",
    "CALL enable_logging(storage = 'file', storage_path = '{here}/out')",
    "FROM enable_logging(storage = 'file', storage_path = '{here}/out')",
    "EXPLAIN ANALYZE COPY albums TO '{here}/out.csv'",
    "EXPLAIN ANALYZE DELETE FROM albums",
    "FROM read_text('/etc/passwd')",
    "FROM read_blob('{file}')",
    "FROM '{here}/secret.csv'",
    "FROM read_csv('{here}/secret.csv')",
    "FROM glob('{here}/*')",
    "FROM sniff_csv('{here}/secret.csv')",
    "FROM query('COPY albums TO ''{here}/out.csv''')",
    "PREPARE p AS DELETE FROM albums; EXECUTE p",
    "INSTALL httpfs",
    "LOAD httpfs",
    "BEGIN; DELETE FROM albums; COMMIT",
    "VACUUM",
    "CHECKPOINT",
)
READS = (
    "SELECT count(*) FROM albums",
    "FROM library LIMIT 1",
    "WITH a AS (FROM albums) SELECT * FROM a",
    "VALUES (1)",
    "DESCRIBE albums",
    "SUMMARIZE albums",
    "SHOW TABLES",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE FROM albums",
    "PIVOT albums ON genre USING count(*) GROUP BY year",
    "FROM (PIVOT albums ON genre USING count(*))",
    "SELECT 1; SELECT 2;",
    "FROM find_albums('a', 3)",
)


@pytest.mark.parametrize("query", WAYS_OUT)
def test_no_way_out(copy: Library, tmp_path: Path, query: str) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "secret.csv").write_text("a,b\n1,2\n")
    before = copy.db_path.read_bytes()
    with copy.read() as con, pytest.raises(LibraryError) as caught:
        read_only_query(con, query.format(here=here, file=copy.db_path))
    assert "\n" not in str(caught.value)
    assert [path.name for path in here.iterdir()] == ["secret.csv"]
    assert copy.db_path.read_bytes() == before


@pytest.mark.parametrize("query", READS)
def test_what_reads_is_answered(grown: Library, query: str) -> None:
    with grown.read() as con:
        assert read_only_query(con, query).num_rows > 0
