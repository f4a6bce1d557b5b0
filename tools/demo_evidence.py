"""`python -m tools.demo_evidence REPORT`: the report that `validate` made of the demo becomes the one that ships.

    sleevewalk --library DEMO validate -o REPORT     # DEMO: a demo library of the shipped weights

Run again when the weights or what is measured change. Kept small: no spaces in the results, 256 colours in the sheet.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PIL import Image

from pipelines.demo.build import MEASURED
from pipelines.evidence.results import FILE

SOURCE = "the demo, whose sleeves are drawn by genre"
FIRST = (
    "These are the demo's figures, measured once: its sleeves are drawn by genre, so they tell it nearly always. "
    "docs/evidence.md has those of real albums."
)
SHEET = "traits.png"


def ship(report: Path, out: Path = MEASURED) -> None:
    """Write what ships of a report into `out`."""
    found = json.loads((report / FILE).read_text(encoding="utf-8"))
    found |= {"source": SOURCE, "said": [FIRST, *found["said"]]}
    (out / FILE).write_text(json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    with Image.open(report / SHEET) as sheet:
        sheet.quantize(256, dither=Image.Dither.NONE).save(out / SHEET, optimize=True)


if __name__ == "__main__":
    ship(Path(sys.argv[1]))
