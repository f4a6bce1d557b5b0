"""`ingest folder`: a person's own music. Tags of the files become albums, embedded art or cover files sleeves.

The unit is one folder of files. The journal keeps each file's size and time of change; a folder in which
nothing has changed is not read again. Albums are never taken out: a file that has gone leaves its album, and is
taken out of `album_files` alone.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipelines.batches import ahead
from pipelines.images import BadImage, Keep, PreparedCover, prepare_cover, read_picture
from pipelines.progress import Progress
from pipelines.report import IngestReport, LeftOut, SourceError, cover_pool, told
from pipelines.sources.music_files import SUFFIXES, Track, UnreadableMusic, read_track
from pipelines.sources.music_tree import MusicFolder, Standing, tell_away, walk_music
from pipelines.sources.table import put_cover, with_cover
from pipelines.writing import patient_write
from store.catalogue.albums import add_albums
from store.catalogue.covers import CoverFiles
from store.catalogue.files import TrackFile, forget_files, paths_of, put_files
from store.catalogue.tables import add_covers, record_items
from store.database.library import Library
from store.records import AddResult, AlbumRecord, CoverRecord
from store.text import album_id, clean, key, storable

SOURCE = "folder"  # in albums.source and the journal; a key there is a file's path
BATCH = 256  # files committed together, about
VARIOUS = "Various Artists"
# What became of a file: the first word of its status in the journal, before its stamp. A failed one is read again.
READ, UNTAGGED, UNREADABLE, FAILED = "read", "untagged", "unreadable", "failed"

_ARTS = 3  # embedded pictures of an album that are tried
_AHEAD = 2  # batches whose covers are in the making while one is committed
_GUEST = re.compile(r"\s+(?:feat\.?|ft\.?|featuring)\s.*|\s*[(\[](?:feat\.?|ft\.?|featuring|with)\s.*", re.I)


@dataclass(slots=True)
class FolderReport(IngestReport):
    """Records are albums and unreadable files; beside them the files are counted."""

    files: int = 0  # music files met
    files_read: int = 0  # those that are new or changed, with their folders' others
    files_moved: int = 0  # that were met before under another path
    files_gone: int = 0  # that were met before and are no longer there

    @property
    def files_a_second(self) -> float:
        return self.files / self.seconds if self.seconds > 0 else 0.0

    def summary(self) -> str:
        news = [f"{self.files - self.files_read:,} unchanged"]
        news += [f"{self.files_moved:,} moved"] if self.files_moved else []
        news += [f"{self.files_gone:,} gone"] if self.files_gone else []
        return f"{self.files:,} files ({', '.join(news)}), " + IngestReport.summary(self)

    def to_json(self) -> dict[str, object]:
        return {
            **IngestReport.to_json(self),
            "files": self.files,
            "files_read": self.files_read,
            "files_moved": self.files_moved,
            "files_gone": self.files_gone,
            "files_a_second": round(self.files_a_second, 1),
        }


@dataclass(slots=True)
class _Found:
    """One album in one folder, with its files and the pictures that may be its cover, best first."""

    album: AlbumRecord
    files: list[TrackFile]
    pictures: list[bytes | Path]


@dataclass(slots=True)
class _Batch:
    files: int = 0
    files_read: int = 0
    failed: int = 0  # files that could not be read
    items: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    unreadable: list[LeftOut] = field(default_factory=list)
    albums: list[tuple[str, AlbumRecord]] = field(default_factory=list)  # album_id and what is known
    music: dict[str, list[TrackFile]] = field(default_factory=dict)  # of each, by album_id
    loading: dict[str, Future[PreparedCover | BadImage]] = field(default_factory=dict)  # by album_id


def ingest_folder(library: Library, folder: Path, progress: Progress | None = None, keep: Keep = "512") -> FolderReport:
    """Add the albums of all music files under `folder`, each with its embedded art or cover file.

    Unreadable files are told in `rejected`, at each run until they change. Raises SourceError where the folder
    cannot be read, LibraryLocked after a patient wait; what was committed until then stays.
    """
    progress = progress or Progress()
    report = FolderReport(str(folder))
    if not folder.is_dir():
        raise SourceError(f"{folder}: no such folder of music")
    with told(report, progress), cover_pool() as pool:
        job = _Job(library, pool, progress, report, keep)
        progress.start(f"Music in {clean(folder.name, 60)}", None)
        folders = walk_music(folder.resolve(), report)
        for batch in ahead(map(job.prepare, _in_batches(folders)), _AHEAD):
            job.commit(batch)
        job.take_out_gone(folder.resolve())
    return report


def describe(folder: Path, tracks: Sequence[Track], images: Sequence[Path]) -> list[_Found]:
    """The albums that a folder's tracks make. Tracks without an album or an artist make none."""
    by_title: dict[str, list[Track]] = {}
    for track in tracks:
        if track.album:
            by_title.setdefault(key(track.album), []).append(track)
    alone = len(by_title) == 1
    by_album: dict[str, list[tuple[str, Track]]] = {}
    for same_title in by_title.values():
        common = _common_artist(same_title) if alone else ""
        for track in same_title:
            artist = track.album_artist or (VARIOUS if track.compilation else common or track.artist)
            if artist:
                by_album.setdefault(album_id(artist, track.album), []).append((artist, track))
    found = []
    for name, members in by_album.items():
        genres = Counter(genre for _, track in members for genre in track.genres)
        years = Counter(track.year for _, track in members if track.year)
        ranked = [genre for genre, _ in genres.most_common()]
        groups = {track.release_group for _, track in members if track.release_group}
        album = AlbumRecord(
            artist=members[0][0],
            title=members[0][1].album,
            source=SOURCE,
            source_key=name,
            year=min(years, key=lambda year: (-years[year], year)) if years else None,
            genre=ranked[0] if ranked else None,
            mbid=groups.pop() if len(groups) == 1 else None,
            tags=tuple((genre, round(100 * 0.9**place, 1)) for place, genre in enumerate(ranked)),
        )
        art = dict.fromkeys(track.art for _, track in members if track.art)
        files = [track.file for _, track in members]
        found.append(_Found(album, files, [*art, *(images if len(by_album) == 1 else ())]))
    return found


