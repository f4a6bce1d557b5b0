"""Every write, sync and rename fails in turn: nothing acknowledged is lost, no file is half, one line each.

A hundred failures here; `SLEEVEWALK_FAULTS=1000` does as many. Needs a C compiler, and is skipped without.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FAILURES = os.environ.get("SLEEVEWALK_FAULTS", "60")
HERE = Path(__file__).parent


@pytest.mark.skipif(shutil.which("cc") is None or sys.platform != "linux", reason="no C compiler, or no Linux")
def test_calls_of_the_system_that_fail_cost_nothing(tmp_path: Path) -> None:
    library = tmp_path / "faults.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "faults.c", "-ldl"], check=True)
    (tmp_path / "work").mkdir()
    done = subprocess.run(
        [sys.executable, HERE / "faulty.py", tmp_path / "work", FAILURES],
        capture_output=True,
        text=True,
        env=os.environ | {"LD_PRELOAD": str(library), "PYTHONPATH": str(HERE.parents[1])},
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr[-3000:]
