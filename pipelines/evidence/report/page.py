"""The report as one web page that needs nothing else: figures inside, no script, for light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipelines.evidence.report.careful import fact_name, of_kind
from pipelines.evidence.report.figures import FACT_COVERS, LOOKS, TRAITS, figure_names
from pipelines.evidence.results import POSTER, Evidence, Pair
from pipelines.evidence.traits import EXAMPLES, STEPS
from pipelines.evidence.trials import CLASSIFIERS, FOLDS, KINDS, POSTER_FOLDS, POSTER_TREES
from pipelines.pages import data_uri, render_page

PAGE = "report.html"
TOGETHER = ("macro_auc", "top1", "balanced_top1")
QUALITY = ("ndcg", "recall", "purity", "tag_overlap", "genres", "hubs", "popularity")
Rows = list[list[str]]


def write_page(found: Evidence, folder: Path) -> None:
    """`report.html` from the results and the figures that lie in the folder."""
    (folder / PAGE).write_text(page(found, folder), encoding="utf-8")


def page(found: Evidence, folder: Path) -> str:
    """The whole page. Text is escaped; the page may load nothing from anywhere."""

    def picture(name: str) -> Markup:
        return data_uri((folder / name).read_bytes(), "image/png")

    return render_page(
        "report.html",
        title=f"Do sleeves say anything about the music? {found.source}",
        found=found,
        figures={name: [picture(f"{name}{look}.png") for look in LOOKS] for name in figure_names(found)},
        selves=picture("selves.png"),
        facts_picture=picture(FACT_COVERS) if found.facts else None,
        traits_picture=picture(TRAITS) if found.traits else None,
        limit=POSTER[0],
        folds=FOLDS,
        poster_folds=POSTER_FOLDS,
        poster_trees=POSTER_TREES,
        **_material(found),
        pairs=[_poster_row(pair) for pair in found.pairs],
        by_fold=[
            [_name(pair), kind, *("–" if value is None else f"{value:.2f}" for value in pair.poster[kind].by_fold)]
            for pair in found.pairs
            for kind in KINDS
        ],
        grid_head=("features, classifier", *(f"{pair.a} / {pair.b}" for pair in found.pairs), "mean"),
        grid=_grid(found),
        shuffled=[_shuffled_row(pair) for pair in found.pairs],
        **_together(found.together),
        **_traits(found),
        **_labels(found),
        rings=_rings(found.neighbors) if found.neighbors and "why" not in found.neighbors else None,
    )


def _material(found: Evidence) -> dict[str, Any]:
    total = sum(found.albums.values())
    return {
        "left_out": "; ".join(f"{reason}: {count:,}" for reason, count in found.left_out.items()) or "nothing",
        "material": [
            [name, f"{found.albums[name]:,}", f"{found.artists[name]:,}", f"{found.albums[name] / total:.1%}"]
            for name in found.genres
        ],
    }


def _poster_row(pair: Pair) -> list[str]:
    shown = [_name(pair), _counts(pair.albums)]
    for cell in pair.poster["plain"], pair.poster["artist"]:
        shown += [_interval(cell.auc, cell.low, cell.high), f"{cell.fold_mean:.3f}"]
    best = _interval(pair.best.auc, pair.best.low, pair.best.high)
    return [*shown, best, "-" if pair.unseen is None else _auc(pair.unseen), f"{POSTER[0]}–{POSTER[1]}"]


def _grid(found: Evidence) -> Rows:
    by_name = {(cell.a, cell.b, cell.features, cell.classifier): cell for cell in found.cells}
    rows = []
    for features in dict.fromkeys(cell.features for cell in found.cells):
        for kind in CLASSIFIERS:
            cells = [by_name[pair.a, pair.b, features, kind] for pair in found.pairs]
            mean = sum(cell.auc for cell in cells) / len(cells)
            values = [f"{cell.auc:.3f} ±{(cell.high - cell.low) / 2:.2f}" for cell in cells]
            rows.append([f"{features}, {kind}", *values, f"{mean:.3f}"])
    return rows


def _shuffled_row(pair: Pair) -> list[str]:
    forest = ", ".join(f"{value:.3f}" for value in pair.forest_shuffled)
    real, p = f"{pair.shuffled['observed']:.3f}", f"{pair.shuffled['p']:.3f}"
    return [_name(pair), real, _mean(pair.shuffled), p, forest]


def _together(told: Mapping[str, Any]) -> dict[str, Rows]:
    each = zip(told["genres"], told["albums"], told["each_auc"], strict=True)
    return {
        "models": [
            [f"{one['features']}, {one['classifier']}", *(f"{one[key]:.3f}" for key in TOGETHER)]
            for one in told["models"]
        ],
        "each_genre": [[name, f"{count:,}", f"{value:.3f}"] for name, count, value in each],
    }


def _traits(found: Evidence) -> dict[str, Any]:
    looks = [
        ", ".join(
            f"{name} {value:+.2f}"
            for name, value in facts.items()
            if name not in ("genre", "gap") and abs(value) >= 0.01
        )
        for facts in found.trait_facts
    ]
    moved = ", ".join(f"{step:+g}" for step in STEPS)
    return {
        "traits": list(zip(found.trait_facts, looks, strict=True)),
        "traits_caption": f"A row for each: {', '.join(found.traits)}. The mean cover moved by {moved} standard "
        f"deviations, then the {EXAMPLES} covers of the genre that lie farthest along.",
    }


def _labels(found: Evidence) -> dict[str, Any]:
    told = found.labels
    one: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for row in told["careful"]:
        shown = one.setdefault((row["a"], row["b"]), {})
        shown.setdefault(row["kind"], []).append(row)
    pairs = [(f"{a} or {b}", kinds) for (a, b), kinds in one.items() if "pooled" in kinds]
    return {
        "origins": ", ".join(f"{name or 'not said'} {count:,}" for name, count in told["origins"].items()),
        "careful": [
            [
                name,
                _counts(kinds["pooled"][0]["albums"]),
                *(_first(kinds.get(kind)) for kind in ("pooled", "name")),
                _widest(kinds.get("within")),
                _mean_auc(kinds.get("across")),
                _first(kinds.get("agreed")),
            ]
            for name, kinds in pairs
        ],
        "within": [
            [
                f"{row['a']} or {row['b']}",
                row["origin"],
                _counts(row["albums"]),
                _auc(row),
                f"{row['shuffled']['low']:.3f} to {row['shuffled']['high']:.3f}",
                f"{row['shuffled']['p']:.3f}",
                *(f"{one['auc']:.3f}" for one in row["beside"].values()),
            ]
            for row in of_kind(found, "within")
        ],
        "beside": list(next((row["beside"] for row in of_kind(found, "within")), {})),
        "across": [
            [f"{row['a']} or {row['b']}", row["origin"], row["to"], _counts(row["albums"]), _auc(row)]
            for row in of_kind(found, "across")
        ],
        "of_origin": [
            [row["a"], f"{row['origin']} or {row['to']}", _counts(row["albums"]), _auc(row)]
            for row in of_kind(found, "origin")
        ],
        "by_tags": [[f"{row['a']} or {row['b']}", _counts(row["albums"]), _auc(row)] for row in told["by_tags"]],
        "by_share": [[f"{row['share']:.0%}", f"{row['auc']:.3f}"] for row in told["by_share"]],
        "facts": [
            [row["genre"], fact_name(row["fact"]), _interval(row["gap"], row["low"], row["high"], "+")]
            for row in found.facts
        ],
    }


def _first(rows: Any) -> str:
    return _auc(rows[0]) if rows else "–"


def _widest(rows: Any) -> str:
    """Of the origin with the most albums."""
    most: dict[str, Any] = max(rows, key=lambda row: min(row["albums"])) if rows else {}
    return _auc(most) if most else "–"


def _mean_auc(rows: Any) -> str:
    return f"{sum(row['auc'] for row in rows) / len(rows):.3f} (mean of {len(rows)})" if rows else "–"


def _rings(told: Mapping[str, Any]) -> dict[str, Any]:
    gains = {
        "chosen − without the cover": "cover_adds",
        "defaults − without the cover": "defaults_cover_adds",
        "chosen − defaults": "chosen_adds",
    }
    return {
        "unmeasured": ", ".join(told["unmeasured"]),
        "ndcg": [
            *([name, _mean(one)] for name, one in told["ndcg"].items()),
            *([name, _mean(told[key], "+")] for name, key in gains.items()),
        ],
        "weights": [
            [name, *(f"{value:g}" for value in told[name].values())] for name in ("defaults", "best", "chosen")
        ],
        "tried": [
            [row["signal"], *(f"{row[name]:g}" for name in told["defaults"]), f"{row['ndcg']:.4f}"]
            for row in told["tried"]
        ],
        "quality": [
            [one["name"], *("-" if one[key] is None else f"{one[key]:.3f}" for key in QUALITY)]
            for one in told["quality"]
        ],
    }


def _name(pair: Pair) -> str:
    return f"{pair.a} or {pair.b}"


def _counts(albums: Sequence[int]) -> str:
    return f"{albums[0]:,} + {albums[1]:,}"


def _auc(row: Mapping[str, float]) -> str:
    return _interval(row["auc"], row["low"], row["high"])


def _mean(row: Mapping[str, float], sign: str = "") -> str:
    return _interval(row["mean"], row["low"], row["high"], sign)


def _interval(middle: float, low: float, high: float, sign: str = "") -> str:
    if sign:  # a minus behind a dash would be misread
        return f"{middle:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"
    return f"{middle:.3f} ({low:.2f}–{high:.2f})"
