"""The report as one web page that needs nothing else: figures inside, no script, for light and dark."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from pipelines.evidence.features import FEATURES
from pipelines.evidence.figures import TRAITS, figure_names
from pipelines.evidence.results import POSTER, Evidence
from pipelines.evidence.traits import EXAMPLES, STEPS
from pipelines.evidence.trials import CLASSIFIERS, FOLDS, KINDS, POSTER_FOLDS, POSTER_TREES
from store.text import clean

PAGE = "report.html"
TOGETHER = ("macro_auc", "top1", "balanced_top1")
_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ --ink: #24231f; --paper: #fff; --quiet: #6b665c; --line: #d8d4ca; --accent: #8a5a00; --good: #e4f1e4; }}
@media (prefers-color-scheme: dark) {{
:root {{ --ink: #dcdee3; --paper: #16181d; --quiet: #9aa0aa; --line: #343943; --accent: #e3a648; --good: #22382a; }} }}
body {{ background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 0 auto;
 max-width: 62rem; padding: 1.5rem; }}
h1, h2 {{ color: var(--accent); line-height: 1.2; }} h1 {{ font-size: 1.6rem; }} h2 {{ font-size: 1.2rem;
 margin-top: 2.5rem; }}
figure {{ margin: 1rem 0; }} img {{ max-width: 100%; height: auto; }} figcaption, .quiet {{ color: var(--quiet); }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }}
th, td {{ border-bottom: 1px solid var(--line); padding: 3px 10px 3px 0; text-align: right; white-space: nowrap; }}
th:first-child, td:first-child {{ text-align: left; }} thead th {{ color: var(--quiet); font-weight: 600; }}
td.good {{ background: var(--good); }} .answer {{ font-size: 1.15rem; }}
</style></head><body>
"""


def write_page(found: Evidence, folder: Path) -> None:
    """`report.html` from the results and the figures that lie in the folder."""
    (folder / PAGE).write_text(page(found, folder), encoding="utf-8")


def page(found: Evidence, folder: Path) -> str:
    """The whole page. Text is escaped; the page may load nothing from anywhere."""
    figures = set(figure_names(found))
    parts = [_HEAD.format(title=_text(f"Do sleeves say anything about the music? {found.source}"))]
    parts.append("<h1>Do sleeves say anything about the music?</h1>")
    parts.append(f'<p class="answer">{_text(found.said[0])}</p>')
    parts.append("<ul>" + "".join(f"<li>{_text(line)}</li>" for line in found.said[1:]) + "</ul>")
    parts.append(_material(found))
    parts.append("<h2>All covers</h2>")
    parts.append(_figure(folder, "map", "Covers on the two main axes of their pixels (the poster's figure 4)."))
    caption = "Covers above, what the model makes of each from 512 numbers below."
    parts.append(_plain_picture(folder / "selves.png", caption))
    parts += [_poster(found, folder), _grid(found), _shuffled(found)]
    parts.append("<h2>All genres at once</h2>")
    parts += [_figure(folder, "together", "Right: larger dots stand for more covers."), _together(found)]
    parts += [_traits(found, folder), _labels(found, folder if "origins" in figures else None)]
    parts += [_rings(found, folder), _method(found), "</body></html>\n"]
    return "\n".join(parts)


def _material(found: Evidence) -> str:
    rows = [[name, f"{found.albums[name]:,}", f"{found.artists[name]:,}"] for name in found.genres]
    total = sum(found.albums.values())
    for row, name in zip(rows, found.genres, strict=True):
        row.append(f"{found.albums[name] / total:.1%}")
    left = "; ".join(f"{reason}: {count:,}" for reason, count in found.left_out.items()) or "nothing"
    return (
        f"<h2>The material</h2><p>{_text(found.source)}. Left out: {_text(left)}.</p>"
        + _table(("genre", "albums", "artists", "share"), rows)
        + '<p class="quiet">An album whose artist is unknown counts as an artist of its own.</p>'
    )


