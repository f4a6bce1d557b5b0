"""What the tests of the evidence share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.support.labelled import make_table


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_table(tmp_path_factory.mktemp("evidence"))
