"""Music files for the tests: the least that is valid in each format, tagged through mutagen."""

from __future__ import annotations

import base64
import struct
from io import BytesIO
from pathlib import Path

import mutagen
from mutagen.aiff import AIFF
from mutagen.asf import ASF, ASFByteArrayAttribute
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, TALB, TCMP, TCON, TDRC, TIT2, TPE1, TPE2, TPOS, TRCK, TXXX, UFID
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover
from mutagen.ogg import OggPage
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

FORMATS = (".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wma", ".aiff", ".wav")
_ID3 = {
    "artist": TPE1, "album_artist": TPE2, "album": TALB, "year": TDRC, "genre": TCON, "compilation": TCMP,
    "title": TIT2, "disc": TPOS, "track": TRCK,
}  # fmt: skip
_VORBIS = {
    "album_artist": "albumartist",
    "year": "date",
    "disc": "discnumber",
    "track": "tracknumber",
    "recording": "musicbrainz_trackid",
}
_MP4 = {
    "artist": "\xa9ART", "album_artist": "aART", "album": "\xa9alb", "year": "\xa9day", "genre": "\xa9gen",
    "title": "\xa9nam", "disc": "disk", "track": "trkn",
}  # fmt: skip
_ASF = {
    "artist": "Author",
    "album_artist": "WM/AlbumArtist",
    "album": "WM/AlbumTitle",
    "year": "WM/Year",
    "genre": "WM/Genre",
    "compilation": "WM/IsCompilation",
    "title": "Title",
    "disc": "WM/PartOfSet",
    "track": "WM/TrackNumber",
}


def silence(suffix: str) -> bytes:
    """A file of that format with next to no sound in it."""
    return _MAKERS[suffix]()


def write_track(path: Path, art: bytes | None = None, sound: bytes | None = None, **tags: str) -> Path:
    """A tagged file; tags are artist, album_artist, album, year, genre, compilation, release_group, recording, title,
    disc and track.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sound or silence(path.suffix))
    file = {
        ".mp3": MP3, ".flac": FLAC, ".ogg": OggVorbis, ".opus": OggOpus, ".m4a": MP4, ".wma": ASF, ".aiff": AIFF,
        ".wav": WAVE,
    }[path.suffix](path)  # fmt: skip
    if file.tags is None:
        file.add_tags()
    for name, value in tags.items():
        if name == "release_group":
            _add_release_group(file, path.suffix, value)
        elif name == "recording" and path.suffix == ".mp3":
            file.tags.add(UFID(owner="http://musicbrainz.org", data=value.encode()))
        elif path.suffix in (".mp3", ".aiff", ".wav"):
            file.tags.add(_ID3[name](encoding=3, text=[value]))
        elif path.suffix == ".m4a" and name == "compilation":
            file.tags["cpil"] = value == "1"
        elif path.suffix == ".m4a":
            number = name in ("disc", "track")
            file.tags[_MP4[name]] = [(int(value.partition("/")[0]), 0) if number else value]
        elif path.suffix == ".wma":
            file.tags[_ASF[name]] = [value]
        else:
            file.tags[_VORBIS.get(name, name)] = [value]
    if art:
        _add_art(file, path.suffix, art)
    file.save()
    return path


def _add_release_group(file: mutagen.FileType, suffix: str, value: str) -> None:
    """As Picard writes it."""
    if suffix in (".mp3", ".aiff", ".wav"):
        file.tags.add(TXXX(encoding=3, desc="MusicBrainz Release Group Id", text=[value]))
    elif suffix == ".m4a":
        file.tags["----:com.apple.iTunes:MusicBrainz Release Group Id"] = [value.encode()]
    elif suffix == ".wma":
        file.tags["MusicBrainz/Release Group Id"] = [value]
    else:
        file.tags["musicbrainz_releasegroupid"] = [value]


def _add_art(file: mutagen.FileType, suffix: str, art: bytes) -> None:
    if suffix in (".mp3", ".aiff", ".wav"):
        file.tags.add(APIC(encoding=3, mime="image/png", type=3, desc="front", data=art))
    elif suffix == ".m4a":
        file.tags["covr"] = [MP4Cover(art, MP4Cover.FORMAT_PNG)]
    elif suffix == ".wma":
        value = struct.pack("<BI", 3, len(art)) + "image/png\0front\0".encode("utf-16-le") + art
        file.tags["WM/Picture"] = [ASFByteArrayAttribute(value)]
    else:
        picture = Picture()
        picture.type, picture.mime, picture.data = 3, "image/png", art
        if suffix == ".flac":
            file.add_picture(picture)
        else:
            file.tags["metadata_block_picture"] = [base64.b64encode(picture.write()).decode()]


def _mp3() -> bytes:
    return (b"\xff\xfb\x90\x64" + bytes(413)) * 4  # MPEG 1 layer III, 128 kbit/s, 44.1 kHz: frames of 417 bytes


def _flac() -> bytes:
    rate = (44100 << 44) | (1 << 41) | (15 << 36) | 44100  # rate, channels - 1, bits - 1, samples
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + struct.pack(">Q", rate) + bytes(16)
    return b"fLaC\x80" + struct.pack(">I", len(info))[1:] + info


def _ogg_pages(*packets: bytes) -> bytes:
    out = BytesIO()
    for number, packet in enumerate(packets):
        page = OggPage()
        page.packets, page.sequence, page.serial, page.first = [packet], number, 1, number == 0
        page.last = number == len(packets) - 1
        page.position = 0 if number < len(packets) - 1 else 48000
        out.write(page.write())
    return out.getvalue()


def _ogg() -> bytes:
    head = b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, 2, 44100, 0, 128000, 0, 0xB8, 1)
    comment = b"\x03vorbis" + struct.pack("<I", 4) + b"test" + struct.pack("<I", 0) + b"\x01"
    return _ogg_pages(head, comment, b"\x05vorbis" + bytes(20), b"\0sound")


def _opus() -> bytes:
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48000, 0, 0)
    return _ogg_pages(head, b"OpusTags" + struct.pack("<I", 4) + b"test" + struct.pack("<I", 0), b"\0sound")


def _atom(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def _m4a() -> bytes:
    sound = _atom(b"hdlr", bytes(8), b"soun", bytes(13))
    length = _atom(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 44100, 44100, 0))
    track = _atom(b"trak", _atom(b"mdia", length, sound))
    return _atom(b"ftyp", b"M4A \0\0\0\0M4A mp42") + _atom(b"moov", _atom(b"mvhd", bytes(100)), track) + _atom(b"mdat")


def _wma() -> bytes:
    header = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
    properties = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365") + struct.pack("<Q", 104) + bytes(80)
    return header + struct.pack("<QIBB", 30 + len(properties), 1, 1, 2) + properties


def _aiff() -> bytes:
    rate = struct.pack(">HQ", 0x400E, 44100 << 48)  # 80-bit float
    common = b"COMM" + struct.pack(">IhIh", 18, 1, 0, 16) + rate
    return b"FORM" + struct.pack(">I", 4 + len(common)) + b"AIFF" + common


def _wav() -> bytes:
    body = (
        b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 44100, 88200, 2, 16) + b"data" + struct.pack("<I", 4) + bytes(4)
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


_MAKERS = {
    ".mp3": _mp3, ".flac": _flac, ".ogg": _ogg, ".opus": _opus, ".m4a": _m4a, ".wma": _wma, ".aiff": _aiff,
    ".wav": _wav,
}  # fmt: skip
