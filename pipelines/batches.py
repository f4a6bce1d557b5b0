"""Cutting a stream into batches and keeping workers busy with bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
Made = TypeVar("Made")


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`; the last may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def ahead(items: Iterable[T], count: int) -> Iterator[T]:
    """The same items in their order, each drawn `count` places ahead: workers that drawing sets going run meanwhile."""
    waiting: deque[T] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > count:
            yield waiting.popleft()
    yield from waiting


def side_by_side(work: Callable[[T], Made], given: Iterable[T]) -> list[Made]:
    """`work` for each, on all cores, in their order; one alone is done here."""
    given = list(given)
    if len(given) == 1:
        return [work(given[0])]
    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="beside") as pool:
        return list(pool.map(work, given))
