"""The networks that look at sleeves, as onnxruntime loads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

NETS = Path(__file__).parent / "nets"


def opened(name: str) -> Any:
    """The session of a network of ours, on one thread: beside the app, which wants the other cores."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(NETS / f"{name}.onnx"), options, ["CPUExecutionProvider"])
