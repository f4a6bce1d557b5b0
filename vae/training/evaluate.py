"""How faithful the model is, beside what needs no network: the mean cover, a 16×16 thumbnail, PCA of equal size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from vae.blend import vivid
from vae.codec import Codec
from vae.training import metrics
from vae.training.data import CoverSet, NoCovers, list_covers, load_covers, to_tensor
from vae.training.neighbours import purity
from vae.training.pca import fit_pca

FOLDS = 5
STAGES = ("reading covers", "encoding", "decoding", "fitting baselines", "comparing", "blending")
Stage = Callable[[str], None]  # told what begins, one of STAGES


@dataclass(frozen=True)
class Figures:
    """One way of remaking the covers. `accuracy` = 1 − mse; `r2` = 1 − mse / mse of the mean cover."""

    name: str
    numbers: int  # a cover is remade from so many
    mse: float
    accuracy: float
    r2: float
    psnr: float  # dB
    ssim: float
    gradient_energy_ratio: float  # of the remade to the real: 1 is as sharp
    sliced_wasserstein: float


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found on `n` covers."""

    n: int
    unreadable: list[str]
    model_id: str
    fitted_on: str  # which covers the baselines were fitted on
    model: Figures
    unrefined: Figures | None  # the decoder's own pictures, where a refiner sharpens them
    baselines: list[Figures]
    blends_sliced_wasserstein: float  # vivid blends of five to real covers
    blends_gradient_energy_ratio: float
    genre_purity_at_10: float | None = None  # among other artists' covers, None where genres are unknown
    genre_purity_chance: float | None = None
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, object]:
        """The model's figures at the top level, the rest beside them."""
        return {**asdict(self.model), **asdict(self)}


def as_float(images: NDArray[np.uint8]) -> Tensor:
    """uint8 [n, h, w, 3] → float 0–1 [n, 3, h, w]."""
    return to_tensor(images).float() / 255


def figures(name: str, numbers: int, made: Tensor, real: Tensor, mean_error: float) -> Figures:
    """All figures of `made` beside `real`; `mean_error` is the mean cover's MSE."""
    error = metrics.mse(made, real)
    return Figures(
        name=name,
        numbers=numbers,
        mse=error,
        accuracy=1 - error,
        r2=1 - error / mean_error,
        psnr=metrics.psnr(error),
        ssim=metrics.ssim(made, real),
        gradient_energy_ratio=metrics.gradient_energy(made) / max(metrics.gradient_energy(real), 1e-12),
        sliced_wasserstein=metrics.sliced_wasserstein(made, real),
    )


def thumbnail(real: Tensor) -> Tensor:
    """16×16 by area, enlarged again by bicubic interpolation (768 numbers)."""
    return F.interpolate(F.avg_pool2d(real, 8), scale_factor=8, mode="bicubic", align_corners=False).clamp(0, 1)


Remake = Callable[[Tensor], Tensor]


def fit_baselines(train: Tensor, sizes: list[int]) -> dict[str, Remake]:
    """The mean cover and PCA of each size, fitted on float 0–1 [n, 3, 128, 128]."""
    flat = train.flatten(1)
    pca = fit_pca(flat, max(sizes, default=1), iterations=2)  # more change the fifth digit at most

    def restore(k: int) -> Remake:
        def remake(real: Tensor) -> Tensor:
            scores = pca.project(real.flatten(1))
            scores[:, k:] = 0
            return pca.restore(scores).clamp(0, 1).reshape(real.shape)

        return remake

    kept = [k for k in sizes if k <= pca.axes.shape[1]]
    return {
        "mean cover": lambda real: pca.mean.reshape(1, 3, 128, 128).expand_as(real),
        **{f"PCA-{k}": restore(k) for k in kept},
    }


def cross_fitted(real: Tensor, sizes: list[int]) -> dict[str, Tensor]:
    """Each fifth remade by baselines fitted on the other four."""
    fold = torch.arange(len(real)) % FOLDS
    made: dict[str, Tensor] = {}
    for i in range(FOLDS):
        baselines = fit_baselines(real[fold != i], sizes)
        for name, remake in baselines.items():
            made.setdefault(name, torch.empty_like(real))[fold == i] = remake(real[fold == i])
    return made


def five_blends(
    codec: Codec, latents: NDArray[np.float32], n: int, seed: int = 0, refine: bool = True
) -> NDArray[np.uint8]:
    """`n` vivid blends of five random covers each, uint8 [n, 128, 128, 3]."""
    random = np.random.default_rng(seed)
    picks = random.integers(len(latents), size=(n, 5))
    return codec.decode(np.stack([vivid(latents[pick], None, codec.centre) for pick in picks]), refine=refine)


