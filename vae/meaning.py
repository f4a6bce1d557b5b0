"""What a cover shows, as numbers: the encoder's branch for meaning.

Its shape is EfficientNet-Lite0's trunk (Tan & Le 2019, "Lite" variant: no squeeze and excitation, ReLU6) up to
block 15, its batch norms folded into the convolutions. `vae.training.distil` starts it from the published weights
(Apache-2.0) and teaches it what the teacher sees in larger pictures.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STEM = 32
# Of each stage: how many blocks, kernel, stride of the first, expansion, width.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
MIDDLE = 10  # the last block that is 112 wide
READ = 112 + 320  # numbers that are read from a picture: the means of the maps after blocks MIDDLE and 15


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's "same", which at stride 2 has the odd pixel at the right and bottom."""

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == (1, 1):
            return super().forward(x)
        extra = self.kernel_size[0] - 2
        before = extra // 2
        return super().forward(F.pad(x, (before, extra - before, before, extra - before)))


def convolution(inside: int, outside: int, kernel: int, stride: int = 1, groups: int = 1) -> SameConv:
    padding = kernel // 2 if stride == 1 else 0
    return SameConv(inside, outside, kernel, stride, padding, groups=groups)


class Bottleneck(nn.Module):
    """Widen by 1×1, one kernel a channel, narrow by 1×1 (MobileNetV2); added to what came in where the shapes allow."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inside * expansion
        self.expand = convolution(inside, wide, 1) if expansion > 1 else None
        self.depthwise = convolution(wide, wide, kernel, stride, groups=wide)
        self.project = convolution(wide, outside, 1)
        self.adds = stride == 1 and inside == outside

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu6(self.expand(x)) if self.expand is not None else x
        h = self.project(F.relu6(self.depthwise(h)))
        return x + h if self.adds else h


class Meaning(nn.Module):
    """RGB [n, 3, 128, 128] in 0–1 → [n, numbers] of mean 0 and variance about 1 over covers."""

    scale: Tensor

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(numbers))  # how much each counts where covers are compared
        self.stem = convolution(3, STEM, 3, 2)
        blocks: list[nn.Module] = []
        width = STEM
        for count, kernel, stride, expansion, outside in STAGES:
            for i in range(count):
                blocks.append(Bottleneck(width, outside, kernel, stride if i == 0 else 1, expansion))
                width = outside
        self.blocks = nn.ModuleList(blocks)
        self.out = nn.Linear(READ, numbers)

    def look(self, rgb: Tensor) -> Tensor:
        """The stem's map of a picture [n, 3, h, w] in 0–1, scaled as the teacher was trained: (255·x − 127) / 128."""
        x = ((rgb * 255 - 127) / 128).contiguous(memory_format=torch.channels_last)
        return F.relu6(self.stem(x))

    def read(self, rgb: Tensor) -> Tensor:
        """[n, READ]: the means over the maps after blocks MIDDLE and 15."""
        x, read = self.look(rgb), []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in (MIDDLE, len(self.blocks) - 1):
                read.append(x.float().mean((2, 3)))
        return torch.cat(read, 1)

    def forward(self, rgb: Tensor) -> Tensor:
        return self.out(self.read(rgb)).float()
