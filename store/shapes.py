"""The one way in for data that others wrote: decoded into a declared type, or refused in one line.

A type is a dataclass or a `msgspec.Struct`; `Annotated[int, Meta(ge=0)]` bounds a value. Nothing is converted on the
way: a number in quotes is no number, NaN and infinity are none, and an unknown field is left out.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from store.text import clean

T = TypeVar("T")

Count = Annotated[int, Meta(ge=0, lt=2**62)]  # of people, plays, rows
Side = Annotated[int, Meta(ge=1, le=2**15)]  # pixels
Share = Annotated[float, Meta(ge=0, le=1)]


class BadShape(ValueError):
    """This is not what was expected; one line says what, and where in it. `damaged`: it is no JSON at all."""

    def __init__(self, why: str, damaged: bool = False) -> None:
        super().__init__(clean(why, 200))
        self.damaged = damaged


def read_file(path: Path, most: int = 50_000_000) -> bytes:
    """What is in a plain file of at most so many bytes. OSError for anything else: a pipe would be waited for."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a file")
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"larger than {most // 1_000_000} MB")
    return content


def from_json(data: bytes | str, shape: type[T]) -> T:
    """JSON as a value of that type. BadShape."""
    try:
        return msgspec.json.decode(data, type=shape)
    except RecursionError:
        raise BadShape("nested too deep") from None
    except msgspec.MsgspecError as error:
        raise BadShape(str(error), damaged=not isinstance(error, msgspec.ValidationError)) from None
    except (ValueError, OverflowError) as error:  # lone surrogates, numbers of a million digits
        raise BadShape(str(error), damaged=True) from None


def from_plain(value: Any, shape: type[T]) -> T:
    """What TOML, Parquet or Python gave, as a value of that type. BadShape."""
    try:
        return msgspec.convert(value, shape)
    except RecursionError:
        raise BadShape("nested too deep") from None
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        raise BadShape(str(error)) from None


def to_json(value: object) -> bytes:
    """A value of such a type as JSON."""
    return msgspec.json.encode(value)


def to_plain(value: object) -> Any:
    """A value of such a type as dicts, lists, texts and numbers."""
    return msgspec.to_builtins(value)
