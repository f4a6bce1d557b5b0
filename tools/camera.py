"""What a camera does to search vectors, measured on made-up photos: python -m tools.camera LIBRARY [PHOTOS].

Writes vae/weights/camera.safetensors, which `pipelines.lens.proposer` reads; to be made anew for other weights. Each
photo is looked at twice, its corners once nearly right and once some way off, as they are found.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

from pipelines.lens.geometry import straight
from pipelines.lens.photo import decoded
from pipelines.lens.proposer import CAMERA, whitening
from store.catalogue.covers import SIDE, CoverFiles
from store.database.library import Library
from store.neighbors.neighborhood import open_neighborhood
from tests.support.photos import photo
from vae.codec import Codec

PHOTOS = 450
OFF = (0.01, 0.05)  # deviations of a corner, in sides of the sleeve
SEED = 7


def main() -> None:
    """Measure, and write the file."""
    library, count = Library.open(Path(sys.argv[1])), int(sys.argv[2]) if len(sys.argv) > 2 else PHOTOS
    index, files, codec = open_neighborhood(library).index, CoverFiles(library.covers_dir), Codec.load(device="cpu")
    if index is None or index.model_id != codec.model_id:
        sys.exit("the library has no index by this model; run `sleevewalk build`")
    draw = np.random.default_rng(SEED)
    chosen, others = np.split(draw.permutation(index.count)[: count + 40], [count])
    around = [files.pixels(index.shas[row]) for row in others]
    photos, covers = [], []
    for seed, row in enumerate(chosen.tolist()):
        data, corners = photo(files.pixels(index.shas[row]), seed, around)
        small = decoded(data)
        picture = Image.frombytes("RGB", (small.width, small.height), small.rgb)
        corners = corners * picture.width / Image.open(io.BytesIO(data)).width
        side = np.hypot(*(corners[1] - corners[0]))
        for off in OFF:
            sleeve = straight(picture, corners + draw.normal(0, off * side, (4, 2)), SIDE)
            vector = codec.search_vectors(codec.encode(sleeve[None], steps=0))[0]
            photos.append(vector / np.linalg.norm(vector))
            covers.append(index.vector(row))
    whiten = whitening(np.array(photos), np.array(covers))
    save_file({"whiten": whiten.astype(np.float16)}, CAMERA, {"model_id": codec.model_id})


if __name__ == "__main__":
    main()
