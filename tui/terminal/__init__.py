"""All that speaks to the real terminal, and the only place that uses private names of Textual.

The `thrifty` output needs those names (`tests/tui/terminal/test_output.py` lists them): it replaces how Textual finds
and writes what changed on the screen. The `stock` output (`display.py`) needs none of them, and is taken where
Textual's version is not TEXTUAL.
"""

TEXTUAL = "8.2.8"  # the version that those names were checked with; the one that pyproject.toml pins
