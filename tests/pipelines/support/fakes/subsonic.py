"""A music server that speaks as much of Subsonic's API as we use, with what it was asked."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class FakeSubsonic:
    """`albums` and `covers` are by id; `tokens` False: it wants the password, as Supysonic does."""

    def __init__(self, albums: list[dict[str, Any]], covers: dict[str, bytes], tokens: bool = True) -> None:
        self.albums, self.covers, self.tokens = albums, covers, tokens
        self.playlists: dict[str, list[str]] = {}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []  # (address, form)
        self.answer: bytes | None = None  # in place of every answer
        self.broken: dict[str, bytes] = {}  # in place of the answers to these methods with these ids
        self.drips = 0  # lines of headers that come before each answer, one every 50 ms
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
                fake.asked.append((self.path, form))
                method = self.path.split("/")[-1]
                body = fake.broken.get(f"{method.removesuffix('.view')} {form.get('id', [''])[0]}", fake.answer)
                body = fake.respond(method, form) if body is None else body
                with suppress(OSError):
                    self.send_response(200)
                    self.flush_headers()
                    for number in range(fake.drips):
                        self.wfile.write(f"X-{number}: x\r\n".encode())
                        time.sleep(0.05)
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def respond(self, method: str, form: dict[str, list[str]]) -> bytes:
        if self.tokens and "t" in form:
            right = form["t"] == [hashlib.md5(("sesame" + form["s"][0]).encode()).hexdigest()]
        elif self.tokens or "p" not in form:
            return error(10, "A required parameter is missing.")
        else:
            right = form["p"] == [f"enc:{b'sesame'.hex()}"]
        if not right:
            return error(40, "Wrong username or password \x1b[31m")
        if method == "getAlbumList2.view":
            start = int(form["offset"][0])
            return _ok(albumList2={"album": self.albums[start : start + int(form["size"][0])]})
        if method == "getCoverArt.view":
            return self.covers.get(form["id"][0]) or error(70, "not found")
        if method == "getAlbum.view":
            album = form["id"][0]
            if album not in {str(one["id"]) for one in self.albums}:
                return error(70, "Album not found")
            songs = [{"id": f"{album}-{n}", "track": n, "discNumber": 1} for n in (2, 1)]
            return _ok(album={"id": album, "song": songs})
        if method == "getPlaylists.view":
            lists = [{"id": name, "name": name, "owner": "me"} for name in self.playlists]
            return _ok(playlists={"playlist": lists} if lists else {})
        if method == "createPlaylist.view":
            self.playlists[form["name"][0]] = form["songId"]
        return _ok()


def _ok(**content: object) -> bytes:
    return json.dumps({"subsonic-response": {"status": "ok", "version": "1.16.1", **content}}).encode()


def error(code: int, message: str) -> bytes:
    error = {"code": code, "message": message}
    return json.dumps({"subsonic-response": {"status": "failed", "version": "1.16.1", "error": error}}).encode()
