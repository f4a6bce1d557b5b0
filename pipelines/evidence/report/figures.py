"""The report's figures: PNG for light and dark pages, and SVG. The same results give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.evidence.report.careful import of_kind
from pipelines.evidence.results import POSTER, Evidence
from pipelines.evidence.sample import Sample
from pipelines.evidence.trials import KINDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = ("#d1495b", "#2e86ab", "#3f9b5a", "#c98a14", "#8f5bb5", "#1a9a9a", "#b5651d", "#6b7d8f", "#c2559d", "#7a8b2a")
OTHERS = "#9a9a9a"
LOOKS = {
    "": {"ink": "#24231f", "paper": "#ffffff", "grid": "#d8d4ca"},
    "-dark": {"ink": "#dcdee3", "paper": "#16181d", "grid": "#343943"},
}
DPI = 110
BORDER = 6  # pixels between the pictures of a sheet
TRAITS = "traits.png"
FACT_COVERS = "facts.png"


@dataclass(frozen=True, slots=True)
class FigureData:
    """What figures need beside the results."""

    sample: Sample
    pixels: NDArray[np.float32]  # thumbnails [n, p] of the sample
    traits: NDArray[np.uint8]  # [k, columns, 128, 128, 3]
    selves: NDArray[np.uint8]  # [2, m, 128, 128, 3]
    facts: NDArray[np.uint8]  # [k, m, 128, 128, 3]


def figure_names(found: Evidence) -> list[str]:
    """The figures of these results, in the order of the report."""
    names = ["map", "confusion", "roc", "matrix", "pairs", "together"]
    names += ["origins"] if of_kind(found, "within") else []
    return names + (["rings"] if found.neighbors and "why" not in found.neighbors else [])


def write_figures(found: Evidence, pictures: FigureData, folder: Path) -> None:
    """Every figure as NAME.png, NAME-dark.png and NAME.svg, and two sheets of covers."""
    places = _plane(pictures.pixels)
    draw: dict[str, Callable[[Figure], None]] = {
        "map": lambda figure: _map(figure, found, pictures.sample, places),
        "confusion": lambda figure: _confusion(figure, found),
        "roc": lambda figure: _roc(figure, found),
        "matrix": lambda figure: _matrix(figure, found),
        "pairs": lambda figure: _pairs(figure, found),
        "together": lambda figure: _together(figure, found),
        "origins": lambda figure: _origins(figure, found),
        "rings": lambda figure: _rings(figure, found),
    }
    for name in figure_names(found):
        for suffix in LOOKS:
            with _figure(name, found, suffix) as figure:
                draw[name](figure)
                figure.savefig(folder / f"{name}{suffix}.png", dpi=DPI, metadata={"Software": None})
                if not suffix:
                    figure.savefig(folder / f"{name}.svg", dpi=DPI, metadata={"Date": None, "Creator": None})
    Image.fromarray(_sheet(pictures.selves)).save(folder / "selves.png")
    if len(pictures.traits):
        Image.fromarray(_sheet(pictures.traits)).save(folder / TRAITS)
    if len(pictures.facts):
        Image.fromarray(_sheet(pictures.facts)).save(folder / FACT_COVERS)


@contextmanager
def _figure(name: str, found: Evidence, suffix: str) -> Iterator[Figure]:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    rows = (len(found.pairs) + 2) // 3
    sizes = {"map": (9.0, 7.0), "confusion": (9.0, 2.9 * rows), "roc": (9.0, 3.0 * rows), "matrix": (9.0, 3.6)}
    sizes |= {"pairs": (9.0, 1.6 + 0.55 * len(found.pairs)), "together": (9.0, 4.6), "rings": (9.0, 3.8)}
    sizes["origins"] = (9.0, 1.4 + 0.26 * len(of_kind(found, "within")))
    look = LOOKS[suffix]
    ink = {
        f"{what}.{part}": look["ink"]
        for what, part in (("text", "color"), ("axes", "labelcolor"), ("xtick", "color"), ("ytick", "color"))
    }
    settings: dict[str, Any] = {
        **ink, "axes.edgecolor": look["grid"], "axes.facecolor": look["paper"], "figure.facecolor": look["paper"],
        "savefig.facecolor": look["paper"], "grid.color": look["grid"], "legend.frameon": False, "font.size": 9,
        "axes.titlesize": 10, "svg.hashsalt": "sleevewalk", "svg.fonttype": "path", "axes.spines.top": False,
        "axes.spines.right": False, "font.family": "DejaVu Sans", "text.parse_math": False,
    }  # fmt: skip
    with mpl.rc_context(cast("Any", settings)):
        yield Figure(figsize=sizes[name], layout="constrained")


def _plane(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The two principal axes of the covers' pixels, [n, 2]; each points to where its largest component is positive."""
    from sklearn.decomposition import PCA

    pca = PCA(2, svd_solver="randomized", iterated_power=7, random_state=0).fit(pixels)
    axes = pca.components_
    signs = np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])
    return (pca.transform(pixels) * signs).astype(np.float32)


def color_of(found: Evidence, genre: str) -> str:
    """The colour that a genre has in every figure."""
    return COLORS[found.genres.index(genre) % len(COLORS)] if genre in found.genres else OTHERS


