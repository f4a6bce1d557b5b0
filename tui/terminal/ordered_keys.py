"""Keys that arrive together, as on a slow link or from a paste, act one after the other.

Textual hands a key to the focused widget and asks the app's bindings only when it has bubbled up again. The next key
is handed out before that, to the screen that the first is about to replace: "/low" opened the search, and "low" acted
on the walk. Here a key waits until the one before has done all that it does, the opening of a screen included.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import App

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen

LONGEST = 1.0  # seconds that a key waits for the one before; a widget that goes away takes its messages with it


class OrderedKeys(App[None]):
    """An app that keeps the order of keys."""

    def __init__(self) -> None:
        super().__init__()
        self._acting: events.Key | None = None
        self._waiting: deque[events.Key] = deque()

    @property
    def repeats(self) -> bool:
        """Whether the key that acts now is held: it has come again, and acts next."""
        return self._acting is not None and bool(self._waiting) and self._waiting[0].key == self._acting.key

    def exit(self, *arguments: Any, **named: Any) -> None:
        """Leave; keys that wait act no more."""
        self._waiting.clear()
        super().exit(*arguments, **named)

    async def on_event(self, event: events.Event) -> None:
        """Hand a key on, or keep it until its turn."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._acting is not None:
            self._waiting.append(event)
            self.set_timer(LONGEST, partial(self._done, self._acting))
        else:
            await self._hand_on(event)

    async def _hand_on(self, key: events.Key) -> None:
        self._acting = key
        screen, target = self.screen, self.focused or self.screen
        await super().on_event(key)
        self._follow(key, target, screen)

    def _follow(self, key: events.Key, node: DOMNode | None, screen: Screen[Any]) -> None:
        """Go up as the key bubbles: a callback comes behind it in the queue of each node."""
        if node is None or node is self:
            self.call_later(self._arrived, key, screen)
        elif not node.call_later(self._follow, key, node.parent, screen):
            self.call_later(self._done, key)

    async def _arrived(self, key: events.Key, screen: Screen[Any]) -> None:
        await asyncio.sleep(0)  # what the key put into a worker begins: it opens a screen before it waits
        # A screen that the key opened asks the app, once it is mounted, to focus what takes keys.
        opened = self.screen
        if opened is screen or not opened.call_later(self.call_later, self._done, key):
            await self._done(key)

    async def _done(self, key: events.Key) -> None:
        if self._acting is not key:
            return
        self._acting = None
        if self._waiting:
            await self._hand_on(self._waiting.popleft())
