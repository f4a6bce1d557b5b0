"""The config file: what it sets, and every mistake in one line that names the file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pipelines.players.settings import mpd_place
from store.records import Weights
from tests.tui.support.app import ready, rows_of, screen_text, until, walk_of
from tests.tui.support.fakes import make_app
from tui.config import Config, ConfigError, configured, keep_settings, lastfm_key, load_config, player_settings
from tui.screens.evidence.run import validate_command
from tui.screens.find import FindScreen
from tui.screens.help import HelpScreen
from tui.screens.registry import binding_ids
from tui.screens.walk.screen import WalkScreen
from tui.screens.welcome import WelcomeScreen
from tui.terminal.brands import CELLS
from tui.terminal.choice import PICTURES

ROOT = Path(__file__).parents[2]
THEMES = ("night", "paper")
IDS = ("walk.find", "walk.walk", "find.back")


def test_what_is_set_and_what_stays(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    assert load_config(path, THEMES, IDS) == Config()
    path.write_text(
        'theme = "paper"\npictures = "sixel"\noutput = "stock"\n'
        '[weights]\ncover = 2\nera = 0\n[keys]\nwalk.find = "ctrl+f, x"\n"find.back" = "x"\n'
    )
    config = load_config(path, THEMES, IDS)
    assert config == Config(
        "paper", Weights(cover=2, era=0), {"walk.find": "ctrl+f,x", "find.back": "x"}, "sixel", "stock"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theme = ", "no TOML"),
        ("\xff", "no TOML"),
        ('them = "paper"', "'them' is no setting"),
        ('pictures = "jpeg"', "none of auto, cells, kitty, sixel, iterm"),
        ('output = "loud"', "none of thrifty, stock"),
        ('theme = "pink"', "none of night, paper"),
        ("theme = [1]", "none of night, paper"),
        ("weights = 1", "weights is a table"),
        ("[weights]\nsleeve = 1", "weights.sleeve is none of cover"),
        ("[weights]\ncover = -1", "from 0 to 100"),
        ("[weights]\ncover = nan", "from 0 to 100"),
        ("[weights]\ncover = true", "from 0 to 100"),
        ("[weights]\ncover = 0\ntags = 0\nartist = 0\nera = 0\npopularity = 0", "one of them has to count"),
        ("lastfm = 1", "lastfm is a table"),
        ("[lastfm]\napi_key = 5", "lastfm is a table"),
        ("[subsonic]\nurl = 5", "subsonic is a table"),
        ('[subsonic]\nhost = "x"', "subsonic is a table"),
        ("web = 1", "web is a table"),
        ("x = " + "[" * 5000, "no TOML"),
        ('"\x1b[31m" = 1', "no TOML"),
        ('"\\u001b[31m" = 1', "is no setting"),
        ("keys = 1", "keys is a table"),
        ('[keys]\n"walk.fly" = "x"', "walk.fly is no action"),
        ('[keys]\n"walk.find" = 1', "has to be keys"),
        ('[keys]\n"walk.find" = ""', "has to be keys"),
        ('[keys]\n"walk.find" = "x"\n"walk.walk" = "x"', "given to both walk.find and walk.walk"),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        load_config(path, THEMES, IDS)
    assert said in caught.value.message
    assert str(path) in caught.value.message and caught.value.message.isprintable()


def test_a_key_of_lastfm_stops_neither_the_app_nor_a_look_at_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('pictures = "sixel"\n[lastfm]\napi_key = "abc"\n')
    assert load_config(path, THEMES, IDS) == Config(pictures="sixel")
    assert configured(path, "pictures", PICTURES) == "sixel"


@pytest.mark.parametrize("line", ['mpd_password = "hunter2"', 'mpd = "hunter2@box:6600"'])
def test_a_file_with_a_password_of_mpd_is_for_its_owner_alone(tmp_path: Path, line: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"[player]\n{line}\n")
    config.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600") as caught:
        player_settings(config)
    assert "hunter2" not in caught.value.message
    config.chmod(0o600)
    assert mpd_place(player_settings(config), {})[2] == "hunter2"


def test_the_key_of_lastfm_is_the_environments_or_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.toml"
    monkeypatch.delenv("LASTFM_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="set LASTFM_API_KEY"):
        lastfm_key(config)
    config.write_text('[lastfm]\napi_key = "b25b959554ed76058ac220b7b2e0a026"\n')
    config.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600") as caught:
        lastfm_key(config)
    assert "b25b" not in caught.value.message
    config.chmod(0o600)
    assert lastfm_key(config) == "b25b959554ed76058ac220b7b2e0a026"
    monkeypatch.setenv("LASTFM_API_KEY", "from the environment")
    assert lastfm_key(config) == "from the environment"


def test_a_folder_with_modules_of_our_names_changes_nothing(tmp_path: Path) -> None:
    for name in ("store.py", "tui.py", "vae.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')")
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "__init__.py").write_text("raise SystemExit('shadowed')")
    command = [*validate_command(tmp_path / "library"), "--help"]
    ran = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert ran.returncode == 0 and "Usage: " in ran.stdout, ran.stderr


def test_every_binding_has_an_id_of_its_own() -> None:
    ids = binding_ids()
    assert len(ids) == len(set(ids)) > 40


async def test_chosen_keys_act_and_are_what_help_shows() -> None:
    app = make_app(config=Config("paper", Weights(), {"walk.find": "f2"}))
    async with app.run_test(size=(80, 30)) as pilot:
        await ready(pilot)
        await pilot.press("slash")
        assert isinstance(app.screen, WalkScreen)
        assert "F2 find" in rows_of(walk_of(app), "#keys")[0]
        await pilot.press("question_mark")
        await until(pilot, lambda: any("F2" in row and "Find an album" in row for row in screen_text(app)))
        await pilot.press("escape", "f2")
        await until(pilot, lambda: isinstance(app.screen, FindScreen))


async def test_help_that_does_not_fit_scrolls() -> None:
    app = make_app()
    async with app.run_test(size=(80, 20)) as pilot:
        await ready(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await until(pilot, lambda: any("more: ↑↓" in row for row in screen_text(app)))
        assert not any("Leave" in row for row in screen_text(app))
        await pilot.press(*["down"] * 5)
        await until(pilot, lambda: any("Leave" in row for row in screen_text(app)))


async def test_the_first_run_explains_itself() -> None:
    app = make_app()
    app.setup.welcome = True
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, WelcomeScreen))
        await until(pilot, lambda: any("Enter begins" in row for row in screen_text(app)))
        await pilot.press("enter")
        await ready(pilot)


@pytest.mark.parametrize(
    "line", ['cells="half"', '"cells" = "half"', "'cells'='half'", 'cells\t= "half"', ' cells = "half"']
)
def test_a_setting_takes_the_place_of_its_line_however_it_is_written(tmp_path: Path, line: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'# cells = "old"\n{line}\ntheme = "paper"\n')
    keep_settings(path, {"cells": "octants"})
    assert path.read_text() == 'cells = "octants"\n# cells = "old"\ntheme = "paper"\n'


def test_a_setting_that_is_written_in_a_way_of_its_own_is_left_to_the_person(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('"c\\u0065lls" = "half"\n')
    assert configured(path, "cells", CELLS) == "half"
    with pytest.raises(ConfigError, match=r'write cells = "octants" into .*config.toml yourself'):
        keep_settings(path, {"cells": "octants"})
    assert configured(path, "cells", CELLS) == "half"


def test_a_setting_is_kept_and_all_else_stays(tmp_path: Path) -> None:
    real, path = tmp_path / "dotfiles.toml", tmp_path / "made" / "config.toml"
    path.parent.mkdir()
    keep_settings(path, {"cells": "octants"})
    assert path.read_text() == 'cells = "octants"\n'
    real.write_text('# mine\ntheme = "paper"\ncells="half"  # old\n\n[lastfm]\napi_key = "x"\n')
    real.chmod(0o600)
    path.unlink()
    path.symlink_to(real)
    keep_settings(path, {"cells": "sextants", "pictures": "cells"})
    assert real.read_text() == (
        'cells = "sextants"\npictures = "cells"\n# mine\ntheme = "paper"\n\n[lastfm]\napi_key = "x"\n'
    )
    assert path.is_symlink() and real.stat().st_mode & 0o777 == 0o600
    real.write_text("cells = [")
    with pytest.raises(ConfigError, match="no TOML"):
        keep_settings(path, {"cells": "half"})
    assert real.read_text() == "cells = ["
