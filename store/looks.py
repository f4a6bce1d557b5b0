"""What an eye would say of a cover: its facts, the words that they come to, and one plain sentence for a pair.

A cover's words are kept as a list in the table `cover_facts` and as a mask of bits in memory; the macros `look_of` and
`looks_alike` (`store.database.steps.views`) make the same sentences of them in SQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

VERSION = 1  # of the rules; `build` makes facts of an earlier one anew
COLORS = (
    "black", "grey", "white", "red", "orange", "brown", "beige", "yellow", "olive", "green", "teal", "blue", "purple",
    "pink",
)  # fmt: skip
NEUTRAL = COLORS[:3]
PLACES = ("top", "middle", "bottom")  # that lettering may be at
_NO_PALE = ("black", "white", "beige", "yellow")
_NO_DARK = ("black", "white")
_MUCH = {"black": 0.3, "white": 0.3, "grey": 0.4}  # of the area; where ink meets paper is grey too
_SHOWN_OF_BOTH, _SHOWN_OF_ONE = 3, 2

Color = tuple[str, float, int]  # one of COLORS, its share of the area 0–1, the mean of its pixels 0xRRGGBB


@dataclass(frozen=True, slots=True)
class CoverFacts:
    """The facts of one cover."""

    palette: tuple[Color, ...]  # at most three, the largest share first
    lightness: float  # mean OKLab lightness, 0 black – 1 white
    saturation: float  # mean OKLab chroma, 0 – about 0.3
    colored: float  # share of the area that is clearly of a colour, 0–1
    contrast: float  # root mean square of the OKLab distance to the mean colour, 0–0.5
    texture: float  # share of the area with edges, 0–1
    symmetry: float  # correlation with the mirror image (left and right), -1–1
    centred: float  # how surely one thing stands in the middle of an even ground, 0–1
    border: float  # width of an even frame all around, as a share of the side, 0–0.3
    lettering: float | None = None  # share of the area, 0–1; None: not looked for
    lettering_at: str | None = None  # one of PLACES; None: none, or all over


def _vocabulary() -> tuple[str, ...]:
    toned = [f"dark {name}" for name in COLORS if name not in _NO_DARK]
    toned += [f"pale {name}" for name in COLORS if name not in _NO_PALE]
    names = (*toned, *COLORS)
    return (
        *(f"{name} field" for name in names),
        "centred", "framed", "black and white", *(f"type at the {place}" for place in PLACES), "large type",
        *(f"mostly {name}" for name in names),
        "symmetric", "plain", "busy", "faint", "stark", "vivid", *COLORS[3:], "light", "dark", "muted", *NEUTRAL,
        "type",
    )  # fmt: skip


WORDS = _vocabulary()  # those that tell more first; a word's bit in a mask is 1 << its place here
# What is worth asking for: of a word and those that imply it, the one that all of those covers have.
ASKED = (
    *COLORS, "black and white", "dark", "light", "vivid", "muted", "stark", "faint", "plain", "busy", "symmetric",
    "centred", "framed", "type", "large type",
)  # fmt: skip
_PLACE = {word: place for place, word in enumerate(WORDS)}
_PHRASES = {
    "centred": "one thing in the middle",
    "framed": "a frame",
    "symmetric": "the same left and right",
    "plain": "hardly any texture",
    "busy": "busy all over",
    "faint": "little contrast",
    "stark": "strong contrast",
    "vivid": "vivid colours",
    "muted": "muted colours",
    "type at the middle": "type in the middle",
}
_ALSO = {  # how else people say it
    "gray": "grey", "b&w": "black and white", "bw": "black and white", "bright": "light", "empty": "plain",
    "centered": "centred", "frame": "framed", "border": "framed", "text": "type", "lettering": "type",
    "colorful": "vivid", "colourful": "vivid",
}  # fmt: skip


def words_of(facts: CoverFacts) -> tuple[str, ...]:
    """The words of a cover in the order of WORDS; at least one."""
    found: set[str] = set()
    plain = facts.texture < 0.1
    if facts.colored < 0.005 and facts.saturation < 0.015 and facts.contrast > 0.12:
        found.add("black and white")
    for place, (name, share, rgb) in enumerate(facts.palette):
        if share >= _MUCH.get(name, 0.22):
            found.add(name)
        if place == 0 and share >= 0.5:
            toned = f"{_tone(rgb, name)}{name}"
            found |= {f"mostly {name}", f"mostly {toned}"}
            if plain and share >= 0.7:
                found |= {f"{name} field", f"{toned} field"}
    if facts.lightness < 0.3:
        found.add("dark")
    elif facts.lightness > 0.78:
        found.add("light")
    if facts.saturation > 0.1:
        found.add("vivid")
    elif facts.saturation >= 0.012 and 0.005 <= facts.colored < 0.1 and facts.lightness < 0.75:
        found.add("muted")
    if facts.contrast > 0.29:
        found.add("stark")
    elif facts.contrast < 0.075:
        found.add("faint")
    if plain:
        found.add("plain")
    elif facts.texture > 0.48:
        found.add("busy")
    if facts.symmetry > 0.8:
        found.add("symmetric")
    if facts.centred > 0.6:
        found.add("centred")
    if facts.border > 0:
        found.add("framed")
    if facts.lettering is not None and facts.lettering >= 0.015:
        found.add("type")
        if facts.lettering >= 0.15:
            found.add("large type")
        if facts.lettering_at in PLACES:
            found.add(f"type at the {facts.lettering_at}")
    if not found and facts.palette:
        found.add(facts.palette[0][0])
    return tuple(word for word in WORDS if word in found)


def meant(text: str) -> str | None:
    """The word that a person means by `text`, or None."""
    text = " ".join(text.lower().split())
    word = _ALSO.get(text, text)
    return word if word in _PLACE else None


def mask_of(words: Iterable[str]) -> int:
    """The words as bits; those that are none of WORDS are left out."""
    return sum({1 << _PLACE[word] for word in words if word in _PLACE})


def sentence(one: int, other: int) -> str:
    """What both covers have, "both: a dark red field, one thing in the middle", or how they differ; '' where the words
    of one are not known.
    """
    if not one or not other:
        return ""
    if one & other:
        return f"both: {', '.join(_phrases(one & other)[:_SHOWN_OF_BOTH])}"
    return f"one: {summary(one)}; the other: {summary(other)}"


def summary(mask: int) -> str:
    """A cover in a few words: "mostly red, strong contrast"; '' where its words are not known."""
    return ", ".join(_phrases(mask)[:_SHOWN_OF_ONE])


def hides(word: str) -> tuple[str, ...]:
    """The words that say less than this one, and are not said beside it."""
    first, *rest = word.split()
    if word.endswith(" field") or first == "mostly":
        name = word.removeprefix("mostly ").removesuffix(" field")
        color = name.split()[-1]
        tone = {"dark": "dark", "pale": "light", "black": "dark", "white": "light"}.get(name.split()[0])
        fields = ("plain", f"{color} field", f"mostly {name}") if word.endswith(" field") else ()
        weaker = (*fields, f"mostly {color}", color, *((tone,) if tone else ()))
        return tuple(other for other in weaker if other != word)
    if (first == "type" and rest) or word == "large type":
        return ("type",)
    return {"black and white": ("black", "grey", "white"), "dark": ("black",), "light": ("white",)}.get(word, ())


@cache
def _hidden(place: int) -> int:
    return mask_of(hides(WORDS[place]))


def _phrases(mask: int) -> list[str]:
    """What is said of a mask, what tells more first, without what another word says already."""
    places, left = [], mask
    while left:
        places.append((left & -left).bit_length() - 1)
        left &= left - 1
    for place in places:
        mask &= ~_hidden(place)
    return [phrase(WORDS[place]) for place in places if mask >> place & 1]


def phrase(word: str) -> str:
    """A word of WORDS as it is said in a sentence."""
    if word in COLORS:
        return f"much {word}"
    if word.endswith(" field"):
        return f"{'an' if word[0] in 'o' else 'a'} {word}"
    return _PHRASES.get(word, word)


def _tone(rgb: int, name: str) -> str:
    """ "dark ", "pale " or nothing, by the luminance of 0xRRGGBB."""
    red, green, blue = ((rgb >> shift & 255) / 255 for shift in (16, 8, 0))
    luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    if luminance < 0.06 and name not in _NO_DARK:
        return "dark "
    return "pale " if luminance > 0.6 and name not in _NO_PALE else ""
