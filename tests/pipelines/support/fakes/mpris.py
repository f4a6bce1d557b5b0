"""A player that speaks MPRIS on the session bus, run as a program: `python -m tests.pipelines.support.fakes.mpris`.

`--list`: it has a track list. What it was sent is written to the file that is named, a line each.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dbus_fast import Variant
from dbus_fast.aio import MessageBus
from dbus_fast.constants import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

# The annotations below are D-Bus signatures, which dbus-fast reads; for Python they are names that are not there.
# ruff: noqa: F722, F821, UP037
# mypy: ignore-errors


class Root(ServiceInterface):
    def __init__(self, has_list: bool) -> None:
        super().__init__("org.mpris.MediaPlayer2")
        self.has_list = has_list

    @dbus_property(access=PropertyAccess.READ)
    def Identity(self) -> "s":
        return "Fake \x1b[31mPlayer"

    @dbus_property(access=PropertyAccess.READ)
    def HasTrackList(self) -> "b":
        return self.has_list


class Player(ServiceInterface):
    def __init__(self, log: Path) -> None:
        super().__init__("org.mpris.MediaPlayer2.Player")
        self.log, self.uri = log, ""

    def play(self, uri: str) -> None:
        self.uri = uri
        with self.log.open("a") as file:
            file.write(f"play {uri}\n")

    @dbus_method()
    def OpenUri(self, uri: "s"):
        self.play(uri)

    @dbus_property(access=PropertyAccess.READ)
    def PlaybackStatus(self) -> "s":
        return "Playing" if self.uri else "Stopped"

    @dbus_property(access=PropertyAccess.READ)
    def Metadata(self) -> "a{sv}":
        if not self.uri:
            return {}
        return {"xesam:url": Variant("s", self.uri), "xesam:artist": Variant("as", ["A"])}


class TrackList(ServiceInterface):
    def __init__(self, player: Player) -> None:
        super().__init__("org.mpris.MediaPlayer2.TrackList")
        self.player, self.tracks = player, []

    @dbus_method()
    async def AddTrack(self, uri: "s", after: "o", now: "b"):
        await asyncio.sleep(0.4 if "slow" in uri else 0)
        self.tracks.append(f"/track/{len(self.tracks)}")
        with self.player.log.open("a") as file:
            file.write(f"add {uri}\n")
        if now:
            self.player.play(uri)

    @dbus_property(access=PropertyAccess.READ)
    def Tracks(self) -> "ao":
        return self.tracks

    @dbus_property(access=PropertyAccess.READ)
    def CanEditTracks(self) -> "b":
        return True


async def main(log: Path, has_list: bool) -> None:
    bus = await MessageBus().connect()
    player = Player(log)
    interfaces = [Root(has_list), player, *([TrackList(player)] if has_list else [])]
    for interface in interfaces:
        bus.export("/org/mpris/MediaPlayer2", interface)
    await bus.request_name("org.mpris.MediaPlayer2.fake")
    print("ready", flush=True)
    await bus.wait_for_disconnect()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), "--list" in sys.argv))
