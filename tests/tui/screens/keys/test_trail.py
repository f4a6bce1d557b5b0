"""Every key of the trail does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.exports.walk import ENDINGS
from tests.tui.screens.keys.player import asked
from tests.tui.support.keys import HELP, Case, Look, Stage, becomes, check_keys, choices, chosen, moved, to
from tui.screens.trail import TrailScreen
from tui.screens.walk.screen import WalkScreen


def written(pattern: str) -> Look:
    return lambda s: len(list((s.folder / "walks").glob(pattern))) if s.folder.joinpath("walks").exists() else 0


def no_walks(stage: Stage) -> None:
    for path in (stage.folder / "walks").glob("*"):
        path.unlink()


def in_middle(stage: Stage) -> None:
    while len(stage.session.trail.visits) < 60:
        stage.session.random()
    choices(stage).items, stage.screen._firsts = stage.session.trail.tree(), stage.session.trail.firsts()
    choices(stage).place = 55


def this_walk(stage: Stage) -> list[str]:
    walk_id = stage.screen.visit.walk_id
    return [visit.album_id for visit in stage.session.trail.visits if visit.walk_id == walk_id]


def no_name(stage: Stage) -> None:
    stage.session.kept.walks.clear()


CASES = {
    "next": moved(chosen, 1, in_middle),
    "previous": moved(chosen, -1, in_middle),
    "page-down": Case(chosen, lambda was, now: now > was + 1, in_middle),
    "page-up": Case(chosen, lambda was, now: now < was - 10, in_middle),
    "letters": Case(
        lambda s: (chosen(s), choices(s).shown.start), lambda was, now: now[0] == was[1] + 2, in_middle, ("d",)
    ),
    "choose": Case(
        lambda s: (s.kind, s.session.trail.position, s.kind is TrailScreen and s.screen.visit.seq),
        lambda was, now: now[0] is WalkScreen and now[1] == was[2] != was[1],
        ("pageup", "up"),
    ),
    "export": becomes(lambda s: (written("trail-*")(s), "wrote" in s.text), (len(ENDINGS), True), no_walks),
    "export-walk": becomes(lambda s: (written("walk-*")(s), "wrote" in s.text), (len(ENDINGS), True), no_walks),
    "play": asked(False, this_walk, in_middle),
    "queue": asked(True, this_walk, in_middle),
    "name": becomes(lambda s: s.session.kept.name(s.session.walk_id), "dusk", no_name, after=(*"dusk", "enter")),
    "back": to(WalkScreen),
    "help": HELP[TrailScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("trail", CASES, tmp_path, monkeypatch)
