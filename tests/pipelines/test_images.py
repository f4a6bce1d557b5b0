"""Any picture becomes a cover, or says in a few words why not."""

from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.images import (
    MAX_BYTES,
    BadImage,
    decode_cover,
    encode_webp,
    load_covers,
    prepare_cover,
    read_picture,
)
from tests.pipelines.support.pictures import photo, png_claiming, quarters, to_bytes

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
    pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),  # our own check must do without it
]

RED, LIME, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def expected(picture: Image.Image) -> np.ndarray:
    """The straightforward way, without shortcuts."""
    return np.asarray(picture.convert("RGB").resize((128, 128), Image.Resampling.LANCZOS)).astype(float)


def differs(pixels: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(pixels.astype(float) - other).mean())


def corners(pixels: np.ndarray) -> list[tuple[int, ...]]:
    """Colours in the middle of the four quarters, reading order, rounded to full or none."""
    places = [(32, 32), (32, 96), (96, 32), (96, 96)]
    return [tuple(int(channel > 127) * 255 for channel in pixels[y, x]) for y, x in places]


@pytest.mark.parametrize(
    ("kind", "options", "tolerance"),
    [
        ("JPEG", {"quality": 95}, 2.0),
        ("JPEG", {"quality": 95, "progressive": True}, 2.0),
        ("PNG", {}, 0.5),
        ("WEBP", {"lossless": True}, 0.5),
        ("BMP", {}, 0.5),
        ("TIFF", {}, 0.5),
        ("TIFF", {"compression": "tiff_lzw"}, 0.5),
        ("GIF", {}, 12.0),
    ],
)
@pytest.mark.parametrize("side", [64, 128, 300, 1000])
def test_every_format_gives_the_picture(kind: str, options: dict[str, object], tolerance: float, side: int) -> None:
    picture = photo(side, side)
    cover = decode_cover(to_bytes(picture, kind, **options))
    assert cover.pixels.shape == (128, 128, 3)
    assert cover.pixels.dtype == np.uint8
    assert (cover.width, cover.height) == (side, side)
    assert differs(cover.pixels, expected(picture)) < tolerance


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_every_mode_gives_the_picture(mode: str) -> None:
    picture = photo()
    gray = np.asarray(picture.convert("L"))
    if mode == "I;16":
        source = Image.fromarray(gray.astype(np.uint16) * 257)
    elif mode == "I":
        source = Image.fromarray(gray.astype(np.int32) * 257)
    elif mode == "F":
        source = Image.fromarray(gray.astype(np.float32) / 255)
    else:
        source = picture.convert(mode)
    assert source.mode == mode
    data = to_bytes(source, "TIFF" if mode in ("CMYK", "YCbCr", "I", "F") else "PNG")
    reference = picture if mode in ("RGB", "RGBA", "CMYK", "YCbCr", "P") else picture.convert("L")
    tolerance = {"1": 40.0, "P": 20.0, "YCbCr": 2.0}.get(mode, 1.0)
    assert differs(decode_cover(data).pixels, expected(reference)) < tolerance


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    dark = np.full((200, 200), 0x2000, dtype=np.uint16)
    for kind in ("PNG", "TIFF"):
        assert np.all(decode_cover(to_bytes(Image.fromarray(dark), kind)).pixels == 0x20)


@pytest.mark.parametrize(
    ("scale", "kind"), [(1.0, "f"), (255.0, "f"), (65535.0, "f"), (1e6, "f"), (255, "i"), (10**6, "i")]
)
def test_wide_gray_is_scaled_to_its_white(scale: float, kind: str) -> None:
    ramp = np.tile(np.linspace(0, 1, 256), (256, 1))
    data = to_bytes(Image.fromarray((ramp * scale).astype(np.float32 if kind == "f" else np.int32)), "TIFF")
    assert differs(decode_cover(data).pixels, expected(Image.fromarray((ramp * 255).astype(np.uint8)))) < 1