def _poster(found: Evidence, folder: Path) -> str:
    rows = []
    for pair in found.pairs:
        plain, artist, best = pair.poster["plain"], pair.poster["artist"], pair.best
        rows.append(
            [
                f"{pair.a} or {pair.b}",
                f"{pair.albums[0]:,} + {pair.albums[1]:,}",
                _interval(plain.auc, plain.low, plain.high),
                f"{plain.fold_mean:.3f}",
                _interval(artist.auc, artist.low, artist.high),
                f"{artist.fold_mean:.3f}",
                _interval(best.auc, best.low, best.high),
                "-" if pair.unseen is None else _three(pair.unseen),
                f"{POSTER[0]}–{POSTER[1]}",
            ]
        )
    head = ("pair", "albums", "plain folds", "mean of folds", "artist folds", "mean of folds", "best, artist folds")
    folds = [
        [f"{pair.a} or {pair.b}", kind, *(f"{value:.2f}" for value in pair.poster[kind].by_fold)]
        for pair in found.pairs
        for kind in KINDS
    ]
    return (
        "<h2>The poster's experiment</h2>"
        + f"<p>{POSTER_FOLDS} folds; in each PCA and a forest of {POSTER_TREES} trees see the training covers alone. "
        "In artist folds no artist is on both sides.</p>"
        + _figure(folder, "roc", "ROC curves of all folds together (the poster's figure 5).")
        + _figure(folder, "confusion", "Confusion in artist folds; a cover is given to the likelier genre.")
        + _table((*head, "best, not trained on", "poster"), rows, good=(6,), limit=POSTER[0])
        + _figure(folder, "matrix", "AUC of every pair.")
        + _figure(folder, "pairs", "Against what the poster has and what shuffled labels give.")
        + "<h3>AUC of each fold</h3>"
        + _table(("pair", "folds", *map(str, range(1, POSTER_FOLDS + 1))), folds)
    )


def _grid(found: Evidence) -> str:
    by_name = {(cell.a, cell.b, cell.features, cell.classifier, cell.folds): cell for cell in found.cells}
    rows = []
    for features in FEATURES:
        for kind in CLASSIFIERS:
            for folds in KINDS:
                cells = [by_name[pair.a, pair.b, features, kind, folds] for pair in found.pairs]
                mean = sum(cell.auc for cell in cells) / len(cells)
                values = [f"{cell.auc:.3f} ±{(cell.high - cell.low) / 2:.2f}" for cell in cells]
                rows.append([f"{features}, {kind}, {folds}", *values, f"{mean:.3f}"])
    head = ("features, classifier, folds", *(f"{pair.a} / {pair.b}" for pair in found.pairs), "mean")
    return (
        f"<h2>Every pair, features, classifier and folds</h2><p>{FOLDS} folds. AUC of all folds together, with half of "
        "its 95 % interval.</p>" + _table(head, rows, good=range(1, len(head)), limit=POSTER[0])
    )


def _shuffled(found: Evidence) -> str:
    rows = [
        [
            f"{pair.a} or {pair.b}",
            f"{pair.shuffled['observed']:.3f}",
            _mean(pair.shuffled),
            f"{pair.shuffled['p']:.3f}",
            ", ".join(f"{value:.3f}" for value in pair.forest_shuffled),
        ]
        for pair in found.pairs
    ]
    head = ("pair", "ridge regression", "on shuffled labels", "p", "forest on PCA, three shuffles")
    return (
        "<h2>Shuffled labels</h2><p>Each artist's albums get the labels of another artist with as many albums, again "
        "and again. p: how often such labels are told apart as well as the real ones (latents + colour, artist folds)."
        "</p>" + _table(head, rows)
    )


def _together(found: Evidence) -> str:
    told = found.together
    models = [
        [
            f"{one['features']}, {one['classifier']}",
            *(f"{one[key]:.3f}" for key in TOGETHER),
        ]
        for one in told["models"]
    ]
    each = [
        [name, f"{count:,}", f"{value:.3f}"]
        for name, count, value in zip(told["genres"], told["albums"], told["each_auc"], strict=True)
    ]
    return (
        _table(("model", "macro AUC", "top-1", "top-1, genres weighted alike"), models)
        + f"<p>Always the most common genre: top-1 {told['most_common']:.3f}. The best of these by macro AUC is shown. "
        + f"Expected calibration error {told['calibration_error']:.3f}.</p>"
        + _table(("genre against the rest", "albums", "AUC"), each)
    )


