"""Screens that write stops as files for other programs, in a thread, and say where they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.message import Message
from textual.screen import ScreenResultType

from store.errors import LibraryError
from store.records import Album
from store.text import key
from tui.pictures.painter import CoverSource
from tui.screens.base import DrawnScreen

if TYPE_CHECKING:
    from pipelines.exports.walk import Stop
    from store.catalogue.files import Playable


def file_name(name: str) -> str:
    """The start of the names of a walk's files: letters and digits of its name, `walk` where there are none."""
    return "-".join(key(name).split())[:60].rstrip("-") or "walk"


@dataclass(frozen=True, slots=True)
class Exporter:
    """What an export needs: covers, the folder that it goes into, and what the player knows of albums."""

    covers: CoverSource
    folder: Path
    playable: Callable[[list[Album]], list[Playable]]

    def write(self, stops: list[Stop], name: str) -> str:
        """Write in every format; what was written, for people. LibraryError or OSError where it cannot be."""
        from pipelines.exports.walk import export_walk

        name = f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
        written = export_walk(stops, self.covers, self.folder, name, self.playable([stop.album for stop in stops]))
        kinds = " ".join(path.suffix[1:] for path in written)
        many = f"{len(stops):,} stop{'s' if len(stops) != 1 else ''}"
        return f"wrote {many}: {self.folder / name}.* ({kinds})"


class ExportingScreen(DrawnScreen[ScreenResultType]):
    """Has an exporter."""

    @dataclass
    class Exported(Message):
        """What was written, or why it was not."""

        said: str
        error: bool

    def __init__(self, exporter: Exporter) -> None:
        super().__init__()
        self.exporter = exporter

    def export(self, stops: list[Stop], name: str) -> None:
        """Write the stops as `name`, a start of file names."""
        self.say("writing …")
        self._export(stops, name)

    @work(thread=True, group="export")
    def _export(self, stops: list[Stop], name: str) -> None:
        try:
            self.post_message(self.Exported(self.exporter.write(stops, name), error=False))
        except (LibraryError, OSError) as error:
            self.post_message(self.Exported(f"not written: {error}", error=True))

    def on_exporting_screen_exported(self, message: Exported) -> None:
        """Say where it is."""
        self.say(message.said, message.error)
