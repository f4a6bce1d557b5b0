"""What the app works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tui.config import Config
from tui.pictures.painter import CoverSource
from tui.screens.find import Finder
from tui.screens.lens import Looker
from tui.screens.library.listing import Added
from tui.screens.map.screen import Mapper
from tui.screens.route.screen import Router
from tui.terminal.look import TerminalLook
from tui.walk.session import Session
from tui.workers.decoder import Decoder
from tui.workers.jukebox import Opens, open_player

if TYPE_CHECKING:
    from store.database.library import Library


@dataclass(slots=True)
class Setup:
    """What the app works with: a library opened, and what a person and a terminal want of it."""

    session: Session | None  # None: the library has no albums
    covers: CoverSource
    find: Finder
    router: Router
    library_path: Path
    blends_dir: Path
    decoder: Decoder
    mapper: Mapper | None = None  # called off the screen's thread
    library: Library | None = None
    look: TerminalLook = field(default_factory=TerminalLook)
    config: Config = field(default_factory=Config)
    welcome: bool = False  # explain the screen before the walk begins
    added: Added | None = None  # when each row of the snapshot was added; reads the library
    looker: Looker | None = None  # what a photo shows; None: no cover is indexed
    picture: Path | None = None  # a photo to begin with
    opens_player: Opens = open_player
