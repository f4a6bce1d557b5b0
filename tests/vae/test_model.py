import numpy as np
import torch

from vae.info import ModelConfig
from vae.model import Colour, SleeveVAE, from_planes, kl_nats, to_planes
from vae.training.data import augment, hue_rotation, to_tensor
from vae.training.pca import fit_pca, planes_of, start_from_pca

SMALL = ModelConfig(latent_dim=16, encoder_widths=(16, 16, 32), decoder_widths=(16, 16, 32), search_dim=16)


def test_colour_turns_there_and_back():
    rgb = torch.rand(2, 3, 8, 8)
    colour = Colour()
    assert torch.allclose(colour.inverse(colour(rgb)), rgb, atol=1e-6)
    assert torch.allclose(colour(rgb).norm(), rgb.norm(), rtol=1e-5)


def test_planes_keep_what_they_can_hold():
    """A picture that is constant on 4×4 blocks loses nothing but what bilinear enlarging blurs; a flat one nothing."""
    flat = torch.full((1, 3, 128, 128), 0.3)
    assert torch.allclose(from_planes(to_planes(flat)), flat, atol=1e-6)


def test_pca_finds_the_axes_of_known_data():
    random = torch.Generator().manual_seed(0)
    scores = torch.randn(400, 3, generator=random) * torch.tensor([5.0, 2.0, 1.0])
    axes = torch.linalg.qr(torch.randn(50, 3, generator=random))[0]
    rows = scores @ axes.T + 7
    pca = fit_pca(rows, 3)
    assert torch.allclose(pca.restore(pca.project(rows)), rows, atol=1e-3)
    assert pca.variance[0] > pca.variance[1] > pca.variance[2]
    assert torch.allclose(pca.variance, scores.var(0, correction=0).sort(descending=True).values, rtol=0.05)


def test_an_untrained_model_reconstructs_as_well_as_its_pca(covers):
    images = to_tensor(covers)
    torch.manual_seed(0)
    model = SleeveVAE(SMALL)
    start_from_pca(model, images)
    real = images.float() / 255
    with torch.no_grad():
        made = model.decode(model.encode(real)[0])
    planes = planes_of(images)
    from vae.training.pca import views

    pca = fit_pca(views(images), 16)
    expected = Colour().inverse(from_planes(pca.restore(pca.project(planes))))
    assert torch.allclose(made, expected, atol=1e-3)


def test_kl_is_zero_for_the_prior_and_grows_away_from_it():
    zero = torch.zeros(4, 16)
    assert kl_nats(zero, zero).item() == 0
    assert kl_nats(zero + 1, zero).item() == 8.0  # 16 numbers, half a nat each
    assert kl_nats(zero, zero - 2).item() > 0


def test_augmented_covers_stay_pictures_and_repeat_with_the_seed(covers):
    images = to_tensor(covers)
    first, again = (augment(images, torch.Generator().manual_seed(3)) for _ in range(2))
    other = augment(images, torch.Generator().manual_seed(4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == images.shape and first.min() >= 0 and first.max() <= 1


def test_half_of_the_covers_keep_their_place_and_half_their_colours(covers):
    images = to_tensor(np.repeat(covers[:1], 400, axis=0))
    made = augment(images, torch.Generator().manual_seed(0))
    untouched = (made - images.float() / 255).abs().amax((1, 2, 3)) < 1e-5
    assert 0.15 < untouched.float().mean().item() < 0.4


def test_hue_rotation_keeps_grey_grey():
    turned = hue_rotation(torch.tensor([0.0, 1.0, -2.0])) @ torch.ones(3)
    assert torch.allclose(turned, torch.ones(3, 3), atol=1e-5)
