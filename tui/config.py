"""A person's own settings: `config.toml` in the platform's folder. Every mistake in it is told in one line."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import click
from msgspec import Meta, Struct

from pipelines.players.player import KINDS
from pipelines.players.settings import PAGES, PlayerSettings, has_password
from store.database.atomic import atomic_file
from store.records import DEFAULT_WEIGHTS, SIGNALS, Weights
from store.shapes import BadShape, from_plain
from store.text import clean
from tui.terminal.brands import CELLS
from tui.terminal.choice import PICTURES
from tui.terminal.output import OUTPUTS

LASTFM_VARIABLE = "LASTFM_API_KEY"
SUBSONIC_VARIABLE = "SLEEVEWALK_SUBSONIC_PASSWORD"
SECTIONS = ("theme", "pictures", "cells", "output", "weights", "keys", "lastfm", "web", "player", "subsonic")
T = TypeVar("T")

# What stands below each [section] of the file, for people.
_BELOW = {
    "weights": "numbers from 0 to 100, such as cover = 1.0",
    "keys": 'each has to be keys in quotes, such as "walk.find" = "ctrl+f"',
    "lastfm": 'api_key = "…"',
    "web": 'contact = "you@example.org"',
    "subsonic": "url, user and password in quotes",
    "player": f"{', '.join(one.name for one in fields(PlayerSettings))}, each in quotes",
}


class _Lastfm(Struct, forbid_unknown_fields=True):
    api_key: str = ""


class _Web(Struct, forbid_unknown_fields=True):
    contact: Annotated[str, Meta(max_length=100, pattern="^[ -~]*$")] = ""


class _Subsonic(Struct, forbid_unknown_fields=True):
    url: str = ""
    user: str = ""
    password: str = ""


class ConfigError(click.ClickException):
    """The file says something that cannot be meant; the message names the file and what to do."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(clean(message, 1000))


class NoKey(ConfigError):
    """No key anywhere: the file may be as it should."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Config:
    """What the file may set; what it does not set stays as it comes."""

    theme: str | None = None
    weights: Weights = DEFAULT_WEIGHTS
    keys: Mapping[str, str] = field(default_factory=dict)  # id of a binding -> keys, separated by commas
    pictures: str = "auto"  # one of PICTURES
    output: str = "thrifty"  # one of OUTPUTS
    player: PlayerSettings = field(default_factory=PlayerSettings)
    cells: str = "auto"  # one of CELLS


def load_config(path: Path, themes: tuple[str, ...], ids: tuple[str, ...]) -> Config:
    """The settings in `path`, or the defaults where there is no such file. ConfigError for the first mistake.

    `themes` and `ids` are the names that a theme and a binding may have.
    """
    found = read_settings(path)
    for name, shape in (("lastfm", _Lastfm), ("web", _Web), ("subsonic", _Subsonic)):
        _section(path, found, name, shape)
    return Config(
        _one_of(path, "theme", found["theme"], themes) if "theme" in found else None,
        _weights(path, found),
        _keys(path, found, ids),
        _one_of(path, "pictures", found.get("pictures", "auto"), PICTURES),
        _one_of(path, "output", found.get("output", "thrifty"), OUTPUTS),
        _player(path, found),
        _one_of(path, "cells", found.get("cells", "auto"), CELLS),
    )


def configured(path: Path, name: str, names: tuple[str, ...]) -> str:
    """One setting of the file, for a look at the terminal alone; the first of `names` where the file has a mistake."""
    try:
        return _one_of(path, name, read_settings(path).get(name, names[0]), names)
    except ConfigError:
        return names[0]


def wanted(name: str, flag: str | None, setting: str) -> tuple[str, str]:
    """(what is asked for, what asks for it): the flag `--name` goes before the file's setting."""
    if flag:
        return flag, f"--{name}"
    return setting, "by default" if setting == getattr(Config(), name) else f"{name} in config.toml"


def lastfm_key(path: Path) -> str:
    """The API key of Last.fm from LASTFM_API_KEY, else from `[lastfm]` in the file at `path`.

    NoKey where there is none, ConfigError where others can read a file that holds one.
    """
    found = os.environ.get(LASTFM_VARIABLE, "").strip()
    if not found:
        found = _section(path, read_settings(path), "lastfm", _Lastfm).api_key.strip()
        if found:
            _for_me_alone(path)
    if not found:
        raise NoKey(
            f'no Last.fm API key: set {LASTFM_VARIABLE}, or write [lastfm] and api_key = "…" into {path} (mode 0600); '
            "keys are free at https://www.last.fm/api/account/create"
        )
    return found


def web_contact(path: Path) -> str:
    """`contact` of `[web]` in the file at `path`: an address or a mail, that services on the web may want to know."""
    return _section(path, read_settings(path), "web", _Web).contact


def player_settings(path: Path) -> PlayerSettings:
    """What `[player]` in the file at `path` says. ConfigError for what cannot be meant."""
    return _player(path, read_settings(path))


