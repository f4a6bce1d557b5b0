"""`ingest counts --listenbrainz`: how many people listened to the library's albums.

https://listenbrainz.readthedocs.io/en/latest/users/api/popularity.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

from pipelines.batches import batched
from pipelines.progress import Progress
from pipelines.report import IngestReport, LeftOut, told
from pipelines.sources.musicbrainz import LISTENBRAINZ_URL
from pipelines.web.answers import Absent, Malformed, Refused, Unanswered
from pipelines.web.client import Web
from pipelines.writing import patient_write
from store.catalogue.tables import add_counts
from store.database.library import Library
from store.identity import is_mbid

KIND = "listenbrainz_listeners"
BATCH = 100  # identifiers in a question
# What an identifier may be of: MusicBrainz' albums carry their release group's, files and Last.fm a release's.
_THINGS = ("release-group", "release")


class Popular(Struct):
    """What is told of one identifier; null where nobody is known to have listened."""

    release_group_mbid: str | None = None
    release_mbid: str | None = None
    total_user_count: Annotated[int, Meta(ge=0, lt=2**53)] | None = None


@dataclass(frozen=True, slots=True)
class _Album:
    artist: str
    title: str
    mbid: str

    def left_out(self, reason: str) -> LeftOut:
        return LeftOut(self.mbid or "album", f"{self.artist} / {self.title}", reason)


def ingest_listenbrainz_counts(
    library: Library, web: Web, base_url: str = LISTENBRAINZ_URL, progress: Progress | None = None
) -> IngestReport:
    """Add or renew the number of listeners of each album with a MusicBrainz identifier, as counts of KIND.

    An answer that makes no sense costs its BATCH of albums; where the service does not answer at all the rest is not
    asked for. LibraryLocked after a patient wait.
    """
    progress = progress or Progress()
    report = IngestReport("ListenBrainz")
    with told(report, progress):
        with library.read() as con:
            rows = con.execute(
                "SELECT artist, title, lower(mbid) FROM albums ORDER BY artist_key, title_key"
            ).fetchall()
        albums = [_Album(artist, title, mbid if is_mbid(mbid or "") else "") for artist, title, mbid in rows]
        report.read = len(albums)
        report.rejected += [album.left_out("no MusicBrainz identifier") for album in albums if not album.mbid]
        progress.start("Listeners by ListenBrainz", len(albums) - len(report.rejected))
        silent = ""  # why the service is not asked any more
        for batch in batched([album for album in albums if album.mbid], BATCH):
            counts: dict[str, int] = {}
            why = silent
            try:
                counts = {} if silent else _listeners(web, base_url.rstrip("/"), [album.mbid for album in batch])
            except Unanswered as error:
                why = silent = str(error)
            except (Malformed, Refused) as error:
                why = str(error)
            found = [
                (KIND, album.artist, album.title, float(counts[album.mbid])) for album in batch if album.mbid in counts
            ]
            with patient_write(library, progress) as con:
                added = add_counts(con, found)
            report.added += added
            report.already_there += len(found) - added
            for album in batch:
                if why:
                    report.fail(album.left_out(why))
                elif album.mbid not in counts:
                    report.rejected.append(album.left_out("ListenBrainz knows no listeners of it"))
            progress.advance(len(batch))
    return report


def _listeners(web: Web, base_url: str, mbids: list[str]) -> dict[str, int]:
    """Listeners by identifier, of those that have some."""
    found: dict[str, int] = {}
    for thing in _THINGS:
        name = thing.replace("-", "_")
        if missing := sorted(set(mbids) - set(found)):
            try:
                rows = web.json(f"{base_url}/popularity/{thing}", {}, list[Popular], body={f"{name}_mbids": missing})
            except Absent:
                raise Malformed("ListenBrainz: there is no such service at this address") from None
            told_of = {getattr(row, f"{name}_mbid"): row.total_user_count for row in rows}
            found |= {mbid: count for mbid in missing if (count := told_of.get(mbid)) is not None}
    return found
