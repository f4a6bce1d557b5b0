"""Files of text that others wrote: rows of CSV and JSON objects one by one, in bounded memory, whatever the size."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from pipelines.report import SourceError

MOST_LINE = 1 << 20  # bytes of one line of CSV, characters of one JSON object
_CHUNK = 1 << 18
_BETWEEN = re.compile(r"[\s,\[\]\x1e]*")  # what may stand between two objects, of an array or of lines


def lines(file: BinaryIO) -> Iterator[str]:
    """The lines of a text in UTF-8, or in what Windows wrote where it is none. SourceError for what is no text."""
    number = 0
    while line := file.readline(MOST_LINE + 1):
        number += 1
        if len(line) > MOST_LINE:
            raise SourceError(f"line {number:,} is longer than {MOST_LINE >> 20} MB: no such list")
        if b"\0" in line:
            raise SourceError(f"line {number:,} is no text (UTF-16 has to be saved as UTF-8)")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            yield line.decode("cp1252", "replace")


def csv_rows(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """(number of its last line, cells) of each row that has any. SourceError where it is no CSV."""
    reader = csv.reader(lines(file))
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise SourceError(f"line {reader.line_num:,}: {error}") from None


def json_objects(file: BinaryIO) -> Iterator[object]:
    """Each value of an array, or of one after the other (JSON Lines), in UTF-8. SourceError where the text ends or goes
    wrong; what was before that has been given by then.
    """
    decoder = json.JSONDecoder()
    buffer, at, count = "", 0, 0
    remainder, ended = b"", False
    while True:
        start = _BETWEEN.match(buffer, at)
        at = start.end() if start else at
        if at < len(buffer):
            try:
                value, end = decoder.raw_decode(buffer, at)
            except RecursionError:
                raise SourceError(f"entry {count + 1:,} is nested too deep") from None
            except ValueError:
                if ended:
                    raise SourceError(f"entry {count + 1:,} is damaged or cut off") from None
            else:
                if end < len(buffer) or ended:  # a number at the end of the buffer may go on in the next chunk
                    count, at = count + 1, end
                    yield value
                    continue
        if len(buffer) - at > MOST_LINE:
            raise SourceError(f"entry {count + 1:,} is damaged, or longer than {MOST_LINE >> 20} MB")
        if ended:
            return
        chunk = remainder + file.read(_CHUNK)
        ended = len(chunk) == len(remainder)
        cut = len(chunk) if ended else _whole(chunk)
        chunk, remainder = chunk[:cut], chunk[cut:]
        try:
            buffer, at = buffer[at:] + chunk.decode("utf-8-sig" if not count and not buffer else "utf-8"), 0
        except UnicodeDecodeError:
            raise SourceError(f"entry {count + 1:,} is not in UTF-8") from None


def _whole(chunk: bytes) -> int:
    """Where the last whole character of UTF-8 ends."""
    for back in range(1, min(4, len(chunk)) + 1):
        byte = chunk[-back]
        if byte & 0xC0 == 0xC0:  # the first byte of a longer character
            return len(chunk) - back
        if byte < 0x80:
            return len(chunk) - back + 1
    return len(chunk)
