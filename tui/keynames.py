"""What keys are called on screen, and which ones an action has as the person set them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple, Protocol, cast

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import _character_to_key, key_to_character

NAMES = {
    "slash": "/",
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "Esc",
    "enter": "Enter",
    "backspace": "Backspace",
    "colon": ":",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "tab": "Tab",
    "space": "space",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}
NO_KEY = "no key"


class Hint(NamedTuple):
    """One entry of a row of keys: how its keys are shown where they are as they come, what they do, their ids."""

    shown: str
    does: str
    ids: tuple[str, ...] = ()


def keys_of(place: str, group: str = "") -> Callable[[str, str, str, str, str], Binding]:
    """A maker of bindings: (keys, action, what it is called, its name for the id `place.name`, tooltip).

    `group`: the heading that they are under in the help.
    """
    under = Binding.Group(group) if group else None
    return lambda keys, action, does, name, tip: Binding(
        keys, action, does, id=f"{place}.{name}", tooltip=tip, group=under
    )


class KeyNames:
    """The keys of every binding by its id."""

    def __init__(self, holders: Iterable[Iterable[Binding]], own: Mapping[str, str]) -> None:
        """`holders`: bindings that act at the same place; `own`: keys that the person chose, by id."""
        self._keys: dict[str, str] = {}
        self._changed: set[str] = set()
        for bindings in holders:
            for was, now in zip(bindings, keyed(bindings, own), strict=True):
                if now.id:
                    self._keys[now.id] = now.key
                    if now.key != was.key:
                        self._changed.add(now.id)

    def __call__(self, binding_id: str) -> str:
        """The first key of a binding as people call it."""
        return key_name(self._keys[binding_id])

    def key(self, binding_id: str) -> str:
        """The first key of a binding in Textual's long name, '' where it has none."""
        return self._keys[binding_id].split(",")[0]

    def shown(self, hint: Hint) -> str:
        """The keys of a hint: as it comes, or one by one where a person changed any of them."""
        if self._changed.isdisjoint(hint.ids):
            return hint.shown
        return " ".join(dict.fromkeys(self(binding_id) for binding_id in hint.ids))


class HasKeyNames(Protocol):
    """An app that knows what its keys are called."""

    key_names: KeyNames


def key_names(node: DOMNode) -> KeyNames:
    """The names of the app that a widget or screen belongs to."""
    return cast(HasKeyNames, node.app).key_names


def keyed(bindings: Iterable[Binding], own: Mapping[str, str]) -> list[Binding]:
    """Bindings of one place with the keys that the person chose; a key given to one is taken from the others.

    A binding that is left without a key has the key "".
    """
    bindings = list(bindings)
    given = {key: b.id for b in bindings if b.id and b.id in own for key in split_keys(own[b.id])}
    found = []
    for binding in bindings:
        keys = split_keys(own.get(binding.id or "", binding.key))
        kept = [key for key in keys if given.get(key, binding.id) == binding.id]
        found.append(replace(binding, key=",".join(kept)))
    return found


def split_keys(keys: str) -> list[str]:
    """The keys of a list with commas, in Textual's long names."""
    return [_character_to_key(key) if len(key) == 1 else key for key in map(str.strip, keys.split(",")) if key]


def key_name(keys: str) -> str:
    """The first of the keys of a binding as people call it."""
    *held, key = keys.split(",")[0].split("+")
    if not key:
        return NO_KEY
    name = NAMES.get(key) or (key if len(key) == 1 else key_to_character(key) or key.capitalize())
    if held and len(name) == 1:
        name = name.upper()
    return "-".join([*(part.capitalize() for part in held), name])
