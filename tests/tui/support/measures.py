"""What pictures and colours are measured by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui.pictures.cells import Cells
from tui.pictures.colors import Pixels, channels
from tui.pictures.glyphs import ink_of


def contrast(a: tuple[int, int, int], b: tuple[int, int, int]) -> float:
    """WCAG's contrast ratio."""

    def light(color: tuple[int, int, int]) -> float:
        linear = [c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in color]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def psnr(seen: Pixels, meant: Pixels) -> float:
    """Decibels."""
    return float(10 * np.log10(255**2 / max(1e-9, np.square(seen.astype(float) - meant.astype(float)).mean())))


def photograph(seed: int) -> Pixels:
    """[128, 128, 3]: noise whose power falls with frequency as it does in photographs."""
    random = np.random.default_rng(seed)
    y, x = np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128)[None, :]
    falling = 1 / np.maximum(np.hypot(x, y), 1 / 128) ** 1.6
    planes = [np.fft.ifft2(np.fft.fft2(random.normal(size=(128, 128))) * falling).real for _ in range(3)]
    picture = np.stack([planes[0] + 0.3 * plane for plane in planes], axis=-1)
    picture = (picture - picture.mean()) / picture.std()
    return (128 + 60 * picture).clip(0, 255).astype(np.uint8)


def shown(cells: Cells) -> NDArray[np.float32]:
    """What cells in true colour show, 8×8 pixels each: [rows · 8, columns · 8, 3]."""
    ink, ground = (channels(colors)[:, :, None].astype(np.float32) for colors in (cells.ink, cells.ground))
    parts = ground + (ink - ground) * ink_of(cells.glyphs, 8)[..., None]
    rows, columns = cells.shape
    return parts.reshape(rows, columns, 8, 8, 3).transpose(0, 2, 1, 3, 4).reshape(rows * 8, columns * 8, 3)


def cell_errors(cells: Cells, pixels: Pixels) -> NDArray[np.float64]:
    """[rows, columns]: mean squared error of cells in true colour against a picture that has 8×8 pixels a cell; of a
    pixel that a third of a cell cuts, each share against its own colour.
    """
    rows, columns = cells.shape
    parts = pixels.reshape(rows, 8, columns, 8, 3).transpose(0, 2, 1, 3, 4).reshape(rows, columns, 64, 3).astype(float)
    ink, ground = (
        np.square(parts - channels(colors)[:, :, None]).mean(axis=-1) for colors in (cells.ink, cells.ground)
    )
    share = ink_of(cells.glyphs, 8)
    errors: NDArray[np.float64] = (share * ink + (1 - share) * ground).mean(axis=-1)
    return errors