def _map(figure: Figure, found: Evidence, sample: Sample, places: NDArray[np.float32]) -> None:
    axes = figure.subplots()
    genres = sample.genres
    popular = np.array([cover.popularity for cover in sample.covers])
    sizes = _sizes(popular)
    for genre in (None, *found.genres):
        inside = ~np.isin(genres, found.genres) if genre is None else genres == genre
        if inside.any():
            label = f"{genre or 'other genres'} ({int(inside.sum()):,})"
            axes.scatter(
                places[inside, 0],
                places[inside, 1], s=sizes[inside], c=OTHERS if genre is None else color_of(found, genre),
                alpha=0.15 if genre is None else 0.55, linewidths=0, label=label, rasterized=True,
            )  # fmt: skip
    known = int(np.isfinite(popular).sum())
    axes.set(xlabel="first axis of PCA", ylabel="second axis of PCA")
    size = f"larger: more popular (known of {known:,})" if known else "all of one size: popularity is not known"
    axes.set_title(f"{len(sample):,} covers by their pixels, {size}", loc="left")
    legend = axes.legend(loc="upper right", markerscale=1.5)
    for handle in legend.legend_handles:
        handle.set_alpha(1)  # type: ignore[union-attr]
        handle.set_sizes([30])  # type: ignore[union-attr]


