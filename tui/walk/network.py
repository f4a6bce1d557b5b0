"""The network of the albums explored so far: where each stands on a lattice, which are joined. Nothing here draws.

An album once placed never moves. The ring of an explored album stands about two sites away from it, so that the
edges show, and away from where the album was reached.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from store.records import Neighbor
from tui.layout.navigation import Direction, nearest

Site = tuple[int, int]  # column and row of the lattice, as wide as high on screen
MOST = 600  # albums kept; beyond it the rings explored longest ago are forgotten
WIDE = 0.7  # a step to the side counts this much of a step down, since screens are wider than high
APART = 2.0  # steps between an explored album and its ring
# What it costs to stand nearer, back where one came from, in the way of edges.
NEARER, INWARDS, CLEARING = 3.0, 0.6, 1.5
REACH = 4  # rows searched to either side for free sites, at first
ISLAND = (5, 4)  # columns and rows kept free around an album that nothing joins to the rest


@dataclass(frozen=True, slots=True)
class Link:
    """Why two albums are joined: the strongest reason's signal, and the score of the pair (0–1)."""

    signal: str
    score: float


class Network:
    """Grows by rings."""

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}  # by album_id
        self.links: dict[str, dict[str, Link]] = {}  # by album_id, both ways
        self.parents: dict[str, str] = {}  # the album whose ring brought this one
        self.explored: dict[str, None] = {}  # the albums whose rings are in, the latest last
        self._taken: dict[Site, str] = {}

    def __len__(self) -> int:
        return len(self.sites)

    def explore(self, album_id: str, ring: Sequence[Neighbor]) -> int:
        """Take in an album with its ring (in the order of its slots); how many albums are new."""
        before = len(self.sites)
        ids = [neighbor.album.album_id for neighbor in ring]
        if album_id not in self.sites:
            self._put(album_id, self._site_for(ids))
        self.explored.pop(album_id, None)
        self.explored[album_id] = None
        fresh = [other for other in ids if other not in self.sites]
        for other, site in zip(fresh, self._sites_around(album_id, len(fresh)), strict=True):
            self._put(other, site)
            self.parents[other] = album_id
        for neighbor in ring:
            other, link = neighbor.album.album_id, Link(neighbor.strongest.signal, neighbor.score)
            self.links[album_id][other] = self.links[other][album_id] = link
        added = len(self.sites) - before
        self._forget()
        return added

    def arrow(self, album_id: str, direction: Direction, came: tuple[str, Direction] | None = None) -> str | None:
        """The album that an arrow leads to, or None where there is none that way; the same at every zoom.

        `came`: the album moved from last and the arrow taken; the opposite arrow leads back there.
        """
        ids = list(self.sites)
        points = [(2 * x, y) for x, y in self.sites.values()]
        before = None if came is None or came[0] not in self.sites else (ids.index(came[0]), came[1])
        found = nearest(points, ids.index(album_id), direction, before, center=None)
        return None if found is None else ids[found]

    def joined(self, album_id: str) -> list[str]:
        """The albums that it has an edge to, the best match first."""
        links = self.links[album_id]
        return sorted(links, key=lambda other: (-links[other].score, other))

    def pairs(self) -> list[tuple[str, str, Link]]:
        """Every edge once, the best match last, so that it is drawn over the others."""
        found = [(a, b, link) for a, links in self.links.items() for b, link in links.items() if a < b]
        return sorted(found, key=lambda pair: (pair[2].score, pair[0], pair[1]))

    # placing

    def _put(self, album_id: str, site: Site) -> None:
        self.sites[album_id] = site
        self._taken[site] = album_id
        self.links[album_id] = {}

    def _site_for(self, ring: Sequence[str]) -> Site:
        """Where an album goes that was in no ring: near the first of its own ring that is here, or apart."""
        if not self.sites:
            return 0, 0
        known = next((other for other in ring if other in self.sites), None)
        if known is not None:
            return self._sites_around(known, 1)[0]
        x, y = self.sites[next(reversed(self.explored))]
        for steps in range(1, len(self.sites) + 3):
            for dx, dy in ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1)):
                site = x + dx * steps * ISLAND[0], y + dy * steps * ISLAND[1]
                if not any(abs(site[0] - a) <= ISLAND[0] and abs(site[1] - b) <= ISLAND[1] for a, b in self._taken):
                    return site
        raise AssertionError("every step farther out has room for an album")

    def _sites_around(self, album_id: str, count: int) -> list[Site]:
        """`count` free sites for the ring of an album, clockwise from the top left as the ring's slots."""
        if not count:
            return []
        x0, y0 = self.sites[album_id]
        linked = [self.sites[other] for other in self.links[album_id]]
        away = (
            (WIDE * (x0 - sum(x for x, _ in linked) / len(linked)), y0 - sum(y for _, y in linked) / len(linked))
            if linked
            else (0.0, 0.0)
        )
        clear = self._clearings(album_id)
        reach = REACH
        free: list[Site] = []
        while len(free) < count:
            wide = reach * 3 // 2
            free = [
                (x0 + dx, y0 + dy)
                for dy in range(-reach, reach + 1)
                for dx in range(-wide, wide + 1)
                if (x0 + dx, y0 + dy) not in self._taken
            ]
            reach *= 2

        def cost(site: Site) -> float:
            vx, vy = WIDE * (site[0] - x0), float(site[1] - y0)
            distance, outwards = math.hypot(vx, vy), math.hypot(*away)
            total = distance - APART if distance >= APART else NEARER * (APART - distance)
            if outwards > 0:
                total += INWARDS * (1 - (vx * away[0] + vy * away[1]) / (distance * outwards))
            return round(total + (CLEARING if site in clear else 0), 6)

        def turn(site: Site) -> float:
            angle = math.atan2(site[1] - y0, WIDE * (site[0] - x0))
            return round((angle + 3 * math.pi / 4) % (2 * math.pi), 6)

        return sorted(sorted(free, key=lambda site: (cost(site), turn(site)))[:count], key=turn)

    def _clearings(self, album_id: str) -> set[Site]:
        """The sites close around other explored albums, where their edges run."""
        return {
            (x + dx, y + dy)
            for other in self.explored
            if other != album_id
            for x, y in [self.sites[other]]
            for dy in (-1, 0, 1)
            for dx in (-2, -1, 0, 1, 2)
        }

    def _forget(self) -> None:
        """Drop the rings explored longest ago while there are too many albums; those that stay keep their sites."""
        while len(self.sites) > MOST and len(self.explored) > 1:
            oldest = next(iter(self.explored))
            del self.explored[oldest]
            for other in list(self.links[oldest]):
                if other not in self.explored:
                    del self.links[oldest][other], self.links[other][oldest]
            for album_id in [a for a, links in self.links.items() if not links and a not in self.explored]:
                del self._taken[self.sites.pop(album_id)], self.links[album_id]
                self.parents.pop(album_id, None)
            self.parents = {a: parent for a, parent in self.parents.items() if parent in self.sites}
