"""What to train on, and in which precision."""

from __future__ import annotations

import math
import time

import torch


def choose_device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def bfloat16_pays(device: torch.device) -> bool:
    """True on CUDA; on a CPU, where a short trial on one thread says so: it may be twice as fast, or a hundredth."""
    if device.type != "cpu":
        return True
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _convolution_seconds(torch.bfloat16) < _convolution_seconds(torch.float32)
    finally:
        torch.set_num_threads(threads)


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether the processor has instructions for bfloat16: the same answer each time, however busy the machine is."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def _convolution_seconds(dtype: torch.dtype) -> float:
    x, layer = torch.randn(4, 64, 16, 16, dtype=dtype), torch.nn.Conv2d(64, 64, 3, dtype=dtype)
    layer(x[:1])
    best = math.inf
    for _ in range(3):
        start = time.perf_counter()
        layer(x)
        best = min(best, time.perf_counter() - start)
    return best
