"""Files that cost far more than they weigh, made by the tests that need them."""

from __future__ import annotations

import io
import struct

from PIL import Image

from tests.pipelines.support.pictures import photo


def many_scans(side: int = 3000, scans: int = 400) -> bytes:
    """A progressive JPEG of 0.3 MB or so that goes over its pixels again and again: a minute of decoding."""
    out = io.BytesIO()
    photo(64, 64).resize((side, side), Image.Resampling.NEAREST).save(out, "JPEG", progressive=True, quality=5)
    data = out.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + data[-2:]


def huge_tag(size: int = 400_000_000) -> bytes:
    """The beginning of an MP3 whose ID3 tag claims to be so long; make the file as long with `truncate`."""
    claimed = bytes((size >> shift) & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + claimed + b"APIC" + struct.pack(">I", size - 20) + b"\0\0\0image/png\0\3\0"


def nested_atoms(depth: int = 20_000) -> bytes:
    """An M4A of boxes in boxes."""
    boxes = b"".join(struct.pack(">I4s", 8 * (depth - at), b"moov") for at in range(depth))
    return struct.pack(">I4s8s", 16, b"ftyp", b"M4A \0\0\0\0") + boxes


def wide_png(side: int = 7000) -> bytes:
    """Nearly all the pixels that are allowed, with transparency: 200 MB once unpacked."""
    out = io.BytesIO()
    Image.new("RGBA", (side, side), (10, 20, 30, 40)).save(out, "PNG")
    return out.getvalue()
