"""Weights and training states appear whole or not at all."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import torch
from safetensors.torch import load_file

from vae.weights_file import write_tensors

WRITER = """
import sys, torch
from pathlib import Path
from vae.weights_file import write_tensors
print(flush=True)
for number in range(1, 10_000):
    write_tensors({"a": torch.full((2_000_000,), float(number))}, Path(sys.argv[1]))
"""


def test_a_kill_in_the_middle_leaves_a_whole_file_and_the_next_write_tidies(tmp_path):
    path = tmp_path / "state.safetensors"
    for seed in range(4):
        with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(random.Random(seed).uniform(0.02, 0.2))
            writer.kill()
        if path.exists():
            assert load_file(path)["a"].unique().numel() == 1
    write_tensors({"a": torch.zeros(1)}, path)
    assert list(tmp_path.iterdir()) == [path] and load_file(path)["a"].tolist() == [0.0]


def test_a_link_at_the_temporary_name_is_not_followed(tmp_path):
    document = tmp_path / "document"
    document.write_text("a person's own")
    path = tmp_path / "weights.safetensors"
    (tmp_path / ".weights.safetensors.part").symlink_to(document)
    write_tensors({"a": torch.zeros(1)}, path, {"note": "x"})
    assert document.read_text() == "a person's own" and path.is_file() and not path.is_symlink()
