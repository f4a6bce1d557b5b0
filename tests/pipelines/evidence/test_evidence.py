"""The evidence: figures that can be checked by hand, folds that leak nothing, and a whole small report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from markupsafe import escape

from pipelines.evidence import features, known, pairs, shuffle, traits, trials
from pipelines.evidence.experiment import Settings, validate_table
from pipelines.evidence.kernel import kernel_scores
from pipelines.evidence.near import rings
from pipelines.evidence.origins import measure_origins
from pipelines.evidence.report.figures import figure_names
from pipelines.evidence.results import Evidence, read_results
from pipelines.evidence.sample import EvidenceError, LabelledCover, Sample
from pipelines.evidence.scores import auc, auc_of_folds, calibration, confusion, roc
from pipelines.evidence.trials import Trial, folds_of, score
from store.database.library import Library
from store.neighbors.neighborhood import open_neighborhood
from tests.store.support.library import grow
from tests.support.covers import drawn_covers


def test_auc_by_hand_and_its_curve_agree() -> None:
    truth = np.array([False, False, True, True, True])
    scores = np.array([0.1, 0.5, 0.5, 0.4, 0.9])
    # Of six pairs four are in order, one is a tie.
    assert auc(truth, scores) == pytest.approx(4.5 / 6)
    alarms, hits = roc(truth, scores)
    assert (alarms[0], alarms[-1], hits[-1]) == (0, 1, 1) and np.all(np.diff(hits) >= 0)
    assert np.trapezoid(hits, alarms) == pytest.approx(4.5 / 6, abs=0.02)
    assert np.isnan(auc(truth[2:], scores[2:]))


def test_the_interval_is_wider_when_few_artists_made_the_albums() -> None:
    random = np.random.default_rng(0)
    artist = np.repeat(np.arange(40), 10)
    truth = artist % 2 == 1
    scores = truth * 0.5 + random.normal(size=40)[artist]  # albums of an artist look alike
    fold = artist % 5
    by_artist = auc_of_folds(truth, scores, fold, artist)
    by_album = auc_of_folds(truth, scores, fold, np.arange(400))
    assert by_artist.pooled == by_album.pooled and by_artist.low < by_artist.pooled < by_artist.high
    assert by_artist.high - by_artist.low > 2 * (by_album.high - by_album.low)
    assert len(by_artist.folds) == 5


def test_confusion_and_calibration_by_hand() -> None:
    assert confusion(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 2) == [[1, 1], [0, 2]]
    rows, error = calibration(np.array([0.95, 0.95, 0.55, 0.55]), np.array([True, True, True, False]))
    assert rows == [(0.55, 0.5, 2), (0.95, 1.0, 2)] and error == pytest.approx(0.05)


def test_artist_folds_part_no_artist_and_plain_ones_do() -> None:
    groups = np.repeat(np.arange(60), 3)
    labels = groups % 2
    for train, test in folds_of(labels, groups, "artist", 10):
        assert not set(groups[train]) & set(groups[test]) and 0 < labels[test].mean() < 1
    assert any(set(groups[train]) & set(groups[test]) for train, test in folds_of(labels, groups, "plain", 10))


def test_pca_sees_the_training_covers_alone() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(80, 30)).astype(np.float32)
    labels = (values[:, 0] > 0).astype(np.int64)
    train, test = np.arange(60), np.arange(60, 80)

    def scored(changed: np.ndarray) -> np.ndarray:
        found = score(Trial("q", 0, "pca", np.arange(80), labels, train, test, ("logistic",)), changed)
        return found.chances["logistic"][:10]

    other = values.copy()
    other[70:] *= 1000  # other covers of the test set
    assert np.array_equal(scored(values), scored(other))
    other[:10] *= 2
    assert not np.array_equal(scored(values), scored(other))


def test_shuffled_labels_keep_what_an_artist_has_in_common() -> None:
    groups = np.repeat(np.arange(60), np.arange(60) % 3 + 1)
    labels = groups % 2
    shuffled = shuffle.shuffled_labels(labels, groups, 50, np.random.default_rng(0))
    for row in shuffled:
        assert sorted(row) == sorted(labels)
        assert all(len(set(row[groups == artist])) == 1 for artist in range(60))
    assert (shuffled != labels).any(axis=1).all()


def test_shuffled_labels_reach_artists_that_few_are_like() -> None:
    size = np.array([1] * 60 + [2] * 30 + [5, 6, 7, 9, 12, 40])
    groups = np.repeat(np.arange(len(size)), size)
    label_of = np.arange(len(size)) % 2
    label_of[90:] = 1  # nobody else has as many albums, and all of those with many have one label
    labels = label_of[groups]
    shuffled = shuffle.shuffled_labels(labels, groups, 200, np.random.default_rng(0))
    for artist in range(len(size)):
        given = shuffled[:, groups == artist]
        assert (given == given[:, :1]).all() and 0.2 < given[:, 0].mean() < 0.8


def test_shuffled_labels_are_chance_and_real_ones_are_not() -> None:
    random = np.random.default_rng(2)
    groups = np.arange(200) // 2
    labels = groups % 2
    values = random.normal(size=(200, 10)).astype(np.float32)
    nothing = shuffle.shuffle_test(values, labels, groups, 99)
    assert nothing.low < 0.5 < nothing.high and abs(nothing.mean - 0.5) < 0.05 and nothing.p > 0.01
    values[:, 0] += 2 * labels
    something = shuffle.shuffle_test(values, labels, groups, 99)
    assert something.p == 0.01 and something.observed > something.high


def test_kernel_ridge_is_exact_where_the_covers_are_few() -> None:
    random = np.random.default_rng(3)
    train, test = random.normal(size=(60, 5)).astype(np.float32), random.normal(size=(9, 5)).astype(np.float32)
    values = random.normal(size=(60, 2))
    x, y = (part - train.mean(axis=0) for part in (train, test))
    x, y = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in (x, y))

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp(-0.5 * ((a[:, None] - b[None]) ** 2).sum(axis=2))

    by_hand = kernel(y, x) @ np.linalg.solve(kernel(x, x) + np.eye(60), values)
    assert kernel_scores(train, values, test) == pytest.approx(by_hand, abs=1e-3)


def told_by_origin(origin_shows: bool) -> list[dict[str, object]]:
    """The rows of two genres that come mostly from one origin each; the picture shows the origin, or the genre."""
    random = np.random.default_rng(4)
    genre = np.arange(600) % 2
    origin = np.where(random.random(600) < 0.85, genre, 1 - genre)
    values = random.normal(size=(600, 6)).astype(np.float32)
    values[:, 0] += 3 * (origin if origin_shows else genre)
    covers = tuple(
        LabelledCover(("rock", "pop")[g], f"artist {n // 2}", "", ("here", "there")[o], second="rock" if n % 3 else "")
        for n, (g, o) in enumerate(zip(genre.tolist(), origin.tolist(), strict=True))
    )
    sample = Sample(np.zeros((600, 0), np.uint8), covers, {}, "")
    return measure_origins(sample, ["rock", "pop"], {"meaning": values}, 1, trials.Progress())


def test_what_only_the_origin_shows_is_not_taken_for_the_genre(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.evidence.origins.TIMES", 19)

    def auc_of(rows: list[dict[str, object]], kind: str) -> list[float]:
        return [float(row["auc"]) for row in rows if row["kind"] == kind]  # type: ignore[arg-type]

    confounded, honest = told_by_origin(True), told_by_origin(False)
    assert auc_of(confounded, "pooled")[0] > 0.65 and auc_of(confounded, "name")[0] > 0.7
    assert len(auc_of(confounded, "within")) == 2 and all(abs(one - 0.5) < 0.12 for one in auc_of(confounded, "within"))
    assert all(abs(one - 0.5) < 0.12 for one in auc_of(confounded, "across"))
    assert len(auc_of(confounded, "origin")) == 2 and min(auc_of(confounded, "origin")) > 0.9
    assert min(auc_of(honest, "within") + auc_of(honest, "across")) > 0.9 and len(auc_of(honest, "across")) == 2
    assert not auc_of(honest, "agreed")  # the second opinion never says pop


def test_what_words_and_heads_take_of_a_cover_are_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    shares = np.where(np.arange(90) % 3 == 0, 0.2, 0.05) + random.normal(0, 0.02, 90)
    shares[60:] = np.nan  # nobody looked
    covers = tuple(
        LabelledCover(("metal", "jazz", "folk")[n % 3], f"artist {n // 2}", "", lettering=float(share))
        for n, share in enumerate(shares)
    )
    sample = Sample(random.integers(0, 255, (90, 128, 128, 3)).astype(np.uint8), covers, {}, "")
    facts = random.normal(0, 0.1, (90, len(features.FACTS))).astype(np.float32)
    monkeypatch.setattr(traits, "probability", lambda *_: pytest.fail("the library knows of the words"))
    seen = traits.facts_seen(sample, ["metal", "jazz", "folk"], facts, trials.Progress())
    found = traits.fact_differences(sample, ["metal", "jazz", "folk"], seen)
    assert found[0]["genre"] == "metal" and found[0]["fact"] == "lettering" and 1 < found[0]["low"] < found[0]["high"]
    shown = traits.fact_examples(sample, found, seen)
    assert np.array_equal(shown[0][0], sample.images[np.nanargmax(np.where(np.arange(90) % 3, np.nan, shares))])
    unknown = Sample(sample.images, tuple(LabelledCover(c.genre, c.group, "") for c in covers), {}, "")
    monkeypatch.setattr(traits, "probability", lambda *_: np.zeros((256, 256), np.float32))
    monkeypatch.setattr(traits, "find_faces", lambda image, _: [(0.1, 0.1, 0.5, 0.5)] * int(image[0, 0, 0]))
    with_heads = sample.images.copy()
    with_heads[:, 0, 0, 0] = np.arange(90) % 3 == 1
    seen = traits.facts_seen(replace(unknown, images=with_heads), ["metal", "jazz", "folk"], facts, trials.Progress())
    assert np.isnan(seen[:, -2]).all()  # nobody has words: no difference
    found = traits.fact_differences(unknown, ["metal", "jazz", "folk"], seen)
    assert (found[0]["genre"], found[0]["fact"]) == ("jazz", "faces") and found[0]["low"] > 1


def test_another_network_sees_the_cover_or_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in known.PACKAGES:
        pytest.importorskip(name)
    images = drawn_covers(3)[[0, 1, 2, 0]]
    lite = known.KnownLite()
    seen = lite.numbers(images)
    assert seen is not None and seen.shape == (4, 352) and np.array_equal(seen[3], seen[0])
    assert np.linalg.norm(seen[0] - seen[1]) > 0.1 * np.linalg.norm(seen[0])
    lite.save_to(tmp_path / "lite2.npz")
    monkeypatch.setattr(known, "_lite_look", lambda: None)
    assert np.array_equal(known.KnownLite(tmp_path / "lite2.npz").numbers(images), seen)  # and asks no network
    monkeypatch.setattr(known, "PACKAGES", ("no_such_network",))
    assert lite.numbers(images) is None


# the table


@pytest.fixture(scope="module")
def small() -> pytest.MonkeyPatch:
    """Fewer trees and folds: what is tested is the way, not the figures."""
    patch = pytest.MonkeyPatch()
    patch.setattr(pairs, "POSTER_TREES", 6)
    patch.setattr(pairs, "TREES", 6)
    patch.setattr(pairs, "POSTER_FOLDS", 5)
    patch.setattr(traits, "LOOKED", 3)
    # Something of the cover in place of what another network sees.
    patch.setattr(known, "PACKAGES", ())
    patch.setattr(known, "_lite_look", lambda: lambda images: features.thumbnails(images)[:, ::100])
    yield patch
    patch.undo()


@pytest.fixture(scope="module")
def report(
    table: Path, tiny_weights: Path, small: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Evidence, Path]:
    out = tmp_path_factory.mktemp("reports") / "R"
    similar = table.parent / "similar.csv"
    with similar.open("w", encoding="utf-8") as file:
        file.write("artist,similar,match\n")
        for number in range(20):
            file.writelines(f"{genre} {number},{genre} {number + 1},0.5\n" for genre in ("rock", "pop", "indie"))
    found = validate_table(table, None, out, ("rock", "pop"), similar, settings=Settings(tiny_weights, 1, 19))
    return found, out


def test_what_differs_is_found_and_what_does_not_is_not(report: tuple[Evidence, Path]) -> None:
    found, _ = report
    told = found.pair("pop", "rock")
    assert told is not None and told.best.auc > 0.95 and told.shuffled["p"] == 0.05 and told.best.low > 0.9
    assert len(found.pairs) == 1 and len(found.cells) == 7 * 3
    assert all(sum(map(sum, pair.confusion[kind])) == sum(pair.albums) for pair in found.pairs for kind in trials.KINDS)
    assert found.albums == {"rock": 30, "pop": 30} and found.left_out == {"no such file": 1}
    assert "much" in found.said[0] or "something" in found.said[0]
    assert found.neighbors is not None and found.neighbors["ndcg"]["chosen"]["mean"] >= 0


def test_the_report_is_whole_and_needs_nothing_else(report: tuple[Evidence, Path]) -> None:
    found, out = report
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page and "://" not in page
    for name in figure_names(found):
        for suffix in (".png", "-dark.png", ".svg"):
            assert (out / f"{name}{suffix}").stat().st_size > 1000
        assert page.count("<source") >= len(figure_names(found))
    assert all(str(escape(line)) in page for line in found.said)
    assert read_results(out) is not None and read_results(out).genres == found.genres  # type: ignore[union-attr]
    assert json.loads((out / "run.json").read_text())["jobs"] == 1
    assert sorted(path.name for path in out.parent.iterdir()) == ["R"]  # nothing half is left beside it


def test_again_gives_the_same_bytes(
    report: tuple[Evidence, Path], table: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out = report
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.name != "run.json"}
    (out / "latents.npz").write_bytes(b"damaged")
    validate_table(
        table, None, out, ("rock", "pop"), table.parent / "similar.csv",
        settings=Settings(tiny_weights, 2, 19),
    )  # fmt: skip
    after = {path.name: path.read_bytes() for path in out.iterdir() if path.name != "run.json"}
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []


def test_a_stopped_run_leaves_the_earlier_report(
    report: tuple[Evidence, Path], table: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out = report
    before = (out / "results.json").read_bytes()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.evidence.experiment.measure_pairs", stop)
    with pytest.raises(KeyboardInterrupt):
        validate_table(table, None, out, ("rock", "pop"), settings=Settings(tiny_weights, 1))
    assert (out / "results.json").read_bytes() == before and [path.name for path in out.parent.iterdir()] == ["R"]


def test_a_folder_of_something_else_is_never_replaced(table: Path, tmp_path: Path, tiny_weights: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(EvidenceError, match="no report of sleevewalk"):
        validate_table(table, None, tmp_path / "mine", ("rock", "pop"), settings=Settings(tiny_weights))
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_damaged_results_are_told(tmp_path: Path) -> None:
    assert read_results(tmp_path) is None
    for text in ("{", "[]", '{"version": 99}', '{"version": 1}'):
        (tmp_path / "results.json").write_text(text)
        with pytest.raises(EvidenceError, match="sleevewalk validate"):
            read_results(tmp_path)


# neighbourhoods


def test_hidden_links_and_tags_are_really_hidden(tmp_path: Path) -> None:
    library: Library = grow(tmp_path / "library")
    near = open_neighborhood(library)
    whole = near.snapshot
    seen, hidden, away = rings.half_hidden(whole)
    both = len(seen.similar.columns) + len(hidden.columns)
    assert both == len(whole.similar.columns) and 0 < len(hidden.columns) < both
    for artist in range(len(whole.similar.start) - 1):
        assert not set(seen.similar.row(artist)[0].tolist()) & set(hidden.row(artist)[0].tolist())
    assert away.any() and not away[seen.tags.columns].any()
    assert not any(len(seen.postings.row(tag)[0]) for tag in np.flatnonzero(away).tolist())
    assert not len(rings.without_links(whole).similar.columns) and len(whole.similar.columns)
    told = rings.measure_rings(near, trials.Progress())
    assert "fewer than" in told["why"]