def evaluate(
    codec: Codec, covers: CoverSet, rest: NDArray[np.uint8] | None, fitted_on: str, at: Stage = lambda name: None
) -> Evaluation:
    """Figures on all of `covers`; baselines fitted on `rest` (uint8 [m, 128, 128, 3]) or, with None, cross-fitted.

    `at` is told each of STAGES but the first as it begins.
    """
    real = as_float(covers.images)
    at("encoding")
    latents = codec.encode(covers.images)
    at("decoding")
    made = as_float(codec.decode(latents))
    at("fitting baselines")
    sizes = sorted({64, 128, 256, 512, 1024, codec.latent_dim})
    notes: list[str] = []
    if rest is not None:
        remade = {name: remake(real) for name, remake in fit_baselines(as_float(rest), sizes).items()}
    elif len(real) >= 4 * FOLDS:
        remade = cross_fitted(real, [k for k in sizes if k < len(real) * (FOLDS - 1) / FOLDS])
    else:
        remade = {"mean cover": real.mean(0, keepdim=True).expand_as(real)}
        notes.append(f"{len(real)} covers are too few for a PCA baseline; the mean cover is their own mean")
    if f"PCA-{codec.latent_dim}" not in remade:
        notes.append(f"too few covers to fit PCA-{codec.latent_dim}: no baseline of equal size")
    at("comparing")
    mean_error = metrics.mse(remade["mean cover"], real)
    baselines = [
        figures(name, int(name[4:]) if name.startswith("PCA") else 0, x, real, mean_error) for name, x in remade.items()
    ]
    baselines.insert(1, figures("16×16 thumbnail", 768, thumbnail(real), real, mean_error))
    unrefined = None
    if codec.refiner_id:
        plain = as_float(codec.decode(latents, refine=False))
        unrefined = figures("unrefined", codec.latent_dim, plain, real, mean_error)
    at("blending")
    blends = as_float(five_blends(codec, latents, min(512, len(real))))
    genres, groups = (np.array([getattr(c, key) for c in covers.covers]) for key in ("genre", "group"))
    found = None
    if len(set(genres) - {""}) > 1 and (genres != "").sum() > 20:
        everyone = np.ones(len(genres), bool)
        found = purity(codec.search_vectors(latents), genres, groups, everyone, everyone)
    return Evaluation(
        n=len(real),
        unreadable=list(covers.unreadable),
        model_id=codec.model_id,
        fitted_on=fitted_on,
        model=figures("model", codec.latent_dim, made, real, mean_error),
        unrefined=unrefined,
        baselines=baselines,
        blends_sliced_wasserstein=metrics.sliced_wasserstein(blends, real),
        blends_gradient_energy_ratio=metrics.gradient_energy(blends) / max(metrics.gradient_energy(real), 1e-12),
        genre_purity_at_10=found.value if found else None,
        genre_purity_chance=found.chance if found else None,
        notes=notes,
    )


def select(covers: CoverSet, chosen: NDArray[np.bool_]) -> CoverSet:
    """Those covers alone."""
    kept = tuple(cover for cover, yes in zip(covers.covers, chosen, strict=True) if yes)
    return CoverSet(covers.images[chosen], covers.held_out[chosen], covers.choosing[chosen], kept, covers.unreadable)


def evaluate_folder(
    codec: Codec,
    folder: Path,
    *,
    table: Path | None = None,
    held_out: bool = False,
    fit: Path | None = None,
    at: Stage = lambda name: None,
) -> tuple[Evaluation, CoverSet]:
    """Evaluate on a folder of covers, or its held-out tenth. Baselines are fitted on the folder `fit`, else on the nine
    tenths, else across folds; `at` is told each of STAGES as it begins. Raises NoCovers.
    """
    at("reading covers")
    everything = load_covers(list_covers(folder, *[table] if table else []))
    telling = everything.held_out & ~everything.choosing
    covers = select(everything, telling) if held_out else everything
    if not len(covers.images):
        raise NoCovers(f"No cover in {folder} belongs to the held-out tenth: leave --held-out away")
    if fit is not None:
        rest, fitted_on = load_covers(list_covers(fit)).images, str(fit)
    elif held_out:
        left = ~(everything.held_out | everything.choosing)
        rest, fitted_on = everything.images[left], "the covers that are neither held out nor for choosing"
    else:
        rest, fitted_on = None, "four fifths, for the other fifth"
    return evaluate(codec, covers, rest, fitted_on, at), covers


def table_lines(result: Evaluation) -> list[str]:
    """The figures as lines for a terminal."""
    lines = [f"{result.n} covers; model {result.model_id}; baselines fitted on {result.fitted_on}"]
    lines.append(
        f"{'':16} {'numbers':>7} {'MSE':>8} {'accuracy':>9} {'R²':>7} {'PSNR':>6} {'SSIM':>6} {'edges':>6} {'SWD':>6}"
    )
    for row in [result.model, *([result.unrefined] if result.unrefined else []), *result.baselines]:
        lines.append(
            f"{row.name:16} {row.numbers or '':>7} {row.mse:8.5f} {row.accuracy:9.3%} {row.r2:7.4f} {row.psnr:6.2f}"
            f" {row.ssim:6.4f} {row.gradient_energy_ratio:6.3f} {row.sliced_wasserstein:6.1f}"
        )
    lines.append(
        f"blends of five: edges {result.blends_gradient_energy_ratio:.3f}, "
        f"SWD to real covers {result.blends_sliced_wasserstein:.1f}"
    )
    if result.genre_purity_at_10 is not None:
        chance = f"chance {result.genre_purity_chance:.3f}"
        lines.append(f"genre purity@10 among other artists' covers: {result.genre_purity_at_10:.3f} ({chance})")
    lines += result.notes
    if result.unreadable:
        lines.append(f"{len(result.unreadable)} files could not be read: {', '.join(result.unreadable[:5])}")
    return lines
