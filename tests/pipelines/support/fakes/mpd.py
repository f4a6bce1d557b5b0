"""A server that speaks as much of MPD's protocol as we use; it can hang, be stopped and started again."""

from __future__ import annotations

import shlex
import socket
import threading
from contextlib import suppress
from pathlib import Path


class Refusal(Exception):
    """What MPD says in place of an answer: a code and why."""


class FakeMpd:
    """`songs`: MPD's own names → tags. `hang`: it takes what is sent and answers nothing more. `refuses`: names that it
    does not add; its queue has room for `room`.
    """

    def __init__(self, place: Path, music: Path, songs: dict[str, dict[str, str]], password: str = "") -> None:
        self.place, self.music, self.songs, self.password = place, music, songs, password
        self.queue: list[str] = []
        self.at = -1
        self.hang = threading.Event()
        self.held = threading.Event()  # something waits for an answer that it does not get
        self.refuses: set[str] = set()
        self.room = 1000
        self.start()

    def start(self) -> None:
        """Listen (again)."""
        self.place.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.place))
        self._server.listen()
        self._clients: list[socket.socket] = []
        threading.Thread(target=self._accept, args=[self._server], daemon=True).start()

    def stop(self) -> None:
        """As if it were killed."""
        for one in (self._server, *self._clients):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.place.unlink(missing_ok=True)

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            self._clients.append(client)
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        known, batch = not self.password, None
        with suppress(OSError, ValueError):
            file = client.makefile("rwb")
            file.write(b"OK MPD 0.23.5\n")
            file.flush()
            for line in file:
                command, *words = shlex.split(line.decode())
                if self.hang.is_set():
                    self.held.set()
                    continue
                if command == "command_list_ok_begin":
                    batch = []
                    continue
                if command == "command_list_end":
                    answer = self._answers(batch or [])
                    batch = None
                elif batch is not None:
                    batch.append((command, *words))
                    continue
                elif command == "password":
                    known = words[0] == self.password
                    answer = "OK\n" if known else "ACK [3@0] {password} incorrect password\n"
                elif not known:
                    answer = f'ACK [4@0] {{{command}}} you don\'t have permission for "{command}"\n'
                else:
                    answer = self._answer(command, *words) + "OK\n"
                file.write(answer.encode())
                file.flush()

    def _answers(self, batch: list[tuple[str, ...]]) -> str:
        """What a list of commands is answered: those before one that is refused were done."""
        answer = ""
        for number, one in enumerate(batch):
            try:
                answer += f"{self._answer(*one)}list_OK\n"
            except Refusal as refusal:
                code, why = refusal.args
                return f"{answer}ACK [{code}@{number}] {{{one[0]}}} {why}\n"
        return f"{answer}OK\n"

    def _answer(self, command: str, *words: str) -> str:
        if command == "config":
            return f"music_directory: {self.music}\n"
        if command == "find":
            wanted = dict(zip(words[::2], words[1::2], strict=True))
            return "".join(
                f"file: {name}\n" + "".join(f"{tag}: {value}\n" for tag, value in tags.items())
                for name, tags in self.songs.items()
                if all({"file": name, **{t.lower(): v for t, v in tags.items()}}.get(t) == v for t, v in wanted.items())
            )
        if command == "clear":
            self.queue, self.at = [], -1
        elif command == "add":
            if len(self.queue) >= self.room:
                raise Refusal(51, "Playlist is too large")
            if words[0] in self.refuses:
                raise Refusal(4, "Access denied")
            self.queue.append(words[0])
        elif command == "delete":
            start, end = map(int, words[0].split(":"))
            del self.queue[start:end]
        elif command == "play":
            self.at = int(words[0])
        elif command == "status":
            return f"state: {'play' if self.at >= 0 else 'stop'}\nplaylistlength: {len(self.queue)}\n"
        elif command == "currentsong" and self.at >= 0:
            name = self.queue[self.at]
            return f"file: {name}\n" + "".join(f"{tag}: {value}\n" for tag, value in self.songs.get(name, {}).items())
        return ""
