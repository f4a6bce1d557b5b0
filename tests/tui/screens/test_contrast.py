"""Text can be read: WCAG's contrast of every role and of what the screens show, in every theme."""

from __future__ import annotations

import numpy as np
import pytest
from rich.color import ColorSystem
from rich.style import Style
from textual.theme import Theme

from tests.tui.support.measures import contrast
from tests.tui.support.scenes import open_scene, scene_app
from tui.palette import SIGNAL_LETTERS, THEMES, Palette, in_sixteen
from tui.screens.map.genres import KNOWN_DARK, KNOWN_LIGHT, SHOWN, SLEEVES, Genres
from tui.screens.map.text import legend_line

LEAST = 4.5
ON_GROUND = ("foreground", "quiet", "accent", "error", "focus", *(f"signal-{signal}" for signal in SIGNAL_LETTERS))
ON_PANEL = ("foreground", "quiet", "accent", "focus")
NO_TEXT = " ─·█▏▎▍▌▋▊▉▐▕▀▄▁░▒▓"  # rules, bars, tracks and covers: words beside them say the same


def ratio(style: Style | None) -> float:
    assert style is not None and style.color is not None and style.bgcolor is not None
    return contrast(tuple(style.color.get_truecolor()), tuple(style.bgcolor.get_truecolor()))


@pytest.mark.parametrize("theme", THEMES[:3], ids=lambda theme: theme.name)
def test_in_16_colours_grounds_and_signals_are_told_apart(theme: Theme) -> None:
    few = in_sixteen(theme)
    palette = Palette({**few.to_color_system().generate(), **few.variables})

    def number(style: Style) -> tuple[int | None, int | None]:
        assert style.color is not None and style.bgcolor is not None
        ink, ground = (color.downgrade(ColorSystem.STANDARD).number for color in (style.color, style.bgcolor))
        return ink, ground

    grounds = {number(palette.text(on=on))[1] for on in ("background", "panel", "focus")}
    signals = {number(palette.signal(signal))[0] for signal in SIGNAL_LETTERS}
    assert len(grounds) == 3 and len(signals) == len(SIGNAL_LETTERS)
    assert all(len(set(number(palette.text(name)))) == 2 for name in (*ON_GROUND, "faint") if name != "focus")
    assert all(len(set(number(palette.text(name, on="panel")))) == 2 for name in ON_PANEL)
    assert len(set(number(palette.focus))) == 2


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_role_of_text_can_be_read(theme: Theme) -> None:
    palette = Palette({**theme.to_color_system().generate(), **theme.variables})
    roles = {f"{name} on background": palette.text(name) for name in ON_GROUND}
    roles |= {f"{name} on panel": palette.text(name, on="panel") for name in ON_PANEL}
    roles |= {"in focus": palette.focus, "a share": palette.text("on-focus", on="accent")}
    genres = Genres(tuple(map(str, range(SHOWN))), (1,) * (SHOWN + 1), np.zeros(1, np.int64))
    roles |= {f"genre {kind}": genres.style(kind, palette) for kind in range(SHOWN + 1)}
    for colors in ((KNOWN_DARK, KNOWN_LIGHT), tuple(zip(*SLEEVES.values(), strict=True))):
        kinds = Genres(colors[0], (1,) * (len(colors[0]) + 1), np.zeros(1, np.int64), "rest", colors)  # type: ignore
        roles |= {f"kind {colors[0][kind]}": kinds.style(kind, palette) for kind in range(len(colors[0]))}
    legend = legend_line(palette, genres, np.zeros(SHOWN + 1, bool), 80)
    roles |= {f"hidden{text}": style for text, style in legend}
    assert {name: round(ratio(style), 2) for name, style in roles.items() if ratio(style) < LEAST} == {}


@pytest.mark.parametrize(
    "scene",
    ["walk", "counts", "find", "list", "album", "artist", "trail", "route", "map", "network", "bench", "write", "near"],
)
async def test_what_the_screens_say_can_be_read_in_every_theme(scene: str) -> None:
    app = scene_app(scene)
    seen: dict[str, float] = {}
    async with app.run_test(size=(110, 30)) as pilot:
        await open_scene(pilot, scene)
        for theme in THEMES:
            app.theme = theme.name
            await pilot.pause(0.05)
            for lines in app.screen.query("Lines"):
                for strip in lines.render_lines(lines.size.region):
                    for segment in strip:
                        if segment.text.strip(NO_TEXT):
                            seen[f"{theme.name}: {segment.text.strip()}"] = ratio(segment.style)
    assert len(seen) > 30
    assert {text: round(value, 2) for text, value in seen.items() if value < LEAST} == {}
