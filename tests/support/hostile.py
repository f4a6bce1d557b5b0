"""Text that was made to break things: one table for every boundary that takes text from outside.

`hostile.json` holds it; add there what has bitten you. The first ones are one of each kind.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

NASTY: list[str] = json.loads(Path(__file__).with_name("hostile.json").read_text())
HOSTILE = NASTY[:16]
HOSTILE_NAME = NASTY[16]  # markup, codes, a turn of direction and shell in a name that can be typed and found
SHOWN_NAME = "[/b] Red right to left, $(reboot) --help"  # what is left of it for a screen
BIDI = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def harmless(text: str) -> bool:
    """Nothing in it but text and line ends."""
    return all(
        char == "\n" or (unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") and char not in BIDI)
        for char in text
    )