def test_adobe_cmyk_jpeg_is_not_a_negative() -> None:
    picture = Image.new("RGB", (200, 200), (250, 240, 30))
    pixels = decode_cover(to_bytes(picture.convert("CMYK"), "JPEG", quality=95)).pixels
    assert differs(pixels, np.array([250.0, 240.0, 30.0])) < 5


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_white_paper(mode: str) -> None:
    picture = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 100, 200))
    data = to_bytes(picture.convert(mode), "PNG") if mode != "P" else to_bytes(picture, "GIF")
    pixels = decode_cover(data).pixels
    assert tuple(pixels[64, 20]) == (0, 0, 0)
    assert tuple(pixels[64, 108]) == WHITE


def test_a_color_that_stands_for_transparency_is_white_paper() -> None:
    for mode, key in (("RGB", (255, 0, 0)), ("L", 76), ("1", 0)):
        data = to_bytes(Image.new("RGB", (200, 200), "red").convert(mode), "PNG", transparency=key)
        expected_white = mode != "1" or decode_cover(data).pixels.min() == 255
        assert expected_white
        if mode != "1":
            assert decode_cover(data).pixels.min() == 255


def test_half_transparent_edges_have_no_dark_fringe() -> None:
    picture = Image.new("RGBA", (512, 512), (0, 0, 0, 0))  # black where nobody sees it
    picture.paste((255, 255, 255, 255), (101, 101, 400, 400))
    assert decode_cover(to_bytes(picture)).pixels.min() >= 254


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_turns_the_picture_upright(kind: str, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = quarters(400, 256)
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    cover = decode_cover(to_bytes(stored, kind, exif=exif))
    assert corners(cover.pixels) == [RED, LIME, BLUE, WHITE]
    assert (cover.width, cover.height) == (400, 256)


def test_damaged_exif_does_not_cost_the_cover() -> None:
    data = to_bytes(quarters(), "JPEG", exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff" + b"\xff" * 40)
    assert corners(decode_cover(data).pixels) == [RED, LIME, BLUE, WHITE]


def test_the_middle_is_cut_out() -> None:
    wide = Image.new("RGB", (600, 200), "red")
    wide.paste("blue", (200, 0, 400, 200))
    for kind in ("PNG", "JPEG"):
        pixels = decode_cover(to_bytes(wide, kind)).pixels
        assert differs(pixels[:, 4:-4], np.array(BLUE, dtype=float)) < 2


def test_the_first_frame_of_an_animation_counts() -> None:
    frames = [Image.new("RGB", (160, 160), color) for color in ("red", "blue")]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        data = to_bytes(frames[0], kind, save_all=True, append_images=frames[1:])
        assert differs(decode_cover(data).pixels, np.array(RED, dtype=float)) < 3


def test_mean_color() -> None:
    assert decode_cover(to_bytes(Image.new("RGB", (200, 200), (0x12, 0x34, 0x56)))).mean_color == 0x123456


def test_stored_pixels_are_the_decoded_pixels() -> None:
    data = to_bytes(photo(500, 500), "JPEG")
    cover = prepare_cover(data)
    assert np.array_equal(decode_cover(cover.webp).pixels, decode_cover(data).pixels)
    # What is stored is itself stored as it is.
    assert prepare_cover(cover.webp).webp == cover.webp


def test_a_plain_128_pixel_webp_is_stored_byte_for_byte() -> None:
    for options in ({"quality": 80}, {"lossless": True}):
        data = to_bytes(photo(128, 128), "WEBP", **options)
        assert prepare_cover(data).webp == data


def test_a_webp_with_anything_beside_its_pixels_is_made_anew() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where the photographer lives"
    plain = to_bytes(photo(128, 128), "WEBP", quality=80)
    alpha = photo(128, 128).convert("RGBA")
    alpha.putalpha(200)
    for data in (
        to_bytes(photo(128, 128), "WEBP", exif=exif),
        to_bytes(alpha, "WEBP", lossless=True),
        plain + b"<script>alert(1)</script>",
        to_bytes(photo(128, 128), "WEBP", save_all=True, append_images=[photo(128, 128, seed=1)]),
    ):
        webp = prepare_cover(data).webp
        assert webp != data
        assert b"script" not in webp
        assert b"photographer" not in webp
        assert decode_cover(webp).as_is


def test_encode_refuses_what_is_no_cover() -> None:
    with pytest.raises(ValueError, match="128"):
        encode_webp(np.zeros((64, 64, 3), np.uint8))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG, which is no picture made of pixels"),
        (b'<?xml version="1.0"?>\n<svg width="9"/>', "SVG, which is no picture made of pixels"),
        (b"  <!DOCTYPE html><html>not found</html>", "a web page, not a picture"),
        (b"hello", "not a JPEG, PNG, WebP, GIF, BMP or TIFF picture"),
        (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
            "not a JPEG, PNG, WebP, GIF, BMP or TIFF picture",
        ),
        (to_bytes(photo(), "ICO"), "not a JPEG, PNG, WebP, GIF, BMP or TIFF picture"),
        (png_claiming(50_000, 50_000), "more than 50 megapixels"),
        (png_claiming(8_000, 6_400), "more than 50 megapixels"),
        (b"\0" * (MAX_BYTES + 1), "larger than 25 MB"),
        (to_bytes(Image.new("RGB", (1, 1))), "smaller than 16 pixels"),
        (to_bytes(Image.new("RGB", (1, 5000))), "smaller than 16 pixels"),
        (to_bytes(Image.new("RGB", (1000, 100))), "far from square"),
        (
            to_bytes(Image.fromarray(np.full((64, 64), np.nan, np.float32)), "TIFF"),
            "pixels that are not numbers",
        ),
    ],
)
def test_what_is_refused_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(BadImage) as caught:
        decode_cover(data)
    assert caught.value.reason == reason
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_truncated_picture_is_refused_and_not_half_gray(kind: str) -> None:
    data = to_bytes(photo(), kind)
    for part in (0.3, 0.6, 0.9):
        with pytest.raises(BadImage):
            decode_cover(data[: int(len(data) * part)])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_any_damage_gives_a_cover_or_a_reason(kind: str) -> None:
    chance = random.Random(kind)
    whole = to_bytes(photo(100, 100), kind)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 3, 20))):
            # Half of the damage goes where the structure is.
            data[chance.randrange(chance.choice((64, len(data))))] = chance.randrange(256)
        try:
            assert decode_cover(bytes(data)).pixels.shape == (128, 128, 3)
        except BadImage as error:
            assert error.reason


def test_a_picture_with_a_page_behind_it_leaves_the_page_behind() -> None:
    for kind in ("JPEG", "PNG", "GIF"):
        webp = prepare_cover(to_bytes(photo(), kind) + b"<html><script>alert(1)</script></html>").webp
        assert b"script" not in webp
        with Image.open(io.BytesIO(webp)) as stored:
            assert stored.size == (128, 128)


def test_load_covers_gives_a_cover_or_a_reason_for_each_path(tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(to_bytes(photo()))
    (tmp_path / "page.jpg").write_bytes(b"<html>gone</html>")
    (tmp_path / "folder.jpg").mkdir()
    names = ["good.png", "page.jpg", "folder.jpg", "absent.jpg"]
    good, *bad = load_covers([tmp_path / name for name in names])
    assert all(isinstance(item, BadImage) and item.__traceback__ is None for item in bad)
    assert not isinstance(good, BadImage)
    assert [str(item) for item in bad] == ["a web page, not a picture", "not a file", "no such file"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(BadImage, match="not a file"):
        read_picture(tmp_path / "pipe.jpg")
