"""Every key binding of the app: one list that help, command palette, key rows and settings read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from tui.keynames import KeyNames, keyed
from tui.screens.bench.near import NearScreen
from tui.screens.bench.screen import BenchScreen
from tui.screens.bench.tree import TreeScreen
from tui.screens.bench.write import WriteScreen
from tui.screens.card import CardScreen
from tui.screens.empty import EmptyScreen
from tui.screens.evidence.screen import EvidenceScreen
from tui.screens.find import FindScreen
from tui.screens.gallery import GalleryScreen
from tui.screens.help import HelpScreen
from tui.screens.lens import LensScreen
from tui.screens.library.album import AlbumScreen
from tui.screens.library.albums import ArtistScreen
from tui.screens.library.listing import ListScreen
from tui.screens.map.screen import MapScreen
from tui.screens.network.screen import NetworkScreen
from tui.screens.palette.screen import PaletteScreen
from tui.screens.route.screen import RouteScreen
from tui.screens.shelf import ShelfScreen
from tui.screens.sql import SqlScreen
from tui.screens.trail import TrailScreen
from tui.screens.walk.alike import AlikeScreen
from tui.screens.walk.counts import Counts
from tui.screens.walk.screen import WalkScreen
from tui.screens.welcome import WelcomeScreen

APP_BINDINGS: list[BindingType] = [
    Binding("ctrl+l", "redraw", "redraw", id="app.redraw", tooltip="Send the whole screen again", show=False),
    Binding(
        "ctrl+z", "suspend_process", "suspend", id="app.suspend", tooltip="To the shell; fg comes back", show=False
    ),
    Binding("f12", "meter", "meter", id="app.meter", tooltip="Show what each key cost: bytes, time", show=False),
    Binding(
        "ctrl+k",
        "palette",
        "palette",
        id="app.palette",
        tooltip="Every action by name (or a right click)",
        priority=True,
        show=False,
    ),
    Binding("ctrl+c,ctrl+q", "quit", "quit", id="app.quit", tooltip="Leave", priority=True, show=False),
]
HOLDERS: dict[type[Any], str] = {  # screen or panel: what one is doing there
    WalkScreen: "walking",
    Counts: "what counts",
    FindScreen: "finding an album",
    LensScreen: "starting from a picture",
    ListScreen: "the library",
    AlbumScreen: "an album's page",
    ArtistScreen: "all sleeves of an artist",
    TrailScreen: "the trail",
    ShelfScreen: "the shelf",
    RouteScreen: "a route",
    AlikeScreen: "alike sleeves",
    MapScreen: "the map",
    BenchScreen: "the blend bench",
    WriteScreen: "writing a blend",
    NearScreen: "near a blend",
    TreeScreen: "the family tree of a blend",
    GalleryScreen: "the gallery",
    NetworkScreen: "the network",
    EvidenceScreen: "the evidence",
    SqlScreen: "the SQL behind a view",
    CardScreen: "the test card",
    HelpScreen: "help",
    PaletteScreen: "every action",
    WelcomeScreen: "beginning",
    EmptyScreen: "an empty library",
}


def bindings_of(bindings: list[BindingType]) -> list[Binding]:
    """A list of bindings as what it is."""
    return [binding for binding in bindings if isinstance(binding, Binding)]


def all_bindings() -> list[list[Binding]]:
    """The bindings of the app, then of each screen and panel."""
    return [bindings_of(APP_BINDINGS), *(bindings_of(holder.BINDINGS) for holder in HOLDERS)]


def binding_ids() -> tuple[str, ...]:
    """The id of every key binding that a person may give other keys."""
    return tuple(binding.id for bindings in all_bindings() for binding in bindings if binding.id)


def own_key_names(own: Mapping[str, str]) -> KeyNames:
    """What the keys are called once the person's `own` are in force."""
    return KeyNames(all_bindings(), own)


def acting(screen: Screen[Any]) -> Widget:
    """What the keys act on: the panel in focus, or the screen."""
    panel = screen.focused
    return panel if panel is not None and type(panel) in HOLDERS else screen


def help_for(holder: Widget, own: Mapping[str, str]) -> tuple[str, list[Binding]]:
    """(what one is doing there, its keys as the person has them) of a screen or a panel."""
    kind = type(holder)
    return HOLDERS.get(kind, "walking"), keyed(bindings_of(kind.BINDINGS) if kind in HOLDERS else [], own)