def _traits(found: Evidence, folder: Path) -> str:
    if not found.traits:
        return ""
    lines = []
    for facts in found.trait_facts:
        looks = ", ".join(
            f"{name} {value:+.2f}"
            for name, value in facts.items()
            if name not in ("genre", "gap") and abs(value) >= 0.01
        )
        lines.append(
            f"<li>{_text(facts['genre'])}: its covers lie {facts['gap']:.2f} standard deviations from the others along "
            f"it; from end to end: {_text(looks) or 'nothing that these measures see'}.</li>"
        )
    moved = ", ".join(f"{step:+g}" for step in STEPS)
    caption = (
        f"A row for each: {', '.join(found.traits)}. The mean cover moved by {moved} standard deviations, then the "
        f"{EXAMPLES} covers of the genre that lie farthest along."
    )
    return (
        "<h2>What looks like a genre</h2><p>The direction in latents from the other genres' mean to one genre's mean, "
        "decoded to pictures. A direction exists between any two groups; how far apart they lie along it says what it "
        f"is worth.</p><ul>{''.join(lines)}</ul>" + _plain_picture(folder / TRAITS, caption)
    )


def _labels(found: Evidence, folder: Path | None) -> str:
    told = found.labels
    names = {"": "not said"}
    origins = ", ".join(f"{_text(names.get(name, name))} {count:,}" for name, count in told["origins"].items())
    parts = [f"<h2>Labels or pictures?</h2><p>Labels by origin: {origins}.</p>"]
    if folder is not None:
        parts.append(_figure(folder, "origins", "Each pair on albums whose labels come from one origin."))
    by_name: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in told["by_origin"]:
        by_name.setdefault((row["a"], row["b"], row["origin"]), {})[row["classifier"]] = row
    rows = [
        [
            f"{a} or {b}",
            origin,
            "{:,} + {:,}".format(*next(iter(kinds.values()))["albums"]),
            *(_three(kinds[kind]) for kind in ("forest", "logistic")),
        ]
        for (a, b, origin), kinds in by_name.items()
    ]
    if rows:
        parts.append(_table(("pair", "origin of the labels", "albums", "forest", "logistic"), rows))
    rows = [
        [row["genre"], f"{row['a']} or {row['b']}", "{:,} + {:,}".format(*row["albums"]),
         _three(row)]
        for row in told["of_origin"] if row["classifier"] == "forest"
    ]  # fmt: skip
    if rows:
        parts.append("<p>Two origins of one genre, told apart by the sleeve (forest):</p>")
        parts.append(_table(("genre", "origins", "albums", "AUC"), rows))
    rows = [
        [
            f"{row['a']} or {row['b']}",
            "{:,} + {:,}".format(*row["albums"]),
            _three(row),
        ]
        for row in told["by_tags"]
    ]
    if rows:
        parts.append("<p>The same labels predicted from tags that name no genre of these (logistic regression):</p>")
        parts.append(_table(("pair", "albums with tags", "AUC"), rows))
    rows = [[f"{row['share']:.0%}", f"{row['auc']:.3f}"] for row in told["by_share"]]
    parts.append("<p>Mean AUC of the pairs by the share of training artists (latents + colour, forest):</p>")
    return "".join(parts) + _table(("artists", "AUC"), rows)


