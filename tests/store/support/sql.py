"""SQL as people write it, with its answers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from store.database.library import Library

# Run by a plain duckdb, read-only and without anything of ours; prints one line a query.
QUERIES = """
import sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=True, config={"autoinstall_known_extensions": "false"})
for query in [
    "SELECT artist, title, tags FROM library WHERE title = 'First'",
    "SELECT artist, title FROM find_albums('ada frist', 1)",
    "SELECT count(*) FROM find_albums('a')",
    "SELECT title, cover_rank, shared_tags FROM similar_albums('ada', 'first', 3)",
    "SELECT title FROM similar_to(album_called('Ada / Frist'), n := 2, cover := 0)",
    "SELECT genre, albums, artists FROM genre_summary",
    "SELECT round(array_cosine_similarity(a.latent, b.latent), 2) FROM latents a, latents b "
    "WHERE a.cover_sha256 LIKE '%0' AND b.cover_sha256 LIKE '%3'",
    "SELECT count(*) FROM duckdb_tables() WHERE comment IS NULL",
]:
    print(con.execute(query).fetchall())
"""


ANSWERS = """\
[('Ada', 'First', ['dream pop', 'shoegaze'])]
[('Ada', 'First')]
[(8,)]
[('Second', 1, ['dream pop']), ('Third', 2, ['dream pop']), ('Blue', 3, ['shoegaze'])]
[('Third',), ('Second',)]
[(None, 8, 5)]
[(0.5,)]
[(0,)]
"""


def sql_answers(tiny: Library, folder: str) -> str:
    environment = {**os.environ, "PYTHONPATH": folder, "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", QUERIES, str(tiny.db_path)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


PAGE = (Path(__file__).parents[3] / "docs" / "sql.md").read_text()


TOUR = re.findall(r"```sql\n(.*?)```", PAGE, re.S)
