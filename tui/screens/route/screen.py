"""A route to a chosen album: the whole way as small covers, below it the chosen step large, to walk along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from textual import events, work
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer

from store.errors import LibraryError
from store.neighbors.trips import MOST_STEPS, Wishes
from store.records import Album, Route, Step, Weights
from tui.keynames import key_names
from tui.palette import Palette
from tui.pictures.painter import CoverPainter
from tui.screens.exporting import Exporter, ExportingScreen, file_name
from tui.screens.route.keys import KEYS, ROUTE_BINDINGS
from tui.screens.route.step import StepView
from tui.text import cut, pad, plain, width
from tui.walk.session import Session
from tui.widgets.bars import KeysLine
from tui.widgets.lines import Lines, Span, wrapped
from tui.widgets.sheet import Card, Sheet, fitted

SIDES = (2, 9)  # rows of a cover of the way
SCORE = 6  # columns between two of them
TYPING = (
    0.9  # seconds after a digit before a number is whole; behind a 1 three times as long, since one album is no way
)
ROOMY = 30  # rows from which they have titles


class Router(Protocol):
    """Finds the route over albums, by their ids."""

    def __call__(
        self, neighborhood: Any, stops: Sequence[str], wishes: Wishes, weights: Weights, should_stop: Callable[[], bool]
    ) -> Route: ...


class RouteScreen(ExportingScreen[list[str] | None]):
    """Answers with the album_ids to walk through, or None."""

    BINDINGS = ROUTE_BINDINGS

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
        exporter: Exporter,
    ) -> None:
        """`finder(what it asks, what it does)` is a screen that asks for an album."""
        super().__init__(exporter)
        self.session = session
        self.router = router
        self.finder = finder
        self.stops = [session.here, goal]
        self.wishes = Wishes(chosen=session.filter)
        self.route: Route | None = None  # None while it is looked for
        self._left = False  # the person went back: the search ends
        self._typed, self._typing = "", cast("Timer | None", None)  # the digits of a number
        self._question = 0  # an answer to an earlier one is dropped
        self.way: Sheet[Step] = Sheet(painter, self._card, words=0, gap=SCORE, sides=SIDES, id="route-way")
        self.step = StepView(painter, id="route-step")

    def compose(self) -> ComposeResult:
        """Heading, the way, the chosen step, keys."""
        yield Lines(id="route-head")
        yield self.way
        yield self.step
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """Look for it off the screen's thread."""
        self._fill(())
        self._look()

    def _fill(self, steps: Sequence[Step]) -> None:
        """Show a way at its end, or the ends of one that is not there."""
        steps = steps or [Step(stop, None) for stop in self.stops]
        self.way.fill(steps, len(steps) - 1)

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
        self._fill(message.route.steps)
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

    def action_count(self, digit: int) -> None:
        """So many albums in all; a number is whole once no more digits come."""
        self._typed = f"{self._typed}{digit}"[-3:]
        self.say(f"{self._typed} albums in all …")
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(TYPING * (3 if self._typed == "1" else 1), self._counted)

    def on_key(self, event: events.Key) -> None:
        """Another key than a digit lets a number go that is not whole."""
        super().on_key(event)
        if self._typing is not None and not event.key.isdigit():
            self._typing.stop()
            self._typed = ""

    def _counted(self) -> None:
        steps, self._typed = int(self._typed) - 1, ""
        self.message = None
        self._look(steps=min(max(steps, len(self.stops) - 1), MOST_STEPS))

    def action_vary(self) -> None:
        """The next other way, as long as it has to be."""
        self._look(vary=0 if self.wishes.vary is None else self.wishes.vary + 1)

    def action_one_an_artist(self) -> None:
        """One album an artist, or as many as there are."""
        self._look(per_artist=1 if self.wishes.per_artist is None else None)

    def action_plain(self) -> None:
        """The strongest route again; behind another digit a zero."""
        if self._typed:
            self.action_count(0)
            return
        self._look(steps=None, per_artist=None, vary=None)

    @property
    def chosen(self) -> int:
        """The place of the chosen stop."""
        return self.way.place

    def action_move(self, columns: int, rows: int = 0) -> None:
        """Another step of the route."""
        self.way.move(columns, rows)
        self._draw_step()

    def action_weakest(self) -> None:
        """The step that the route would break at."""
        if self.route is not None and self.route.weakest_step is not None:
            self.way.choose(self.route.weakest_step)
            self._draw_step()

    def on_sheet_picked(self, message: Sheet.Picked) -> None:
        """A click chooses a stop, a second one walks there."""
        self._draw_step()
        if message.twice:
            self.action_walk()

    def action_walk(self) -> None:
        """Walk there, with every album on the way as a stop."""
        if self.route is not None and self.route.steps and self.chosen > 0:
            self.dismiss([step.album.album_id for step in self.route.steps[1 : self.chosen + 1]])

    def action_hear(self, queue: bool) -> None:
        """Play the albums of the route in its order, or queue them."""
        if self.route is not None and self.route.steps:
            self.hear([step.album for step in self.route.steps], queue)

    def action_export(self) -> None:
        """Write the route as a walk along it."""
        from pipelines.exports.walk import Stop

        if self.route is not None and self.route.steps:
            steps = enumerate(self.route.steps)
            stops = [Stop(place, step.album, place - 1 if place else None, step.reasons) for place, step in steps]
            self.export(stops, f"route-to-{file_name(self.stops[-1].title)}")

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
            said = f"{len(steps)} albums"
            if (place := self.route.weakest_step) is not None and self.route.weakest is not None:
                before, after = (plain(step.album.title) or "untitled" for step in steps[place - 1 : place + 1])
                said += f", the weakest step from {before} to {after} ({self.route.weakest:.2f})"
            said += f" ({plain(self.route.why)})" if self.route.why else ""
        rows += wrapped(said, cells, 2, palette.text(color))
        head.show(rows)
        self._draw_way(cells)
        self.hints = KEYS if steps else [*KEYS[2:3], *KEYS[5:]]  # nothing to look along
        self.draw_keys()

    def _draw_way(self, cells: int) -> None:
        room = self.size.height - 4
        self.way.words = int(room >= ROOMY)
        self.way.sides = SIDES[0], max(SIDES[0], min(SIDES[1], room // 5))  # smaller than those of the step
        grid = fitted(len(self.way.items), cells, room * 2 // 5, self.way.words, SCORE, self.way.sides)
        down = min(grid.down, -(-len(self.way.items) // grid.across))
        self.way.styles.height = down * (grid.side + self.way.words + 1)
        self.way.draw()
        self._draw_step()

    def _wished(self) -> list[str]:
        """The wishes beside the filter, a few words each."""
        wishes = self.wishes
        said = {"one an artist": wishes.per_artist, "another way": None if wishes.vary is None else wishes.vary + 1}
        length = [] if wishes.steps is None else [f"{wishes.steps + 1} albums"]
        return length + [name if number == 1 else f"{name} ({number})" for name, number in said.items() if number]

    def _way_out(self) -> str:
        """How to take off the filters that are on."""
        if not self.session.filter.is_set:
            return ""
        names = key_names(self)
        return f": turn them off with {names('walk.counts')}, then {names('counts.no-filter')}, in the walk"

    def _card(self, step: Step, place: int) -> Card:
        palette, weakest = Palette(self.app.theme_variables), None if self.route is None else self.route.weakest_step
        score = f"{step.score:.2f}".replace("0.", ".") if step.score is not None else ""
        style = palette.text("background", bold=True, on="error") if place == weakest else palette.text("quiet")
        title = (plain(step.album.title) or "untitled", palette.text("quiet"))
        return Card(step.album, (title,), (score, style) if score else None)

    def _draw_step(self) -> None:
        self.step.show_step(self.way.items, self.chosen, None if self.route is None else self.route.weakest_step)
