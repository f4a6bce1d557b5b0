"""The full screens of the app."""

BREAKPOINTS = [
    (0, "-narrow"),
    (76, "-small"),
    (100, "-medium"),
    (126, "-wide"),
    (200, "-huge"),
]  # columns, class
HEIGHTS = [(0, "-short"), (40, "-tall")]  # rows, class
