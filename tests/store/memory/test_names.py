"""The names of albums, prepared for search: every word and every beginning is found, in any script."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from store.memory.names import beginning, equal, index_names
from store.text import key

KEYS = st.text(st.sampled_from("ab éя椎"), max_size=6).map(key).map(lambda text: text or "a")


@given(st.lists(st.tuples(KEYS, KEYS), max_size=12), KEYS)
def test_words_and_beginnings(names: list[tuple[str, str]], text: str) -> None:
    artists, titles = [artist for artist, _ in names], [title for _, title in names]
    index = index_names(artists, titles)
    both = [f"{artist} {title}" for artist, title in names]
    assert index.lengths.tolist() == [len(name) for name in both]
    assert list(index.words) == sorted({word for name in both for word in name.split(" ")})
    for place, word in enumerate(index.words):
        expected = [number for number, name in enumerate(both) if word in name.split(" ")]
        assert index.holders_of(np.array([place])).tolist() == expected
    for order, of in ((index.by_artist, artists), (index.by_title, titles)):
        assert sorted(order.tolist()) == list(range(len(names)))
        begins = beginning(order, text, of.__getitem__)
        assert sorted(begins.tolist()) == [number for number, name in enumerate(of) if name.startswith(text)]
        same = equal(order, text, of.__getitem__)
        assert sorted(same.tolist()) == [number for number, name in enumerate(of) if name == text]


def test_the_shortest_come_first() -> None:
    index = index_names(["a"] * 4, ["long one", "b", "longer than that", "c"])
    assert index.shortest(np.arange(4), 2).tolist() == [1, 3]
    assert index.shortest(np.arange(2), 2).tolist() == [0, 1]
