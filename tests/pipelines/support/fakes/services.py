"""All fake services together, and a client that runs time faster against them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.sources.covers import Places
from pipelines.web.client import HostRule, Web
from tests.pipelines.support.fakes.catalogue import FakeArchive, FakeLastFm, FakeMusicBrainz, fake_images
from tests.pipelines.support.fakes.host import FakeHost, Schedule

API_KEY = "5ec4e7aa11bb22cc33dd44ee55ff6677"


@dataclass
class Services:
    lastfm: FakeHost
    musicbrainz: FakeHost
    archive: FakeHost
    images: FakeHost

    @property
    def netlocs(self) -> list[str]:
        return [self.lastfm.netloc, self.musicbrainz.netloc, self.archive.netloc, self.images.netloc]

    @property
    def places(self) -> Places:
        return Places(self.archive.url, self.musicbrainz.url)


@contextmanager
def services(count: int, schedule: Schedule = lambda number: "") -> Iterator[Services]:
    with ExitStack() as stack:
        images = stack.enter_context(FakeHost(fake_images, schedule))
        yield Services(
            stack.enter_context(FakeHost(FakeLastFm(count, API_KEY, images.url), schedule)),
            stack.enter_context(FakeHost(FakeMusicBrainz(count), schedule)),
            stack.enter_context(FakeHost(FakeArchive(images.url), schedule)),
            images,
        )


def client(cache: Path, netlocs: list[str], speed: float) -> Web:
    """Rules of the real hosts, in the order of `Services.netlocs`."""
    rules = [HostRule(0.2, 1), HostRule(1.0, 1), HostRule(0, 2), HostRule(0, 2)]
    return Web(
        cache,
        allow=frozenset(netlocs),
        rules=dict(zip(netlocs, rules, strict=True)),
        speed=speed,
        timeouts=(2, 2),
    )