def subsonic_login(path: Path) -> tuple[str, str, str]:
    """(address, user, password) of a Subsonic server, each '' where it is not set: from `[subsonic]` in the file, the
    password from SLEEVEWALK_SUBSONIC_PASSWORD before that. ConfigError where others can read a file that holds one.
    """
    login = _section(path, read_settings(path), "subsonic", _Subsonic)
    if login.password:
        _for_me_alone(path)
    return login.url, login.user, os.environ.get(SUBSONIC_VARIABLE, "") or login.password


def read_settings(path: Path) -> dict[str, Any]:
    """The sections of the file at `path`, none where there is no file. ConfigError where it is no TOML of ours."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is no TOML: {clean(str(error), 200)}") from error
    for name in found:
        if name not in SECTIONS:
            raise ConfigError(f"{path}: {clean(name, 40)!r} is no setting; there are {', '.join(SECTIONS)}")
    return found


def keep_settings(path: Path, settings: Mapping[str, str]) -> None:
    """Write settings of text into the file at `path`, each in place of its line or above all else; the rest of the file
    stays. OSError or LibraryError where that fails, ConfigError where what is there is no TOML of ours.
    """
    read_settings(path)
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    tables = next((at for at, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    kept = [line for line in lines[:tables] if line.partition("=")[0].strip().strip("\"'") not in settings]
    own = [f'{name} = "{value}"' for name, value in settings.items()]
    text = "\n".join([*own, *kept, *lines[tables:], ""])
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:  # written in a way that was not found
        raise ConfigError(f"write {', '.join(own)} into {path} yourself: another line there sets it") from error
    path = path.resolve()  # a link to where a person keeps such files stays one
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = stat.S_IMODE(path.stat().st_mode) if path.is_file() else 0o644
    with atomic_file(path) as beside:
        beside.write_text(text, encoding="utf-8")
        beside.chmod(mode)


def _section(path: Path, found: Mapping[str, Any], name: str, shape: type[T]) -> T:
    """What the file says there, as a value of `shape`."""
    try:
        return from_plain(found.get(name, {}), shape)
    except BadShape as error:
        raise ConfigError(f"{path}: {name} is a table, [{name}] and below it {_BELOW[name]} ({error})") from error


def _player(path: Path, found: Mapping[str, Any]) -> PlayerSettings:
    names, table = tuple(one.name for one in fields(PlayerSettings)), _section(path, found, "player", dict[str, str])
    for name in table:
        if name not in names:
            raise ConfigError(f"{path}: player.{clean(name, 40)} is none of {', '.join(names)}")
    settings = PlayerSettings(**table)
    _one_of(path, "player.use", settings.use, ("auto", *KINDS))
    if not settings.page_address.startswith(("https://", "http://")):
        raise ConfigError(f"{path}: player.page is neither an address nor one of {', '.join(PAGES)}")
    if settings.mpd_password or has_password(settings.mpd):
        _for_me_alone(path)
    return settings


def _for_me_alone(path: Path) -> None:
    """ConfigError where others can read the file, which holds a secret."""
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"others can read {path}, and it holds a key or a password: chmod 600 {path}")


def _one_of(path: Path, setting: str, name: Any, names: tuple[str, ...]) -> str:
    if name not in names:
        raise ConfigError(f"{path}: {setting} {name!r} is none of {', '.join(names)}")
    return str(name)


def _weights(path: Path, found: Mapping[str, Any]) -> Weights:
    table = _section(path, found, "weights", dict[str, Annotated[float, Meta(ge=0, le=100)]])
    for signal in table:
        if signal not in SIGNALS:
            raise ConfigError(f"{path}: weights.{signal} is none of {', '.join(SIGNALS)}")
    weights = replace(Weights(), **table)
    if not any(getattr(weights, signal) > 0 for signal in SIGNALS):
        raise ConfigError(f"{path}: all weights are 0; one of them has to count")
    return weights


def _keys(path: Path, found: Mapping[str, Any], ids: tuple[str, ...]) -> dict[str, str]:
    table = _section(path, found, "keys", dict[str, str | dict[str, str]])
    # Dotted names without quotes arrive as tables in tables: walk.find = "x" is the same as "walk.find" = "x".
    flat: dict[str, str] = {}
    for name, value in table.items():
        flat |= {f"{name}.{part}": keys for part, keys in value.items()} if isinstance(value, dict) else {name: value}
    used: dict[tuple[str, str], str] = {}
    for name, keys in flat.items():
        if name not in ids:
            raise ConfigError(f"{path}: keys.{name} is no action; `sleevewalk doctor` lists them under config")
        if not all(key.strip() for key in keys.split(",")):
            raise ConfigError(f'{path}: keys.{name} is {keys!r}, and has to be keys such as "ctrl+f" or "x,y"')
        for key in keys.split(","):
            other = used.setdefault((name.split(".")[0], key.strip()), name)
            if other != name:
                raise ConfigError(f"{path}: {key.strip()!r} is given to both {other} and {name}")
    return {name: ",".join(key.strip() for key in keys.split(",")) for name, keys in flat.items()}
