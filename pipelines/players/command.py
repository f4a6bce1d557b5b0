"""A player that is started by a command of the config file, such as `mpv --playlist={playlist}`."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence

from pipelines.exports.playlist import NO_FILES, make_playlist
from pipelines.players.files import playlist_file
from pipelines.players.player import Now, PlayerError, Sent
from pipelines.players.settings import PlayerSettings
from store.catalogue.files import Playable
from store.text import clean

SETTLE = 0.4  # seconds in which a command that cannot work mostly ends


class Command:
    """Runs the command with no shell, no terminal and a session of its own: it outlives the app."""

    def __init__(self, settings: PlayerSettings) -> None:
        self._play, self._queue = settings.command, settings.queue
        self.name = clean(settings.command.split()[0], 60) if settings.command.split() else "a command"
        self._running: subprocess.Popen[bytes] | None = None

    def play(self, albums: Sequence[Playable], queue: bool) -> Sent:
        """See Player. What this command started before is ended first, unless it is to be queued behind."""
        if not (self._queue if queue else self._play):
            setting = "queue" if queue else "command"
            raise PlayerError(f'no command to {"queue" if queue else "play"} with: set {setting} = "…" in [player]')
        playlist = make_playlist("sleevewalk", albums)
        path = str(playlist_file(playlist))
        try:
            words = shlex.split(self._queue if queue else self._play)
        except ValueError as error:
            raise PlayerError(f"the command in [player] cannot be read: {error}") from None
        words = [word.replace("{playlist}", path) for word in words]
        if path not in " ".join(words):
            words.append(path)
        if not queue:
            self._end()
        try:
            running = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise PlayerError(f"cannot start {clean(words[0], 100)}: {why}") from None
        try:
            if running.wait(SETTLE):
                raise PlayerError(f"{clean(words[0], 100)} ended with status {running.returncode}")
        except subprocess.TimeoutExpired:
            if not queue:
                self._running = running
        left_out = tuple(f"{label}: {NO_FILES}" for label in playlist.left_out)
        return Sent(len(playlist.albums), playlist.tracks, left_out)

    def now(self) -> Now | None:
        """A command tells nothing."""
        return None

    def close(self) -> None:
        """What plays plays on."""

    def _end(self) -> None:
        running, self._running = self._running, None
        if running is not None and running.poll() is None:
            running.terminate()
            try:
                running.wait(1)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait(1)
