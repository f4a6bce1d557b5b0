"""The page of the schema says what the database says."""

from __future__ import annotations

from tools.schema_page import PAGE, page


def test_the_page_of_the_schema_is_current() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), "run `python tools/schema_page.py`"
