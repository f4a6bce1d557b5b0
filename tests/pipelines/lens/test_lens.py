"""Photos of sleeves find their albums, photos of others find none; on real covers where a library of them is named.

`SLEEVEWALK_LENS_LIBRARY=DIR SLEEVEWALK_PHOTOS=300 pytest -s tests/pipelines/lens/test_lens.py` measures on a library.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageDraw, ImageFilter
from safetensors.numpy import save_file

from pipelines.demo.build import DATA
from pipelines.images import BadImage, encode_webp
from pipelines.lens.geometry import homography, straight
from pipelines.lens.lens import Lens
from pipelines.lens.photo import decoded, open_photo
from pipelines.lens.placing import Placing
from pipelines.lens.proposer import Proposer, read_camera, whitening
from pipelines.lens.quads import find_quads
from pipelines.lens.words import albums_called
from store.catalogue.albums import add_albums
from store.catalogue.covers import CoverFiles
from store.catalogue.latents import add_latents, add_model
from store.catalogue.tables import add_covers
from store.database.library import Library
from store.errors import LibraryError
from store.index.cover_index import build_index
from store.neighbors.neighborhood import open_neighborhood
from store.records import AlbumRecord, CoverRecord
from tests.pipelines.support.pictures import png_claiming, to_bytes
from tests.support.photos import photo
from vae.codec import Codec
from vae.info import BadWeights

REAL = os.environ.get("SLEEVEWALK_LENS_LIBRARY")
PHOTOS = int(os.environ.get("SLEEVEWALK_PHOTOS") or 9)
INDEXED = 40  # covers of the small library


def sleeves() -> Iterator[np.ndarray]:
    """The demo's covers."""
    for file in sorted(DATA.glob("*.parquet")):
        for data in pq.read_table(file, columns=["webp"])["webp"].to_pylist():
            yield np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec.load(device="cpu")


@pytest.fixture(scope="module")
def lens(tmp_path_factory: pytest.TempPathFactory, codec: Codec) -> Lens:
    if REAL:
        library = Library.open(Path(REAL))
    else:
        library = Library.create(tmp_path_factory.mktemp("lens") / "library")
        files = CoverFiles(library.covers_dir)
        pixels = [cover for cover, _ in zip(sleeves(), range(INDEXED), strict=False)]
        shas = [files.put(encode_webp(cover)) for cover in pixels]
        latents = np.concatenate([codec.encode(cover[None], steps=0) for cover in pixels])
        with library.write() as con:
            add_covers(con, [CoverRecord(sha, 128, 128, 1, 0) for sha in shas])
            names = [("Northern Lanterns", "Quiet Harbour"), *(("Artist", sha) for sha in shas[1:])]
            add_albums(
                con, [AlbumRecord(*name, "test", sha, cover_sha256=sha) for name, sha in zip(names, shas, strict=True)]
            )
            add_model(con, codec.model_id, "test", codec.latent_dim, 128, None, {})
            add_latents(con, codec.model_id, shas, latents)
        build_index(library, codec.model_id, shas, codec.search_vectors(latents), "test")
    return Lens(open_neighborhood(library), CoverFiles(library.covers_dir), lambda: codec, lambda: None)


class Without:
    """Proposes as another one does, but for some covers."""

    def __init__(self, proposer: Proposer, gone: set[int]) -> None:
        self.proposer, self.gone = proposer, gone

    def near(self, vector: np.ndarray, k: int) -> dict[int, float]:
        near = self.proposer.near(vector, k + len(self.gone)).items()
        return dict([(row, score) for row, score in near if row not in self.gone][:k])


