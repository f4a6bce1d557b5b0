"""Covers that pass by do not stay in memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_two_thousand_covers_in_turn_take_no_more_memory_than_the_caches_hold() -> None:
    argv = [sys.executable, "-m", "tests.bench.memory", "2000"]
    told = json.loads(subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    held = told["megabytes"]
    assert told["most"] <= 250
    assert held[3] - held[2] < 8  # what 500 covers send is more than that
