"""Which way frames go out: `thrifty`, the fewest bytes, or `stock`, Textual's own."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar, cast

from tui.terminal import TEXTUAL

if TYPE_CHECKING:
    from tui.terminal.display import Display

OUTPUTS = ("thrifty", "stock")
Kind = TypeVar("Kind", bound="Display")


@dataclass(frozen=True, slots=True)
class Output:
    """The output, and why it."""

    name: str  # one of OUTPUTS
    why: str
    refused: bool = False  # the thrifty one was to be taken and cannot be


def chosen_output(wanted: str, source: str, textual: str | None = None) -> Output:
    """The output where `source` asks for `wanted`, one of OUTPUTS; `textual`: the installed version."""
    textual = textual or version("textual")
    if wanted == "thrifty" and textual != TEXTUAL:
        return Output("stock", f"Textual is {textual}, and only {TEXTUAL} is known to the thrifty output", refused=True)
    return Output(wanted, source)


def app_class(kind: type[Kind], output: str) -> type[Kind]:
    """The app `kind` as it goes out that way; the private names of Textual are imported for `thrifty` only."""
    if output == "stock":
        return kind
    from tui.terminal.thrifty import ThriftyDisplay

    members = {"__module__": kind.__module__, "__doc__": kind.__doc__}  # Textual looks for CSS beside the module
    return cast("type[Kind]", type(kind.__name__, (ThriftyDisplay, kind), members))
