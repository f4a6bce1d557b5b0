"""Several processes that train one model: where this one stands among them, and what they tell each other.

`torchrun` starts the processes and says to each which it is. Started without it, a process is alone, and everything
here does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn


class RanksDiffer(Exception):
    """The processes of one run cannot work together; the message says why."""


@dataclass(frozen=True)
class Ranks:
    """This process among its fellows, and the device that is its own. Rank 0 alone prints, evaluates and writes."""

    device: torch.device
    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        return self.rank == 0

    def part(self, batch: int) -> slice:
        """This process's rows of a batch. RanksDiffer where it cannot be shared out evenly."""
        if batch % self.size:
            raise RanksDiffer(f"a batch of {batch} cannot be shared out evenly among {self.size} processes")
        share = batch // self.size
        return slice(self.rank * share, (self.rank + 1) * share)

    def as_first(self, value: float) -> float:
        """The first process's number, for all."""
        if self.size == 1:
            return value
        told = torch.tensor(value, dtype=torch.float64, device=self.device)
        dist.broadcast(told, src=0)
        return told.item()

    def mean(self, value: torch.Tensor) -> float:
        """The mean of a number over the processes."""
        if self.size > 1:
            value = value.detach().clone()
            dist.all_reduce(value)
            value /= self.size
        return value.item()

    def agree(self, value: int, otherwise: str) -> None:
        """RanksDiffer, in every process, unless all hold the same number; `otherwise` is what to say then."""
        if self.size == 1:
            return
        mine = torch.tensor([value], device=self.device)
        gathered = [torch.empty_like(mine) for _ in range(self.size)]
        dist.all_gather(gathered, mine)
        values = [int(one) for one in gathered]
        if len(set(values)) > 1:
            told = ", ".join(f"{one} in process {rank}" for rank, one in enumerate(values))
            raise RanksDiffer(f"{otherwise} ({told})")

    def wrap(self, model: nn.Module) -> nn.Module:
        """The model whose gradients are the mean over the processes; all start from the first one's parameters."""
        if self.size == 1:
            return model
        return nn.parallel.DistributedDataParallel(model)


@contextmanager
def joined(device: torch.device) -> Iterator[Ranks]:
    """The processes that torchrun started, joined by NCCL where they train on GPUs, one each, and by gloo on CPUs."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Ranks(device)
        return
    if device.type == "cuda":
        local = int(os.environ.get("LOCAL_RANK", "0"))
        if local >= torch.cuda.device_count():
            raise RanksDiffer(
                f"process {local} of this machine has no GPU of its own ({torch.cuda.device_count()} found): "
                "start as many processes as there are GPUs"
            )
        device = torch.device("cuda", local)
        torch.cuda.set_device(device)
        dist.init_process_group("nccl", device_id=device)
    else:
        dist.init_process_group("gloo")
    try:
        yield Ranks(device, int(os.environ["RANK"]), size)
    finally:
        dist.destroy_process_group()
