"""Training in several processes: the same run as in one, but for rounding."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from vae.info import ModelConfig
from vae.training.data import augment, to_tensor
from vae.training.ranks import Ranks, RanksDiffer
from vae.training.train import main

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Small(ModelConfig):
    """What the runs train."""

    latent_dim: int = 16
    encoder_widths: tuple[int, ...] = (16, 16, 32)
    decoder_widths: tuple[int, ...] = (16, 16, 32)
    search_dim: int = 16


def test_a_share_of_a_batch_is_made_as_it_is_within_the_whole(covers):
    images = to_tensor(covers)[:8]
    whole = augment(images, torch.Generator().manual_seed(3))
    for rank in range(4):
        part = Ranks(CPU, rank, 4).part(8)
        assert torch.allclose(augment(images, torch.Generator().manual_seed(3), part), whole[part], atol=1e-6)


def test_a_batch_that_cannot_be_shared_out_is_told():
    with pytest.raises(RanksDiffer, match="a batch of 16 cannot be shared out evenly among 3 processes"):
        Ranks(CPU, 0, 3).part(16)


def test_two_processes_train_as_one_does_and_go_on(cover_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("vae.training.train.ModelConfig", Small)
    common = ["--covers", str(cover_folder), "--device", "cpu", "--latent-dim", "16", "--batch", "4"]
    runs = [[*common, "--steps", "2", "--out"], [*common, "--steps", "4", "--resume", "--out"]]
    alone, two = tmp_path / "alone.safetensors", tmp_path / "two.safetensors"
    for arguments in runs:
        assert main([*arguments, str(alone)]) == 0
    expected = capsys.readouterr().out
    said = torchrun(2, [[*arguments, str(two)] for arguments in runs], tmp_path)
    assert "2 processes" in said and "going on from step 2" in said
    assert len(errors(said)) == 2, "the first process alone prints"
    assert errors(said) == pytest.approx(errors(expected), rel=2e-3)  # printed to five places
    assert abs(errors(said)[1] / errors(said)[0] - 1) > 0.01, "what is compared has moved"


def errors(said: str) -> list[float]:
    """The held-out error at the end of each run."""
    return [float(error) for error in re.findall(r"held-out MSE (\S+) .* steps$", said, re.M)]


def torchrun(processes: int, runs: list[list[str]], folder: Path) -> str:
    """What the script prints when torchrun has it run several times, one after the other; it must end well."""
    root = Path(__file__).parents[3]
    script = folder / "runs.py"
    script.write_text(
        "import torch, vae.training.train\nfrom tests.vae.training.test_ranks import Small\n"
        "from vae.training.ranks import joined\n"
        "from vae.training.train import parse, run\nvae.training.train.ModelConfig = Small\n"
        "with joined(torch.device('cpu')) as ranks:\n"
        f"    for arguments in {runs!r}:\n        run(parse(arguments), ranks)\n"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    done = subprocess.run(
        [*command, str(script)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
