"""How a library is opened into the app, and the app run to its end."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from pipelines.folders import config_file
from tui.app import Setup, SleevewalkApp
from tui.config import Config, load_config, wanted
from tui.palette import THEMES
from tui.screens.registry import binding_ids
from tui.terminal.choice import Asked
from tui.terminal.look import TerminalLook
from tui.terminal.output import app_class, chosen_output
from tui.walk.session import Session
from tui.walk.trail import Trail
from tui.workers.decoder import Decoder
from tui.workers.lettering import LetteringBeside
from tui.workers.notebook import Notebook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from pipelines.blends.recipe_to_file import Blender
    from pipelines.lens.lens import Lens
    from store.database.library import Library
    from store.memory.snapshot import Snapshot
    from store.neighbors.neighborhood import Neighborhood
    from tui.screens.lens import Looker

TRAIL_KEPT = 1000  # stops of earlier walks that the trail goes back to


def recorded_trail(snapshot: Snapshot) -> Trail | None:
    """The walks recorded so far, the latest TRAIL_KEPT stops of them; stops not in the library now are left out."""
    known = [step for step in snapshot.personal.walks if snapshot.row(step.album_id) is not None]
    return Trail.of_steps(known[-TRAIL_KEPT:])


def _added(library: Library, snapshot: Snapshot) -> NDArray[np.datetime64]:
    with library.read() as con:
        return snapshot.added(con)


def _looker(decoder: Decoder, neighborhood: Neighborhood, library: Library) -> Looker:
    """Says what a photo shows, by the model that the decoder's thread owns."""

    @cache
    def lens(blender: Blender) -> Lens:
        from pipelines.lens.lens import Lens
        from store.catalogue.covers import CoverFiles

        return Lens(neighborhood, CoverFiles(library.covers_dir), lambda: blender.codec)

    return lambda path: decoder.job(lambda blender: lens(blender).look_at(path))


def app_of(
    library: Library,
    start_album: str | None = None,
    look: TerminalLook | None = None,
    config: Config | None = None,
    neighborhood: Neighborhood | None = None,
    kind: type[SleevewalkApp] = SleevewalkApp,
    these: Sequence[str] = (),
    picture: Path | None = None,
) -> tuple[SleevewalkApp, Notebook]:
    """The app on a library, and what writes its personal records. LibraryError where the library cannot be read.

    `neighborhood`: of this library, if it is open already. `kind`: the app as its output needs it. `these`: the
    album_ids that it begins with as a filter and as a list. `picture`: a photo that it looks at first.
    """
    from pipelines.blends.recipe_to_file import open_blender
    from store.catalogue.covers import CoverFiles
    from store.neighbors.cover_map import open_maps
    from store.neighbors.neighborhood import open_neighborhood
    from store.neighbors.search import search
    from store.neighbors.trips import find_trip
    from store.personal.records import Personal

    config = config or Config()
    neighborhood = neighborhood or open_neighborhood(library)
    notebook = Notebook(Personal(library))
    session = None
    if len(neighborhood.snapshot):
        snapshot = neighborhood.snapshot
        trail, kept = recorded_trail(snapshot), snapshot.personal
        session = Session(neighborhood, start_album, config.weights, notebook, None, trail, kept)
        if these:
            session.only(f"list:{snapshot.own.give(these)}")
    decoder = Decoder(partial(open_blender, library))
    setup = Setup(
        session,
        CoverFiles(library.covers_dir),
        search,
        find_trip,
        library.path,
        library.blends_dir,
        decoder,
        mapper=partial(open_maps, library, neighborhood),
        library=library,
        added=partial(_added, library, neighborhood.snapshot),
        look=look or TerminalLook(),
        config=config,
        welcome=session is not None and picture is None and not neighborhood.snapshot.personal.walks,
        looker=None if neighborhood.index is None else _looker(decoder, neighborhood, library),
        picture=picture,
    )
    return kind(setup), notebook


def run_app(
    library: Library,
    start_album: str | None = None,
    neighborhood: Neighborhood | None = None,
    asked: Asked | None = None,
    these: Sequence[str] = (),
    picture: Path | None = None,
) -> int:
    """Open a library and walk it until the person leaves; the exit status for the shell.

    `start_album` is an album_id; without one the walk goes on where the last one ended. `asked` is what the terminal
    answered, for which it was prepared before this module was imported. `neighborhood`: of this library, if it is open.
    `these`, `picture`: see `app_of`. Raises LibraryError where the library cannot be read.
    """
    config = load_config(config_file(), tuple(theme.name for theme in THEMES), binding_ids())
    asked = asked or Asked()
    look = asked.look
    output = chosen_output(*wanted("output", look.output, config.output))
    kind = app_class(SleevewalkApp, output.name)
    app, notebook = app_of(library, start_album, look, config, neighborhood, kind, these, picture)
    lettering = LetteringBeside(library.path)
    try:
        app.use(asked)
        if output.refused:
            app.remark = f"{output.why}: drawn by --output stock"
        if session := app.setup.session:
            app.remark = " · ".join([*session.snapshot.own.problems, app.remark]).removesuffix(" · ")
        app.run()
    finally:
        lettering.close()
        app.evidence.close()
        app.jukebox.close()
        app.setup.decoder.close()
        notebook.close()
        notebook.personal.flush()
    return app.return_code or 0
