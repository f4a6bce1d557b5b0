"""Facts of covers whose look is known."""

from __future__ import annotations

import numpy as np

from pipelines.facts import cover_facts


def picture(color: tuple[int, int, int]) -> np.ndarray:
    return np.full((128, 128, 3), color, np.uint8)


def test_plain_fields_have_the_name_of_their_colour() -> None:
    known = {
        "red": (200, 20, 30), "blue": (30, 60, 200), "green": (20, 140, 40), "yellow": (250, 220, 40),
        "black": (8, 8, 10), "white": (250, 250, 250), "grey": (128, 128, 128), "orange": (250, 130, 20),
        "pink": (250, 150, 190), "brown": (110, 70, 35), "purple": (120, 40, 160), "beige": (225, 205, 170),
    }  # fmt: skip
    facts = cover_facts(np.stack([picture(color) for color in known.values()]))
    assert [one.palette for one in facts] == [((name, 1, r << 16 | g << 8 | b),) for name, (r, g, b) in known.items()]
    assert not any(one.texture or one.border or one.centred or one.symmetry for one in facts)
    assert [one.colored for one in facts] == [name not in ("black", "white", "grey") for name in known]


def test_one_thing_in_the_middle_and_a_frame() -> None:
    disc, framed, noise = picture((250, 250, 250)), picture((200, 20, 30)), picture((0, 0, 0))
    y, x = np.mgrid[:128, :128]
    disc[(x - 64) ** 2 + (y - 64) ** 2 < 26**2] = (20, 30, 160)
    framed[12:-12, 12:-12] = np.random.default_rng(0).integers(0, 120, (104, 104, 3))
    noise[:] = np.random.default_rng(0).integers(0, 256, (128, 128, 3))
    of_disc, of_framed, of_noise = cover_facts(np.stack([disc, framed, noise]))
    assert of_disc.centred > 0.6 and of_disc.symmetry > 0.9 and of_disc.border == 0
    assert 0.07 < of_framed.border < 0.11
    assert of_noise.texture > 0.6 and of_noise.centred == of_noise.border == 0
    assert cover_facts(disc[None]) == [of_disc]