def load_first(pictures: Sequence[bytes | Path], keep: Keep = "none") -> PreparedCover | BadImage:
    """The first of the pictures that can be a cover, or why the last cannot."""
    problem = BadImage("no embedded art and no cover file")
    for picture in pictures:
        try:
            return prepare_cover(read_picture(picture) if isinstance(picture, Path) else picture, keep=keep)
        except BadImage as error:
            problem = BadImage(error.reason, error.detail, error.passing or problem.passing)
    return problem


class _Job:
    """One run: what the library and the journal have, what the run has seen."""

    def __init__(
        self, library: Library, pool: ThreadPoolExecutor, progress: Progress, report: FolderReport, keep: Keep
    ) -> None:
        self.library, self.pool, self.progress, self.report, self.keep = library, pool, progress, report, keep
        self.files = CoverFiles(library.covers_dir)
        self.seen: set[str] = set()  # album_ids, so that an album in several folders is counted once
        self.covered: set[str] = set()  # album_ids that this run has a cover for
        self.met: set[str] = set()  # paths of music files that are there
        self.standing = Standing()
        with library.read() as con:
            self.held = paths_of(con, SOURCE)
            rows = con.execute(
                "SELECT key, status, error FROM internal.ingest_items WHERE source = ?", [SOURCE]
            ).fetchall()
        self.journal: dict[str, tuple[str, str | None]] = {name: (status, error) for name, status, error in rows}

    def prepare(self, folders: Sequence[MusicFolder]) -> _Batch:
        """Read those folders that changed and set the workers to their covers."""
        batch = _Batch()
        for folder in folders:
            batch.files += len(folder.music)
            for file in map(str, folder.music):
                self.met.add(storable(file))
                self.standing.add(file)
            if all(self._known(file, stamp) for file, stamp in folder.stamps.items()):
                self._repeat_complaints(folder, batch)
            else:
                self._read(folder, batch)
        return batch

    def _known(self, file: Path, stamp: str) -> bool:
        name = storable(str(file))
        status, error = self.journal.get(name, ("", None))
        word, _, at = status.partition(" ")
        # A library of an earlier schema knows of a file only that it was read.
        held = name in self.held or error is not None or file.suffix.lower() not in SUFFIXES
        return held and at == stamp and word != FAILED

    def _repeat_complaints(self, folder: MusicFolder, batch: _Batch) -> None:
        for file in folder.music:
            status, error = self.journal[storable(str(file))]
            if error:
                batch.unreadable.append(LeftOut(clean(str(file)), "", error))
                batch.failed += status.startswith(UNREADABLE)

    def _read(self, folder: MusicFolder, batch: _Batch) -> None:
        tracks: list[Track] = []
        arts: Counter[str] = Counter()  # by album title
        batch.files_read += len(folder.music)
        for file in folder.music:
            try:
                track = read_track(file)
                problem = "" if track.album else "no album in its tags"
                problem = problem or ("" if track.artist or track.album_artist else "no artist in its tags")
                arts[key(track.album)] += track.art is not None
                # Of the same sleeve on every track only the first are held: a full folder has gigabytes of them.
                tracks.append(track if arts[key(track.album)] <= _ARTS else replace(track, art=None))
                word = UNTAGGED if problem else READ
            except UnreadableMusic as error:
                problem, word = clean(str(error), 200), FAILED if error.passing else UNREADABLE
                batch.failed += 1
            batch.items.append((str(file), "file", f"{word} {folder.stamps[file]}", problem or None))
            if problem:
                batch.unreadable.append(LeftOut(clean(str(file)), "", problem))
        batch.items += [(str(file), "file", f"{READ} {folder.stamps[file]}", None) for file in folder.images]
        for found in describe(folder.path, tracks, folder.images):
            name = found.album.source_key
            batch.albums.append((name, found.album))
            batch.music.setdefault(name, []).extend(found.files)
            if found.pictures and name not in self.covered and name not in batch.loading:
                batch.loading[name] = self.pool.submit(load_first, found.pictures, self.keep)

    def commit(self, batch: _Batch) -> None:
        """Write the batch with its journal in one transaction, where anything is new; then count it."""
        covers: dict[str, CoverRecord] = {}
        problems: dict[str, BadImage] = {}
        for name, future in batch.loading.items():
            made = future.result()
            if isinstance(made, BadImage):
                problems[name] = made
            elif name not in self.covered:
                covers[name] = put_cover(made, self.files)
        self.covered |= covers.keys()
        again = {file.path: why for name, why in problems.items() if why.passing for file in batch.music[name]}
        batch.items = [
            (path, kind, status.replace(READ, FAILED, 1), str(again[path]))
            if path in again
            else (path, kind, status, why)
            for path, kind, status, why in batch.items
        ]
        result = AddResult()
        have: dict[str, str | None] = {}
        if batch.items:
            with patient_write(self.library, self.progress) as con:
                names = [name for name, _ in batch.albums]
                had = dict(
                    con.execute(
                        "SELECT name_id, a.cover_sha256 FROM album_sources JOIN albums a USING (album_id) "
                        "WHERE name_id IN (SELECT unnest(?::VARCHAR[]))",
                        [names],
                    ).fetchall()
                )
                add_covers(con, list(covers.values()))
                result = add_albums(con, [with_cover(album, covers.get(name)) for name, album in batch.albums])
                put_files(con, SOURCE, batch.music, result.ids, [path for path, *_ in batch.items])
                record_items(con, SOURCE, batch.items)
            have = {**had, **{name: cover.cover_sha256 for name, cover in covers.items()}}
            self.report.covers_stored += sum(had.get(name) != cover.cover_sha256 for name, cover in covers.items())
        self._count(batch, result, have, problems)

    def take_out_gone(self, root: Path) -> None:
        """Files under the root that an earlier run met and that were taken out since leave `album_files`."""
        under = f"{storable(str(root))}{os.sep}"
        lost = {name: path for name, path in self.held.items() if name.startswith(under) and name not in self.met}
        gone = [name for name, path in lost.items() if self.standing.gone(path)]
        tell_away([lost[name] for name in lost.keys() - set(gone) if not os.path.lexists(lost[name])], self.report)
        if gone:
            with patient_write(self.library, self.progress) as con:
                self.report.files_moved = forget_files(con, SOURCE, gone)
            self.report.files_gone = len(gone) - self.report.files_moved

    def _count(
        self, batch: _Batch, result: AddResult, have: dict[str, str | None], problems: dict[str, BadImage]
    ) -> None:
        report = self.report
        report.files += batch.files
        report.files_read += batch.files_read
        report.failed += batch.failed
        report.rejected += batch.unreadable
        fresh = dict(album for album in batch.albums if album[0] not in self.seen)
        self.seen |= fresh.keys()
        refused = dict(result.refused)
        report.read += len(batch.unreadable) + len(fresh)
        report.added += len(result.added)
        report.already_there += len(fresh) - len(result.added) - len(refused)
        for name, album in fresh.items():
            label = f"{album.artist} / {album.title}"
            if name in refused:
                report.rejected.append(LeftOut(name, label, refused[name]))
            elif not have.get(name):
                problem = problems.get(name, BadImage("no embedded art and no cover file"))
                report.failed += problem.passing
                report.without_cover.append(LeftOut(name, label, problem.reason, clean(problem.detail, 200)))
        self.progress.advance(batch.files, f"{len(report.rejected):,} unreadable" if report.rejected else "")


def _in_batches(folders: Iterator[MusicFolder]) -> Iterator[list[MusicFolder]]:
    """Folders together until they hold about BATCH files."""
    batch: list[MusicFolder] = []
    for folder in folders:
        batch.append(folder)
        if sum(len(one.music) for one in batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _common_artist(tracks: Sequence[Track]) -> str:
    """Whose album it is where no album artist is given: the artist of at least half the tracks, guests aside."""
    artists = Counter(_GUEST.sub("", track.artist) for track in tracks if track.artist)
    if not artists:
        return ""
    artist, count = artists.most_common(1)[0]
    return artist if 2 * count >= artists.total() else VARIOUS
