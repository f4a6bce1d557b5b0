"""A server that speaks as much of MPD's protocol as we use; it can hang, be stopped and started again."""

from __future__ import annotations

import shlex
import socket
import threading
from contextlib import suppress
from pathlib import Path


class FakeMpd:
    """`songs`: MPD's own names → tags. `hang`: it takes what is sent and answers nothing more."""

    def __init__(self, place: Path, music: Path, songs: dict[str, dict[str, str]], password: str = "") -> None:
        self.place, self.music, self.songs, self.password = place, music, songs, password
        self.queue: list[str] = []
        self.at = -1
        self.hang = threading.Event()
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
                    continue
                if command == "command_list_ok_begin":
                    batch = []
                    continue
                if command == "command_list_end":
                    answer = "".join(f"{self._answer(*one)}list_OK\n" for one in batch or []) + "OK\n"
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
            self.queue.append(words[0])
        elif command == "play":
            self.at = int(words[0])
        elif command == "status":
            return f"state: {'play' if self.at >= 0 else 'stop'}\n"
        elif command == "currentsong" and self.at >= 0:
            name = self.queue[self.at]
            return f"file: {name}\n" + "".join(f"{tag}: {value}\n" for tag, value in self.songs.get(name, {}).items())
        return ""
