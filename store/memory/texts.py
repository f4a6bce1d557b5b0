"""A column of texts that stay in Arrow's memory until one is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import pyarrow as pa

_PART = 65_536  # texts made at a time while all are read


class Texts(Sequence[str]):
    """A million texts open in no time and cost no object each: only what is read becomes a `str`."""

    def __init__(self, array: pa.LargeStringArray) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            texts: list[str] = self.array[place].to_pylist()
            return texts
        text: str = self.array[int(place)].as_py()
        return text

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _PART):
            yield from self.array[start : start + _PART].to_pylist()


def as_array(texts: Sequence[str]) -> pa.LargeStringArray:
    """A column of texts as Arrow has it, without a copy where it is Arrow's."""
    import pyarrow as pa

    return texts.array if isinstance(texts, Texts) else pa.array(texts, pa.large_string())