def _rings(found: Evidence, folder: Path) -> str:
    told = found.neighbors
    head = "<h2>Does the cover help to find similar albums?</h2>"
    if told is None:
        return head + "<p>Not measured: no similar artists were given (--similar-artists FILE, or a library).</p>"
    if "why" in told:
        return head + f"<p>Not measured: {_text(told['why'])}.</p>"
    rows = [[name, _mean(one)] for name, one in told["ndcg"].items()]
    rows.append(["chosen − without the cover", _mean(told["cover_adds"], "+")])
    rows.append(["defaults − without the cover", _mean(told["defaults_cover_adds"], "+")])
    rows.append(["chosen − defaults", _mean(told["chosen_adds"], "+")])
    weights = [
        [name, *(f"{value:g}" for value in told[name].values())] for name in ("defaults", "best", "chosen")
    ]  # fmt: skip
    keys = ("ndcg", "recall", "purity", "tag_overlap", "genres", "hubs", "popularity")
    quality = [
        [one["name"], *("-" if one[key] is None else f"{one[key]:.3f}" for key in keys)] for one in told["quality"]
    ]
    tried = [
        [row["signal"], *(f"{row[name]:g}" for name in told["defaults"]), f"{row['ndcg']:.4f}"] for row in told["tried"]
    ]
    without = f" Not measured for want of data: {', '.join(told['unmeasured'])}." if told["unmeasured"] else ""
    return (
        head
        + f"<p>{told['albums']:,} albums. Which artists are alike is hidden, and rings of 12 are asked to find them: "
        f"{told['queries'][0]:,} albums of one half of the artists choose the weights, {told['queries'][1]:,} of the "
        "other half are reported. Albums of the same artist are left out.</p>"
        + _figure(folder, "rings", "")
        + _table(("nDCG@12", "mean and 95 % interval"), rows)
        + "<h3>Weights</h3>"
        + _table(("", *told["defaults"]), weights)
        + f"<p>The weight of the artist signal cannot be judged by hidden links and stays.{without}</p>"
        + _table(("tried", *told["defaults"], "nDCG@12, choosing half"), tried)
        + "<h3>Neighbourhoods by signal</h3><p>On a catalogue of which half of the links and half of all tags are "
        "hidden: nDCG and recall of hidden links, genre purity, cosine of hidden tags, different genres a ring, share "
        "of all places that the most common hundredth of albums takes (hubs), and how much more popular (log10) the "
        "ring is. The artist signal alone shows links that are not hidden, so its nDCG and recall say little.</p>"
        + _table(("", "nDCG@12", "recall@12", "purity", "tag overlap", "genres", "hubs", "popularity"), quality)
    )


def _method(found: Evidence) -> str:
    return (
        "<h2>How it was done</h2><p>Covers at 128×128. PCA: 128 components of 32×32 thumbnails, fitted in each fold on "
        "the training covers alone. Colour: 8 hues × 4 saturations × 4 values. Latents: the encoder's mean of model "
        f"{_text(found.model_id)}. In the table of all combinations a forest has 40 trees of at least five albums a "
        "leaf, logistic regression a ridge penalty (C = 0.003) on standardised features, boosting 40 rounds of 8 "
        "leaves. Nothing was tuned on these covers. Intervals come from resampling whole artists. scikit-learn; every "
        "seed is fixed, so the same covers give the same figures.</p>"
    )


def _three(row: Mapping[str, float]) -> str:
    return _interval(row["auc"], row["low"], row["high"])


def _mean(row: Mapping[str, float], sign: str = "") -> str:
    return _interval(row["mean"], row["low"], row["high"], sign)


def _interval(middle: float, low: float, high: float, sign: str = "") -> str:
    return f"{middle:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], good: Iterable[int] = (), limit: float = 2.0) -> str:
    """Cells of the columns `good` whose number reaches `limit` are marked."""
    marked = set(good)
    out = ["<div class=wide><table><thead><tr>", *(f"<th>{_text(name)}</th>" for name in head), "</tr></thead><tbody>"]
    for row in rows:
        cells = []
        for place, value in enumerate(row):
            reached = place in marked and float(value.split()[0]) >= limit
            cells.append(f"<td{' class=good' * reached}>{_text(value)}</td>")
        out.append(f"<tr>{''.join(cells)}</tr>")
    return "".join(out) + "</tbody></table></div>"


def _figure(folder: Path, name: str, caption: str) -> str:
    light, dark = (_data(folder / f"{name}{suffix}.png") for suffix in ("", "-dark"))
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{dark}"><img src="{light}" '
        f'alt="{_text(caption or name)}"></picture><figcaption>{_text(caption)}</figcaption></figure>'
    )


def _plain_picture(file: Path, caption: str) -> str:
    return f'<figure><img src="{_data(file)}" alt="{_text(caption)}"><figcaption>{_text(caption)}</figcaption></figure>'


def _data(file: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}"


def _text(text: str) -> str:
    return escape(clean(text, 2000))
