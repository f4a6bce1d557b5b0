from dataclasses import replace

import numpy as np
import pytest
import torch

from vae.codec import Codec
from vae.info import ModelConfig, WeightsInfo
from vae.meaning import READ, Meaning
from vae.model import SleeveVAE
from vae.search import fit_search, search_vectors
from vae.torch_backend import TorchBackend
from vae.training.data import to_tensor
from vae.training.distil import Distiller, fit_targets, likeness_loss, load_meaning, save_meaning, start
from vae.training.pca import start_from_pca

SMALL = ModelConfig(latent_dim=16, encoder_widths=(16, 16, 32), decoder_widths=(16, 16, 32), search_dim=8)


@pytest.fixture(scope="module")
def model(covers):
    torch.manual_seed(0)
    made = SleeveVAE(SMALL)
    start_from_pca(made, to_tensor(covers))
    return made.eval()


def test_polishing_lowers_the_error_and_leaves_meaning_alone(model, covers):
    real = to_tensor(covers).float() / 255
    with torch.no_grad():
        z = model.encode(real)[0] + 0.5
        polished = model.polish(real, z, 2)
        before, after = ((model.decode(x) - real).square().mean().item() for x in (z, polished))
    assert after < before and not polished.requires_grad
    torch.manual_seed(0)
    with_meaning = SleeveVAE(replace(SMALL, meaning=4)).eval()
    z = torch.randn(2, 16)
    assert torch.equal(with_meaning.polish(real[:2], z, 1)[:, 12:], z[:, 12:])


def test_the_codec_polishes_as_often_as_the_weights_say(model, covers):
    cpu = torch.device("cpu")
    plain, often = (
        Codec(TorchBackend(model, WeightsInfo("id", replace(SMALL, encode_steps=steps), {}), cpu, None, ""))
        for steps in (0, 2)
    )
    assert np.array_equal(plain.encode(covers[:3], steps=2), plain.encode(covers[:3], steps=2))
    assert np.abs(often.encode(covers[:3]) - plain.encode(covers[:3], steps=2)).max() < 0.1  # bfloat16 where it pays
    assert not np.array_equal(plain.encode(covers[:3]), plain.encode(covers[:3], steps=2))


def test_search_compares_meaning_first():
    mean = np.zeros(16, np.float32)
    matrix = fit_search(mean, np.ones(16, np.float32), 8, np.array([2.0, 1.0], np.float32))
    latents = np.eye(16, dtype=np.float32)
    lengths = np.linalg.norm(search_vectors(latents, matrix), axis=1)
    assert matrix.shape == (8, 17)
    assert lengths[14] == pytest.approx(2 * lengths[15]) and lengths[15] > lengths[:14].max()
    assert (lengths[:14] > 0).sum() == 6


def test_the_branch_learns_its_targets_and_comes_back_from_a_file(covers, tmp_path):
    torch.manual_seed(0)
    images = to_tensor(covers)
    branch = Meaning(3)
    with torch.no_grad():
        read = torch.cat([branch.read(part.float() / 255) for part in images.split(8)])
    assert read.shape == (len(covers), READ)
    targets = fit_targets(torch.randn(read.shape, generator=torch.Generator().manual_seed(0)), 3)
    assert torch.allclose(targets.numbers.std(0), torch.ones(3), atol=0.1)
    branch.scale = targets.scale
    start(branch, read, targets.numbers)
    distiller = Distiller(branch, bfloat16=False)
    losses = [distiller.train_step(images, targets.numbers, 0.0) for _ in range(3)]
    distiller.save(tmp_path / "state.safetensors")
    again = Distiller(Meaning(3), bfloat16=False)
    again.load(tmp_path / "state.safetensors")
    assert again.step == 3 and again.train_step(images, targets.numbers, 0.5) == pytest.approx(
        distiller.train_step(images, targets.numbers, 0.5), rel=1e-3
    )
    assert all(np.isfinite(losses))
    save_meaning(branch, tmp_path / "m.safetensors")
    real = images[:2].float() / 255
    assert torch.allclose(load_meaning(tmp_path / "m.safetensors")(real), branch(real))


def test_likeness_is_perfect_only_for_the_same_numbers():
    numbers = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    scale = torch.ones(4)
    assert likeness_loss(numbers, numbers, scale).item() == pytest.approx(0, abs=1e-6)
    assert likeness_loss(-numbers, numbers, scale) > 1