def _sizes(popular: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas of 6 to 60 points by the rank of popularity; 6 where it is unknown."""
    sizes = np.full(len(popular), 6.0)
    known = np.flatnonzero(np.isfinite(popular))
    if len(known):
        sizes[known] = 8 + 52 * (np.argsort(np.argsort(popular[known])) / max(1, len(known) - 1)) ** 2
    return sizes


def _panels(figure: Figure, count: int) -> list[Axes]:
    axes = np.atleast_1d(figure.subplots((count + 2) // 3, min(3, count), squeeze=False)).ravel().tolist()
    for spare in axes[count:]:
        spare.set_axis_off()
    return axes[:count]


def _confusion(figure: Figure, found: Evidence) -> None:
    for axes, pair in zip(_panels(figure, len(found.pairs)), found.pairs, strict=True):
        counts = np.array(pair.confusion["artist"])
        shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for y, x in np.ndindex(2, 2):
            dark = shares[y, x] > 0.5
            axes.text(x, y, f"{counts[y, x]:,}\n{shares[y, x]:.0%}", ha="center", va="center",
                      color="#ffffff" if dark else "#24231f")  # fmt: skip
        axes.set(xticks=[0, 1], yticks=[0, 1], xticklabels=[pair.a, pair.b], yticklabels=[pair.a, pair.b])
        axes.set_xlabel("guess")
        axes.set_ylabel("genre")
        axes.set_title(f"{pair.a} or {pair.b}", loc="left")


def _roc(figure: Figure, found: Evidence) -> None:
    styles = {"plain": "--", "artist": "-"}
    for axes, pair in zip(_panels(figure, len(found.pairs)), found.pairs, strict=True):
        axes.plot([0, 1], [0, 1], color=OTHERS, linewidth=0.8)
        for kind in KINDS:
            label = f"{kind} folds {pair.poster[kind].auc:.2f}"
            axes.plot(*pair.roc[kind], styles[kind], color=COLORS[0 if kind == "artist" else 1], label=label)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="false alarms", ylabel="hits")
        axes.set_title(f"{pair.a} or {pair.b}", loc="left")
        axes.legend(loc="lower right", fontsize=8)


def _matrix(figure: Figure, found: Evidence) -> None:
    told = {
        "poster's, plain folds": [pair.poster["plain"].auc for pair in found.pairs],
        "poster's, artist folds": [pair.poster["artist"].auc for pair in found.pairs],
        "best, artist folds": [pair.best.auc for pair in found.pairs],
    }
    count = len(found.genres)
    place = {name: number for number, name in enumerate(found.genres)}
    for axes, (title, values) in zip(figure.subplots(1, 3), told.items(), strict=True):
        grid = np.full((count, count), np.nan)
        for pair, value in zip(found.pairs, values, strict=True):
            grid[place[pair.a], place[pair.b]] = grid[place[pair.b], place[pair.a]] = value
        axes.imshow(grid, cmap="viridis", vmin=0.45, vmax=0.8)
        for y, x in np.argwhere(np.isfinite(grid)).tolist():
            color = "#ffffff" if grid[y, x] < 0.65 else "#101216"
            axes.text(x, y, f"{grid[y, x]:.2f}", ha="center", va="center", color=color)
        axes.set_xticks(range(count), found.genres, rotation=30, ha="right")
        axes.set_yticks(range(count), found.genres)
        axes.set_title(title, loc="left")


def _pairs(figure: Figure, found: Evidence) -> None:
    axes = figure.subplots()
    axes.axvspan(*POSTER, color=COLORS[3], alpha=0.2, linewidth=0, label="on the poster")
    axes.axvline(0.5, color=OTHERS, linewidth=0.8)
    shown = {"poster's, plain": -0.24, "poster's, artists": -0.08, "best, artists": 0.08, "shuffled labels": 0.24}
    for number, (label, offset) in enumerate(shown.items()):
        for place, pair in enumerate(found.pairs):
            if label == "shuffled labels":
                middle, low, high = (pair.shuffled[key] for key in ("mean", "low", "high"))
            else:
                cell = pair.best if label.startswith("best") else pair.poster[("plain", "artist")[number]]
                middle, low, high = cell.auc, cell.low, cell.high
            color = OTHERS if number == 3 else COLORS[(1, 0, 2)[number]]
            axes.plot([low, high], [place + offset] * 2, color=color, linewidth=1.6)
            axes.plot(middle, place + offset, "o", color=color, markersize=5, label=label if place == 0 else None)
    axes.set_yticks(range(len(found.pairs)), [f"{pair.a} or {pair.b}" for pair in found.pairs])
    axes.invert_yaxis()
    highest = max(pair.best.high for pair in found.pairs)
    axes.set(xlim=(0.4, max(0.85, highest + 0.02)), xlabel="AUC with its 95 % interval")
    figure.legend(loc="outside lower center", ncols=5)


def _together(figure: Figure, found: Evidence) -> None:
    told = found.together
    names, counts = told["genres"], np.array(told["confusion"])
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    left.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for y, x in np.ndindex(*shares.shape):
        if shares[y, x] >= 0.05:
            color = "#ffffff" if shares[y, x] > 0.5 else "#24231f"
            left.text(x, y, f"{shares[y, x]:.0%}", ha="center", va="center", fontsize=7, color=color)
    left.set_xticks(range(len(names)), names, rotation=40, ha="right")
    left.set_yticks(range(len(names)), names)
    left.set(xlabel="guess", ylabel="genre")
    left.set_title("all genres at once, artist folds", loc="left")
    right.plot([0, 1], [0, 1], color=OTHERS, linewidth=0.8)
    sure, correct, many = zip(*told["calibration"], strict=True)
    right.plot(sure, correct, color=COLORS[0])
    right.scatter(sure, correct, s=10 + 120 * np.array(many) / max(many), color=COLORS[0])
    right.set(xlim=(0, 1), ylim=(0, 1), xlabel="how sure the model is", ylabel="how often it is right")
    right.set_title("calibration", loc="left")


def _origins(figure: Figure, found: Evidence) -> None:
    rows = sorted(of_kind(found, "within"), key=lambda row: -row["auc"])
    axes = figure.subplots()
    axes.axvspan(*POSTER, color=COLORS[3], alpha=0.2, linewidth=0)
    axes.axvline(0.5, color=OTHERS, linewidth=0.8)
    for place, row in enumerate(rows):
        axes.plot([row["shuffled"][end] for end in ("low", "high")], [place] * 2, color=OTHERS, linewidth=4, alpha=0.4)
        axes.plot([row["low"], row["high"]], [place] * 2, color=COLORS[1], linewidth=1.6)
        axes.plot(row["auc"], place, "o", color=COLORS[1], markersize=5)
    names = [f"{row['a']} or {row['b']}, {row['origin']} ({row['albums'][0]} + {row['albums'][1]})" for row in rows]
    axes.set_yticks(range(len(rows)), names)
    axes.set(xlim=(0.25, 1.02), ylim=(len(rows) - 0.4, -0.6))  # the first row at the top
    axes.set_xlabel("AUC with its 95 % interval (kernel ridge, artist folds); grey: shuffled labels, band: the poster")


def _rings(figure: Figure, found: Evidence) -> None:
    assert found.neighbors is not None
    left, right = figure.subplots(1, 2)
    told = found.neighbors["ndcg"]
    names = list(told)
    for place, name in enumerate(names):
        one = told[name]
        left.plot([one["low"], one["high"]], [place] * 2, color=COLORS[1], linewidth=1.6)
        left.plot(one["mean"], place, "o", color=COLORS[1])
    left.set_yticks(range(len(names)), names)
    left.invert_yaxis()
    left.set(xlabel="nDCG@12 of hidden similar artists")
    for number, signal in enumerate(dict.fromkeys(row["signal"] for row in found.neighbors["tried"])):
        rows = [row for row in found.neighbors["tried"] if row["signal"] == signal]
        right.plot([row[signal] for row in rows], [row["ndcg"] for row in rows], "o-", color=COLORS[number],
                   label=signal)  # fmt: skip
    right.set(xlabel="weight beside tags = 1", ylabel="nDCG@12, choosing half")
    right.set_ylim(bottom=0)
    right.legend()


def _sheet(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """[rows, columns, h, w, 3] as one picture with transparent gaps, uint8 RGBA."""
    many, columns, height, width, _ = rows.shape
    size = (many * (height + BORDER) - BORDER, columns * (width + BORDER) - BORDER, 4)
    sheet = np.zeros(size, np.uint8)
    for y, x in np.ndindex(many, columns):
        top, left = y * (height + BORDER), x * (width + BORDER)
        sheet[top : top + height, left : left + width, :3] = rows[y, x]
        sheet[top : top + height, left : left + width, 3] = 255
    return sheet