def small(pixels: np.ndarray) -> np.ndarray:
    shrunk = np.asarray(Image.fromarray(pixels).resize((32, 32), Image.Resampling.BOX), float)
    return (shrunk - shrunk.mean()) / (shrunk.std() + 1e-6)


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether both are the same picture, as two pressings have it."""
    return float((small(one) * small(other)).mean()) > 0.93


def drawn(seed: int) -> np.ndarray:
    """A sleeve of no album: discs of any colour."""
    draw = np.random.default_rng(seed)
    picture = Image.new("RGB", (128, 128), tuple(draw.integers(0, 256, 3)))
    for _ in range(12):
        x, y, reach = draw.uniform(0, 128, 3) * (1, 1, 0.4)
        box = (x - reach, y - reach, x + reach, y + reach)
        ImageDraw.Draw(picture).ellipse(box, fill=tuple(draw.integers(0, 256, 3)))
    return np.asarray(picture)


def opened(data: bytes) -> Image.Image:
    found = decoded(data)
    return Image.frombytes("RGB", (found.width, found.height), found.rgb)


def test_photos_find_their_albums_and_others_find_none(lens: Lens) -> None:
    files, index, right, placed, seconds = lens.files, lens.index, 0, 0, []
    rows = np.random.default_rng(5).permutation(index.count)
    around = [files.pixels(index.shas[row]) for row in rows[-8:]]
    known, others = rows[:PHOTOS], rows[PHOTOS : PHOTOS + PHOTOS // 3]
    for row in known.tolist():
        cover = files.pixels(index.shas[row])
        data, corners = photo(cover, row, around)
        picture = opened(data)
        corners = corners / Image.open(io.BytesIO(data)).size
        began = time.process_time()
        sighting = lens.look(picture)
        seconds.append(time.process_time() - began)
        right += any(alike(files.pixels(album.cover_sha256 or ""), cover) for album, _ in sighting.found[:1])
        placed += sighting.corners is not None and np.abs(sighting.corners - corners).max() < 0.06
    unknown, proposer = 0, lens.proposer
    for row in others.tolist():
        cover = files.pixels(index.shas[row]) if REAL else drawn(row)  # the demo's are drawn after few patterns
        near = index.search(index.vectors(np.array([row])), 50)[1][0]  # the same picture of other albums goes too
        same = {at for at in near.tolist() if alike(files.pixels(index.shas[at]), cover)}
        lens.proposer = Without(proposer, same)  # type: ignore[assignment]
        unknown += not lens.look(opened(photo(cover, row)[0])).found  # no sleeve of the library beside it
    lens.proposer = proposer
    half, most = np.quantile(seconds, (0.5, 0.95))
    print(f"\n{right} of {len(known)} found ({placed} where they lie), {unknown} of {len(others)} unknown;", end=" ")
    print(f"{half:.3f} s a photo, 95 %: {most:.3f}")
    assert right >= 0.88 * len(known) and placed >= 0.75 * len(known) and unknown >= (0.85 if REAL else 1) * len(others)


def test_a_straight_picture_of_a_cover_is_certain(lens: Lens) -> None:
    row = 3
    cover = lens.files.pixels(lens.index.shas[row])
    sighting = lens.look(Image.fromarray(cover).resize((600, 590)))
    assert sighting.found[0][0].cover_sha256 == lens.index.shas[row] and sighting.found[0][1] > 0.95
    assert sighting.nearest and "surely" in sighting.told


@pytest.mark.parametrize(("size", "color"), [((16, 16), "black"), ((64, 17), "white"), ((300, 720), None)])
def test_pictures_of_nothing_are_of_no_album(lens: Lens, size: tuple[int, int], color: str | None) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    sighting = lens.look(Image.fromarray(noise) if color is None else Image.new("RGB", size, color))
    assert not sighting.found and sighting.nearest and "not an album" in sighting.told


@pytest.mark.skipif(bool(REAL), reason="of the small library's names")
def test_what_is_read_on_a_sleeve_names_albums_and_makes_surer(lens: Lens) -> None:
    snapshot, lines = lens.neighborhood.snapshot, ["NORTHERN LANTERNS", "Quiet Harb0ur", "stereo"]
    called = albums_called(snapshot, lines)
    assert [snapshot.album(row).title for row, whole in called.items() if whole] == ["Quiet Harbour"]
    assert not any(albums_called(snapshot, lines[1:]).values())  # the title alone may be another's
    reads = Lens(lens.neighborhood, lens.files, lens._loaded, lambda: lambda sleeve: lines)
    sleeve = Image.fromarray(next(sleeves())).resize((400, 400)).filter(ImageFilter.GaussianBlur(30))
    with_words, without = reads.look(sleeve), lens.look(sleeve)
    assert with_words.found[0][0].title == "Quiet Harbour" and list(with_words.lettering) == lines
    assert not without.found or without.found[0][1] < with_words.found[0][1]


def test_corners_are_found_under_perspective() -> None:
    cover = next(sleeves())
    data, corners = photo(cover, 3)
    picture = opened(data)
    corners = corners * picture.width / Image.open(io.BytesIO(data)).width
    side = np.hypot(*(corners[1] - corners[0]))
    assert min(np.hypot(*(quad - corners).T).max() for quad in find_quads(picture)) < 0.06 * side


def test_covers_are_proposed_by_what_a_camera_leaves_alone(lens: Lens, tmp_path: Path) -> None:
    draw, vectors = np.random.default_rng(4), lens.index.vectors(np.arange(INDEXED))
    lamps = draw.standard_normal((20, vectors.shape[1])) / vectors.shape[1] ** 0.5  # what moves vectors
    seen, lit = (vectors.repeat(n, 0) + draw.normal(0, 0.6, (n * INDEXED, 20)) @ lamps for n in (1, 5))
    file = tmp_path / "camera.safetensors"
    save_file({"whiten": whitening(lit, vectors.repeat(5, 0))}, file, {"model_id": lens.index.model_id})
    proposer = Proposer(lens.index, file)
    found = sum([*proposer.near(vector, 1)] == [row] for row, vector in enumerate(seen.astype(np.float32)))
    by_looks = sum(lens.index.search(seen.astype(np.float32), 1)[1][:, 0] == np.arange(INDEXED))
    assert found >= 0.9 * INDEXED and found > by_looks + 0.2 * INDEXED
    assert read_camera(file, "another model") is None
    file.write_bytes(b"nothing")
    with pytest.raises(BadWeights, match=r"camera\.safetensors is damaged"):
        read_camera(file, lens.index.model_id)


def test_a_cover_is_laid_where_it_fits_without_any_edges() -> None:
    cover, other = (one for one, _ in zip(sleeves(), range(2), strict=False))
    noise = np.random.default_rng(3).integers(0, 256, (60, 80, 3), np.uint8)
    picture = Image.fromarray(noise).resize((640, 480), Image.Resampling.BICUBIC)
    picture.paste(Image.fromarray(cover).resize((300, 300)).rotate(-6, fillcolor="gray"), (250, 120))
    placing = Placing(picture)
    (fits, corners), (unfit, _) = placing.place(cover), placing.place(other)
    assert fits > unfit and fits > 0.4
    assert np.abs(corners.mean(0) - (400, 270)).max() < 20 and np.ptp(corners[:, 0]) == pytest.approx(300, rel=0.25)


def test_a_square_seen_at_an_angle_is_seen_straight() -> None:
    picture = Image.new("RGB", (300, 200), "blue")
    corners = np.array([(50.0, 40), (200, 20), (220, 180), (60, 150)])
    back = homography(corners, np.array([(0.0, 0), (100, 0), (100, 100), (0, 100)])).ravel()[:8]
    picture.paste(
        Image.new("RGB", (100, 100), "red").transform(picture.size, Image.Transform.PERSPECTIVE, tuple(back)),
        mask=Image.new("L", (100, 100), 255).transform(picture.size, Image.Transform.PERSPECTIVE, tuple(back)),
    )
    seen = straight(picture, corners, 64)
    assert (seen[2:-2, 2:-2] == (255, 0, 0)).all()
    rim = straight(picture, corners, 64, 0.1)
    assert (rim[[0, -1], 32] == (0, 0, 255)).all() and (rim[32, [0, -1]] == (0, 0, 255)).all()


HOSTILE = {
    "empty": (b"", "empty file"),
    "text": (b"hello", "not a JPEG"),
    "page": (b"<!doctype html><html>", "a web page"),
    "bomb": (png_claiming(60_000, 60_000), "megapixels"),
    "cut": (to_bytes(Image.effect_noise((900, 900), 90).convert("RGB"), "JPEG")[:9000], "damaged"),
    "strip": (to_bytes(Image.new("RGB", (4000, 20))), "far from square"),
    "dot": (to_bytes(Image.new("RGB", (4, 4))), "smaller than 16"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures_are_one_line(name: str, tmp_path: Path) -> None:
    data, why = HOSTILE[name]
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(BadImage, match=why) as caught:
        open_photo(path)
    assert "\n" not in str(caught.value)


def test_what_is_no_file_is_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, why in (("", "not a file"), ("pipe", "not a file"), ("absent", "no such file")):
        with pytest.raises(BadImage, match=why):
            open_photo(tmp_path / name)


def test_a_photo_is_looked_at_whole_and_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6  # to be turned by a quarter
    path = tmp_path / "photo.jpg"
    path.write_bytes(to_bytes(Image.linear_gradient("L").resize((1600, 800)), "JPEG", exif=exif))
    picture = open_photo(path)
    assert picture.size == (360, 720)
    assert np.asarray(picture)[300, 30, 0] > 200 > 50 > np.asarray(picture)[300, -30, 0]


def test_a_library_without_an_index_says_what_to_do(library: Library) -> None:
    with pytest.raises(LibraryError, match="sleevewalk build"):
        Lens(open_neighborhood(library), CoverFiles(library.covers_dir), Codec.load)


def test_another_model_than_the_index_was_made_with_is_told(lens: Lens, codec: Codec) -> None:
    class Other:
        model_id = "another"

    one = Lens(lens.neighborhood, lens.files, lambda: Other())  # type: ignore[arg-type, return-value]
    with pytest.raises(LibraryError, match="another model"):
        one.look(Image.new("RGB", (300, 300)))
