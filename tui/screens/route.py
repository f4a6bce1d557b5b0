"""A route to a chosen album: a filmstrip of covers with the reason of each step, to walk along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from store.errors import LibraryError
from store.neighbors.trips import MOST_STEPS, Wishes
from store.records import Album, Route, Weights, strongest
from tui.keynames import Hint, key_names
from tui.palette import SIGNAL_LETTERS
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.screens.walk.details import bar
from tui.text import cut, pad, plain, width, wrap
from tui.walk.session import Session
from tui.widgets.bars import KeysLine
from tui.widgets.cover import Captioned
from tui.widgets.lines import Lines, Span, wrapped

KEYS = [
    Hint("←→", "look along", ("route.previous", "route.next")),
    Hint("Enter", "walk to here", ("route.walk",)),
    Hint("a", "stop", ("route.add",)),
    Hint("+ -", "longer, shorter", ("route.longer", "route.shorter")),
    Hint("v", "another way", ("route.vary",)),
    Hint("o", "one an artist", ("route.one-an-artist",)),
    Hint("Esc", "back to the walk", ("route.back",)),
    Hint("?", "keys", ("route.help",)),
]
FRAMES = 8  # covers side by side at most
NARROWEST = 19  # columns of a frame
CAPTION = 6  # rows below a cover


class Router(Protocol):
    """Finds the route over albums, by their ids."""

    def __call__(
        self, neighborhood: Any, stops: Sequence[str], wishes: Wishes, weights: Weights, should_stop: Callable[[], bool]
    ) -> Route: ...


class RouteScreen(DrawnScreen[list[str] | None]):
    """Answers with the album_ids to walk through, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,down,j", "move(1)", "next", id="route.next", tooltip="The next step"),
        Binding("left,h,up,k", "move(-1)", "previous", id="route.previous", tooltip="The step before"),
        Binding("end", "move(999)", "last", id="route.last", tooltip="The end of the route"),
        Binding("home", "move(-999)", "first", id="route.first", tooltip="The start of the route"),
        Binding("enter", "walk", "walk to here", id="route.walk", tooltip="Walk along the route to this album"),
        Binding("a", "add", "add a stop", id="route.add", tooltip="Add an album to stop at before the last one"),
        Binding("plus,equals_sign", "length(1)", "longer", id="route.longer", tooltip="One step more"),
        Binding("minus", "length(-1)", "shorter", id="route.shorter", tooltip="One step fewer"),
        Binding("v", "vary", "another way", id="route.vary", tooltip="Another way to the same album"),
        Binding("o", "one_an_artist", "one an artist", id="route.one-an-artist", tooltip="One album an artist, or any"),
        Binding("0", "plain", "no wishes", id="route.plain", tooltip="The strongest route again, over the same stops"),
        Binding("P", "hear(False)", "play", id="route.play", tooltip="Play the whole route"),
        Binding("O", "hear(True)", "queue", id="route.queue", tooltip="Queue the whole route"),
        Binding("escape,q", "dismiss(None)", "back", id="route.back", tooltip="Back to the walk"),
        Binding("question_mark", "app.help", "keys", id="route.help", tooltip="These keys"),
    ]

    @dataclass
    class Found(Message):
        """The answer."""

        route: Route

    def __init__(
        self,
        session: Session,
        painter: CoverPainter,
        router: Router,
        goal: Album,
        finder: Callable[[str, str], Screen[str | None]],
    ) -> None:
        """`finder(what it asks, what it does)` is a screen that asks for an album."""
        super().__init__()
        self.session = session
        self.router = router
        self.finder = finder
        self.stops = [session.here, goal]
        self.wishes = Wishes(chosen=session.filter)
        self.route: Route | None = None  # None while it is looked for
        self.chosen = 0
        self._left = False  # the person went back: the search ends
        self._question = 0  # an answer to an earlier one is dropped
        self._first = 0
        self.film = Captioned(painter, FRAMES, id="film")

    def compose(self) -> ComposeResult:
        """Heading, film, the chosen step, keys."""
        yield Lines(id="route-head")
        yield self.film
        yield Lines(id="route-step")
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """Look for it off the screen's thread."""
        self._look()

    def _look(self, **changes: int | None) -> None:
        self.wishes = replace(self.wishes, **changes)  # type: ignore[arg-type]
        self.route, self._question = None, self._question + 1
        self.redraw()
        self._search(self._question, [stop.album_id for stop in self.stops], self.wishes, self.session.weights)

    def on_unmount(self) -> None:
        """Nobody waits for it any more."""
        self._left = True

    @work(thread=True, group="route", exclusive=True)
    def _search(self, question: int, stops: list[str], wishes: Wishes, weights: Weights) -> None:
        def is_old() -> bool:
            return self._left or question != self._question

        try:
            route = self.router(self.session.neighborhood, stops, wishes, weights, is_old)
        except LibraryError as error:
            route = Route((), None, str(error))
        if not is_old():
            self.post_message(self.Found(route))

    def on_route_screen_found(self, message: Found) -> None:
        """Show it, at its end."""
        self.route = message.route
        self.chosen = max(0, len(message.route.steps) - 1)
        self.redraw()

    @work
    async def action_add(self) -> None:
        """Ask for an album to stop at."""
        album_id = await self.app.push_screen_wait(self.finder("stop at which album on the way?", "add the stop"))
        if album_id is not None and all(album_id != stop.album_id for stop in self.stops):
            self.stops.insert(-1, self.session.album(album_id))
            self._look()

    def action_length(self, more: int) -> None:
        """So many steps more than there are, or than were asked for in vain."""
        steps = len(self.route.steps) - 1 if self.route is not None and self.route.steps else self.wishes.steps
        if steps is not None:
            self._look(steps=min(max(steps + more, len(self.stops) - 1), MOST_STEPS))

    def action_vary(self) -> None:
        """The next other way, as long as it has to be."""
        self._look(vary=0 if self.wishes.vary is None else self.wishes.vary + 1)

    def action_one_an_artist(self) -> None:
        """One album an artist, or as many as there are."""
        self._look(per_artist=1 if self.wishes.per_artist is None else None)

    def action_plain(self) -> None:
        """The strongest route again."""
        self._look(steps=None, per_artist=None, vary=None)

    def action_move(self, step: int) -> None:
        """Another step of the route."""
        if self.route is not None and self.route.steps:
            self.chosen = max(0, min(len(self.route.steps) - 1, self.chosen + step))
            self.redraw()

    def action_walk(self) -> None:
        """Walk there, with every album on the way as a stop."""
        if self.route is not None and self.route.steps and self.chosen > 0:
            self.dismiss([step.album.album_id for step in self.route.steps[1 : self.chosen + 1]])

    def action_hear(self, queue: bool) -> None:
        """Play the albums of the route in its order, or queue them."""
        if self.route is not None and self.route.steps:
            self.hear([step.album for step in self.route.steps], queue)

    def redraw(self) -> None:
        """Draw what was found, or that it is looked for."""
        head = self.query_one("#route-head", Lines)
        palette, cells = head.palette, max(1, head.size.width)
        steps = () if self.route is None else self.route.steps
        ends = " → ".join(plain(stop.title) or "untitled" for stop in self.stops)
        words = (*self.session.filter.words, *self._wished())
        only = cut(f"only {', '.join(plain(word) for word in words)}", cells // 2) if words else ""
        room = cells - width(only) - 2 if only else cells
        rows: list[list[Span]] = [[(pad(ends, room) if only else cut(ends, room), palette.text("accent", bold=True))]]
        if only:
            rows[0] += [("  ", palette.text()), (only, palette.text("accent"))]
        color = "quiet"
        if self.route is None:
            said = "looking for the strongest route …"
        elif not steps:
            said, color = f"no route, because {plain(self.route.why)}{self._way_out()}", "error"
        else:
            count = len(steps) - 1
            said = f"{count} step{'s' if count != 1 else ''}"
            if (place := self.route.weakest_step) is not None and self.route.weakest is not None:
                before, after = (plain(step.album.title) or "untitled" for step in steps[place - 1 : place + 1])
                said += f", the weakest from {before} to {after} ({self.route.weakest:.2f})"
            said += f" ({plain(self.route.why)})" if self.route.why else ""
        rows += wrapped(said, cells, 2, palette.text(color))
        head.show(rows)
        self._draw_film()
        self._draw_step()
        self.hints = KEYS if steps else KEYS[2:]  # nothing to look along
        self.draw_keys()

    def _wished(self) -> list[str]:
        """The wishes beside the filter, a few words each."""
        wishes = self.wishes
        said = {"one an artist": wishes.per_artist, "another way": None if wishes.vary is None else wishes.vary + 1}
        length = [] if wishes.steps is None else [f"{wishes.steps} steps"]
        return length + [name if number == 1 else f"{name} ({number})" for name, number in said.items() if number]

    def _way_out(self) -> str:
        """How to take off the filters that are on."""
        if not self.session.filter.is_set:
            return ""
        names = key_names(self)
        return f": turn them off with {names('walk.counts')}, then {names('counts.no-filter')}, in the walk"

    def _draw_film(self) -> None:
        width, height = self.film.size
        steps = () if self.route is None else self.route.steps
        abreast = max(3, min(FRAMES, width // 32))
        side = max(3, min(height - CAPTION, (width // abreast - 3) // 2))
        pitch = max(NARROWEST, side * 2 + 3)
        fitting = max(1, min(FRAMES, (width + 3) // pitch))
        self._first = max(0, min(max(self._first, self.chosen - fitting + 1), self.chosen, len(steps) - fitting))
        for place, (cover, caption) in enumerate(zip(self.film.covers, self.film.captions, strict=True)):
            number = self._first + place
            used = place < fitting and number < len(steps)
            cover.display = caption.display = used
            if used:
                self.film.place(place, place * pitch, 0, side, (pitch - 1, CAPTION))
                cover.show(steps[number].album)
                caption.show(self._caption(number, pitch - 3))

    def _caption(self, number: int, cells: int) -> list[list[Span]]:
        palette = self.film.captions[0].palette
        assert self.route is not None
        step, chosen = self.route.steps[number], number == self.chosen
        text, quiet = (palette.focus,) * 2 if chosen else (palette.text(bold=True), palette.text("quiet"))
        rows: list[list[Span]] = [
            [(pad(plain(step.album.title) or "untitled", cells), text)],
            [(pad(plain(step.album.artist), cells), quiet)],
        ]
        if step.reasons and step.score is not None:
            reason = strongest(step.reasons)
            rows.append([("← ", palette.text("quiet")), (f"match {step.score:.2f}", palette.text())])
            for line, said in enumerate(wrap(plain(reason.text) or reason.signal, cells - 2, 2)):
                letter = f"{SIGNAL_LETTERS[reason.signal]} " if line == 0 else "  "
                rows.append([(letter, palette.signal(reason.signal, bold=True)), (said, palette.text("quiet"))])
        else:
            rows.append([("the start", palette.text("quiet"))])
        return rows

    def _draw_step(self) -> None:
        lines = self.query_one("#route-step", Lines)
        palette, cells = lines.palette, min(60, max(20, lines.size.width))
        rows: list[list[Span]] = []
        if self.route is not None and self.route.steps:
            for reason in self.route.steps[self.chosen].reasons:
                rows.append([*bar(palette, reason, cells), (f"  {plain(reason.text)}", palette.text("quiet"))])
        lines.show(rows)
