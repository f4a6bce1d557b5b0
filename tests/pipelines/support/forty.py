"""A folder of 40 albums in five formats, with what real collections bring: discs, quotes, newlines, umlauts, bytes
that are no UTF-8. Sound that players really decode comes from ffmpeg; without it the files are tags alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.pipelines.support.music import write_track
from tests.pipelines.support.pictures import photo, to_bytes

KINDS = (".flac", ".mp3", ".ogg", ".opus", ".m4a")
ALBUMS, TRACKS = 40, 3
_ODD = {  # number of the album → its folder, its artist, its title
    0: (b"caf\xe9 \xff", "Café Latin", "No UTF-8"),
    1: (b"two\nlines", "Two\nLines", "A\nTitle"),
    2: (b"q\"uote's", 'Say "Hi"', 'It\'s \\ "Quoted"'),
    3: ("Größe – ümläut".encode(), "Björk Öyster", "Größe"),
    4: (b"#hash %41 ?&", "#Hash", "100% & more? <b>"),
    5: (b" space ", "東京", "夜 🌙"),
    6: (b"long" * 50, "Long", "Name " * 30),
    7: (b"back\\slash;semi$HOME`x`", "[red]Markup[/]", "$HOME `x`"),
}


def sounds() -> dict[str, bytes]:
    """A second of silence in every one of KINDS; empty where there is no ffmpeg."""
    found: dict[str, bytes] = {}
    if shutil.which("ffmpeg") is None:
        return found
    with TemporaryDirectory() as folder:
        for kind in KINDS:
            path = Path(folder) / f"s{kind}"
            codec = ["-c:a", "libopus"] if kind == ".opus" else []
            source = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono", "-t", "1"]
            subprocess.run(["ffmpeg", "-v", "error", *source, *codec, str(path)], check=True)
            found[kind] = path.read_bytes()
    return found


def forty_albums(root: Path, heard: dict[str, bytes] | None = None) -> list[tuple[str, str, list[Path]]]:
    """(artist, title, its files in order) of each album that was written below `root`; `heard`: from `sounds`."""
    heard, made = heard or {}, []
    for number in range(ALBUMS):
        kind = KINDS[number % len(KINDS)]
        name, artist, title = _ODD.get(number, (f"{number:02} plain".encode(), f"Artist {number}", f"Album {number}"))
        folder = root / os.fsdecode(name)
        art = to_bytes(photo(96, 96, seed=number))
        discs = 2 if number % 4 == 3 else 1
        files = []
        for disc in range(1, discs + 1):
            for track in range(1, TRACKS + 1):
                place = folder / f"CD{disc}" if discs > 1 else folder
                odd = f'{TRACKS - track} "it\'s"\ntrack' if number == 1 else f"{TRACKS - track} – träck"
                tags = {"disc": f"{disc}/{discs}"} if discs > 1 else {}
                tags |= {"title": f"{title[:20]} {disc}.{track}", "track": str(track), "year": str(1970 + number)}
                files.append(
                    write_track(
                        place / f"{odd}{kind}", art, heard.get(kind), artist=artist, album_artist=artist, album=title,
                        genre="Pop", **tags,
                    )
                )  # fmt: skip
        made.append((artist, title, files))
    return made
