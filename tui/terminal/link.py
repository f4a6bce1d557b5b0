"""Whether the link to the terminal is slow, from how long it takes to answer what was sent."""

from __future__ import annotations

SLOW = 400_000  # bytes a second; below, a hop in the full quality takes over 0.2 s
FAST = 3 * SLOW  # well above, so that a link near the border does not turn back and forth
SURE = 6  # answers in a row that were fast before it counts as fast again
LEAST = 3 * 1024  # bytes below which an answer says nothing of the rate
DELAYED = 0.05  # seconds; a quicker answer comes from no slow link


class Link:
    """Slow at the first slow answer, fast again only after several fast ones in a row."""

    def __init__(self) -> None:
        self.slow = False
        self._fast = 0

    def answered(self, size: int, behind: int, seconds: float) -> bool:
        """Take an answer in: it ended a chunk of `size` bytes, `behind` were on their way, it took `seconds`.

        True where the link turned from fast to slow or back.
        """
        if size < LEAST:
            return False
        before = self.slow
        rate = behind / max(seconds, 1e-6)
        if seconds > DELAYED and rate < SLOW:
            self.slow, self._fast = True, 0
        elif rate > FAST:
            self._fast += 1
            self.slow = self.slow and self._fast < SURE
        else:
            self._fast = 0
        return self.slow != before
