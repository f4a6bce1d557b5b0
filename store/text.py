"""Text from outside, made safe to store and show (`clean`) and reduced to a key for matching (`norm`)."""

from __future__ import annotations

import hashlib
import re
import unicodedata

# Whole terminal sequences go, not the escape character alone, so that no "[31m" is left behind.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS …: titles
    r"|\x1b[ -/]*[0-~]?"  # two-character sequences and a lone escape
)
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")  # printable ASCII with single spaces: nothing to clean
_ZERO_WIDTH_JOINERS = "\u200c\u200d"
_EMOJI_TAIL = "\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # what may stand between emoji and joiner
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols that draw nothing
_MAX_MARKS = 4  # combining marks on one letter; living scripts need three, towers of marks break a line
_LATIN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
_ASCII_WORDS = str.maketrans({code: (chr(code).lower() if chr(code).isalnum() else " ") for code in range(128)})


def clean(text: str, limit: int = 1000) -> str:
    """`text` as it is stored: NFC, one line, single spaces, at most `limit` characters (an ellipsis marks a
    cut).

    Escape sequences, control, bidirectional and zero-width characters, private-use characters and lone
    surrogates are taken out. Joiners stay where they carry meaning: inside emoji, Arabic and Indic words.
    """
    if len(text) <= limit and _PLAIN.fullmatch(text):
        return text
    text = unicodedata.normalize("NFC", _ESCAPES.sub("", text[: limit * 20]))
    kept: list[str] = []
    marks = 0
    for position, char in enumerate(text):
        category = unicodedata.category(char)
        if category in ("Zs", "Zl", "Zp") or char in "\t\n\v\f\r\x85" or char in _BLANKS:
            char = " "
        elif category in ("Cc", "Cs", "Co") or (
            category == "Cf" and not (char in _ZERO_WIDTH_JOINERS and _joins(text, position))
        ):
            continue
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= _MAX_MARKS:
            kept.append(char)
    # Once more: where something between a letter and its mark was taken out, the two meet now.
    cleaned = " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
    if len(cleaned) > limit:
        cleaned = cleaned[: limit - 1].rstrip(" " + _ZERO_WIDTH_JOINERS) + "…"
    return cleaned


def _joins(text: str, position: int) -> bool:
    """Whether the joiner at `position` stands inside an emoji or a word of a script that needs it."""
    before = text[max(position - 4, 0) : position].rstrip(_EMOJI_TAIL)[-1:]
    after = text[position + 1 : position + 2]
    if not before or not after:
        return False
    if unicodedata.category(before) == "So" and unicodedata.category(after) in ("So", "Sm"):
        return text[position] == "\u200d"
    return all("\u0600" <= side <= "\u0dff" and side.isprintable() for side in (before, after))


def norm(text: str) -> str:
    """`text` as a key: case folded, accents off Latin and Greek letters, punctuation to single spaces.

    Other scripts keep their marks, since there a mark makes another letter (Japanese voicing, Cyrillic й).
    May be empty: "!!!" has no letter or digit.
    """
    if text.isascii():
        return " ".join(text.translate(_ASCII_WORDS).split())
    kept: list[str] = []
    accents_off = False
    for char in unicodedata.normalize("NFKD", text.casefold()).casefold().translate(_LATIN_LETTERS):
        category = unicodedata.category(char)
        if category[0] == "M":
            if not accents_off:
                kept.append(char)
        elif category[0] in "LN":
            accents_off = char < "\u0400" or "\u1e00" <= char < "\u2000"
            kept.append(char)
        elif category != "Cf":
            kept.append(" ")
            accents_off = False
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def key(text: str) -> str:
    """`norm(text)`, or the cleaned text with its case folded where `norm` leaves nothing ("!!!", "…")."""
    return norm(text) or clean(text).casefold()


def storable(text: str) -> str:
    """`text` as UTF-8 can hold it: other bytes of a file name (lone surrogates) become `\\udc80`."""
    return text.encode("utf-8", "backslashreplace").decode()


def album_id(artist: str, title: str) -> str:
    """The stable key of an album: 16 hex digits of the SHA-256 of its normalised artist and title."""
    return hashlib.sha256(f"{key(artist)}\0{key(title)}".encode()).hexdigest()[:16]
