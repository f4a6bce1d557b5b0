import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from PIL import Image

from vae.codec import Codec
from vae.info import BadWeights
from vae.refiner import Refiner, RefinerConfig, enlarged, load_refiner, save_refiner
from vae.training import metrics
from vae.training.data import Cover, CoverSet, to_tensor
from vae.training.refiner_trainer import (
    HEAD,
    Hyperparameters,
    Pictures,
    RefinerTrainer,
    local_slopes,
    softened,
    structure,
)
from vae.training.train_refiner import amplify, main, prepare
from vae.weights_file import write_tensors

TINY = RefinerConfig((16, 16, 8), 1)
CPU = torch.device("cpu")


@pytest.fixture()
def pictures(covers):
    real = to_tensor(covers[:12])
    blurred = torch.nn.functional.avg_pool2d(real.float(), 4)
    decoded = torch.nn.functional.interpolate(blurred, scale_factor=4).round().to(torch.uint8)
    large = real[:4].repeat_interleave(4, 2).repeat_interleave(4, 3)
    return Pictures(real, decoded, decoded.flip(0), large, torch.arange(4))


def trainer_of(**changes) -> RefinerTrainer:
    trainer = RefinerTrainer(Hyperparameters(batch=4, large_batch=1, large_crop=16, **changes), CPU)
    trainer.bfloat16 = False  # whichever CPU runs this
    return trainer


def wild() -> Refiner:
    """A refiner whose last layers say anything."""
    torch.manual_seed(0)
    refiner = Refiner(TINY).eval()
    for last in (refiner.out, refiner.tone, refiner.move):
        torch.nn.init.normal_(last.weight, std=2.0)
        torch.nn.init.normal_(last.bias, std=0.5)
    return refiner.requires_grad_(False)


def run(trainer, pictures, until: int, total: int) -> list[dict[str, float]]:
    return [trainer.train_step(pictures, trainer.step / total) for _ in range(until - trainer.step)]


def test_an_untrained_refiner_changes_nothing_and_enlarges_smoothly():
    picture = torch.rand(2, 3, 32, 32)
    refiner = Refiner(TINY).eval()
    assert torch.allclose(refiner(picture), picture, atol=1e-6)
    assert torch.allclose(refiner(picture, large=True), enlarged(picture), atol=1e-5)


def test_flat_ground_stays_as_it_is_and_edges_get_detail():
    picture = torch.full((1, 3, 32, 32), 0.4)
    picture[..., 16:] = 0.9  # an edge in the middle
    refiner = wild()
    smooth = enlarged(picture)
    for before, after, scale in ((picture, refiner(picture), 1), (smooth, refiner(picture, large=True), 4)):
        added = (after - before).abs().amax((0, 1, 2))
        assert added[: 8 * scale].max() < 1e-6 and added[24 * scale :].max() < 1e-6
        assert added[15 * scale : 17 * scale].max() > 0.01


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_a_flat_picture_is_flat_at_512_whatever_the_head_says(level):
    made = wild()(torch.full((1, 3, 32, 32), level), large=True)
    assert made.shape == (1, 3, 128, 128) and (made - level).abs().max() < 1e-6


def test_nothing_at_512_leaves_the_range_of_what_is_around_it():
    """Whatever the head says: a colour outside that range is what a halo is."""
    refiner, picture = wild(), torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(3))
    made = refiner(picture, large=True)
    around = 2 * 8 + 1  # two pixels of the correction, one of the enlargement, `reach` of the move
    highest = torch.nn.functional.max_pool2d(picture, around, stride=1, padding=8)
    lowest = -torch.nn.functional.max_pool2d(-picture, around, stride=1, padding=8)
    high, low = (x.repeat_interleave(4, 2).repeat_interleave(4, 3) for x in (highest, lowest))
    assert refiner.config.reach / 4 + 3 <= 8
    assert (made <= high + 1e-5).all() and (made >= low - 1e-5).all()


def test_an_edge_as_strong_a_pixel_aside_counts_for_little_and_a_soft_one_for_much():
    def edge(at: int, width: int):
        return ((torch.arange(64.0) - at) / width + 0.5).clamp(0, 1).expand(1, 3, 64, 64)

    wanted = local_slopes(edge(34, 1))
    aside, soft = ((local_slopes(x) - wanted).abs().mean() for x in (edge(35, 1), edge(34, 12)))
    assert aside < soft / 3


def test_structure_is_ssim_of_luma(covers):
    real = to_tensor(covers[:3]).float() / 255
    other = (real + 0.1 * torch.randn(real.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    grey, spoilt = (x.mean(1, keepdim=True) for x in (real, other))
    assert abs(structure(real, real).item() - 1) < 1e-4
    assert abs(structure(other, real).item() - metrics.ssim(spoilt, grey)) < 0.02


def test_some_covers_are_shown_softened_and_none_leaves_its_range():
    images = torch.rand(200, 3, 16, 16)
    soft = softened(images, 0.5, torch.Generator().manual_seed(1))
    same = (soft == images).all(3).all(2).all(1)
    assert 60 < int(same.sum()) < 140
    assert soft.min() >= 0 and soft.max() <= 1
    assert soft[~same].var((2, 3)).mean() < images[~same].var((2, 3)).mean()


def test_pixels_alone_lower_the_error(pictures):
    trainer = trainer_of(pixels_alone=1.0, learning_rate=1e-3)
    said = run(trainer, pictures, 30, 60)
    assert sum(s["mse"] for s in said[-6:]) < 0.95 * sum(s["mse"] for s in said[:6])


def test_the_critic_trains_alone_before_it_is_listened_to(pictures):
    trainer = trainer_of(pixels_alone=0.2, critic_alone=0.4)
    run(trainer, pictures, 2, 10)
    before = {name: value.clone() for name, value in trainer.refiner.state_dict().items()}
    critic = {name: value.clone() for name, value in trainer.critic.state_dict().items()}
    run(trainer, pictures, 5, 10)
    assert all(torch.equal(value, before[name]) for name, value in trainer.refiner.state_dict().items())
    assert not all(torch.equal(value, critic[name]) for name, value in trainer.critic.state_dict().items())
    run(trainer, pictures, 10, 10)
    assert not all(torch.equal(value, before[name]) for name, value in trainer.refiner.state_dict().items())


def test_a_resumed_run_goes_on_as_it_would_have(pictures, tmp_path):
    whole = trainer_of()
    run(whole, pictures, 6, 10)
    first = trainer_of()
    run(first, pictures, 4, 10)
    first.save(tmp_path / "state.safetensors")
    second = RefinerTrainer.load(tmp_path / "state.safetensors", CPU)
    second.bfloat16 = False
    run(second, pictures, 6, 10)
    for module in ("refiner", "average", "critic"):
        for name, value in whole.modules[module].state_dict().items():
            assert torch.allclose(value, second.modules[module].state_dict()[name], atol=1e-5), (module, name)


def test_a_head_trained_alone_leaves_the_rest_as_it_was(pictures):
    begin = Refiner(RefinerConfig())
    torch.nn.init.normal_(begin.out.weight, std=0.1)
    amplify(begin.out, 2.0)
    assert 0.15 < begin.out.weight.std() < 0.25
    trainer = RefinerTrainer(
        Hyperparameters(large_batch=2, large_crop=16, learning_rate=1e-3, head_alone=True), CPU, begin
    )
    trainer.bfloat16 = False
    said = run(trainer, pictures, 4, 4)
    assert all(set(s) == {"large"} for s in said)  # no critic has a word
    small = torch.rand(1, 3, 32, 32)
    assert torch.equal(trainer.average(small), begin.eval()(small))
    for name, value in trainer.average.state_dict().items():
        assert torch.equal(value, begin.state_dict()[name]) == (name.split(".")[0] not in HEAD), name


def test_the_file_comes_back_and_a_damaged_or_foreign_one_is_refused(tmp_path):
    path = tmp_path / "refiner.safetensors"
    refiner, first, second = Refiner(TINY), "a" * 16, "b" * 16
    torch.nn.init.normal_(refiner.out.weight, std=0.1)
    saved = save_refiner(refiner, path, first, {"n": 1})
    loaded, found = load_refiner(path, first)
    assert found == saved
    picture = torch.rand(1, 3, 16, 16)
    assert torch.allclose(loaded(picture), refiner(picture), atol=1e-2)
    with pytest.raises(BadWeights, match=f"{first}, not of {second}"):
        load_refiner(path, second)
    data = bytearray(path.read_bytes())
    data[-1] ^= 255
    path.write_bytes(data)
    with pytest.raises(BadWeights, match="damaged"):
        load_refiner(path, first)
    path.write_bytes(b"not safetensors")
    with pytest.raises(BadWeights, match="no safetensors"):
        load_refiner(path, first)


def test_a_refiner_of_an_earlier_version_is_refused_in_a_line(tmp_path):
    path = tmp_path / "refiner.safetensors"
    config = asdict(TINY)
    del config["reach"]
    metadata = {"refiner_id": "a" * 16, "model_id": "b" * 16, "config": json.dumps(config), "metrics": "{}"}
    write_tensors({"fine.3.weight": torch.zeros(48, 8, 3, 3)}, path, metadata)
    with pytest.raises(BadWeights, match="earlier version: train one anew, or remove it"):
        load_refiner(path, "b" * 16)


def test_the_codec_sharpens_with_the_refiner_beside_the_weights(tiny_weights, covers, tmp_path):
    plain = Codec.load(tiny_weights, "cpu")
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(tiny_weights.read_bytes())
    refiner = Refiner(TINY)
    torch.nn.init.normal_(refiner.out.weight, std=0.2)
    saved = save_refiner(refiner, tmp_path / "refiner.safetensors", plain.model_id, {})
    codec = Codec.load(weights, "cpu")
    assert (codec.refiner_id, plain.refiner_id) == (saved, "")
    latents = codec.encode(covers[:3])
    assert np.array_equal(latents, plain.encode(covers[:3]))  # the refiner touches no latent
    for size in (128, 512):
        made = codec.decode(latents, size)
        assert made.shape == (3, size, size, 3)
        assert np.array_equal(made, codec.decode(latents, size))
        assert not np.array_equal(made, plain.decode(latents, size))
        assert np.array_equal(codec.decode(latents, size, refine=False), plain.decode(latents, size))


def test_a_refiner_that_is_there_already_is_not_trained_upon(tiny_weights, covers, tmp_path):
    plain = Codec.load(tiny_weights, "cpu")
    (tmp_path / "model.safetensors").write_bytes(tiny_weights.read_bytes())
    refiner = Refiner(TINY)
    torch.nn.init.normal_(refiner.out.weight, std=0.2)
    save_refiner(refiner, tmp_path / "refiner.safetensors", plain.model_id, {})
    paths = [tmp_path / f"{i}.png" for i in range(6)]
    for path, image in zip(paths, covers, strict=False):
        Image.fromarray(image).resize((512, 512)).save(path)
    held_out = np.array([False, True] * 3)
    some = CoverSet(covers[:6], held_out, np.zeros(6, bool), tuple(Cover(path, path.name) for path in paths), ())
    codec = Codec.load(tmp_path / "model.safetensors", "cpu")
    assert codec.refiner_id
    for made, wanted in zip(prepare(codec, some, tmp_path, 4, 0), prepare(plain, some, tmp_path, 4, 0), strict=True):
        assert torch.equal(made.decoded, wanted.decoded) and torch.equal(made.blends, wanted.blends)


def test_a_gain_without_a_refiner_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--covers", str(tmp_path), "--large", str(tmp_path), "--gain", "2"])
    assert "--head-of" in capsys.readouterr().err


def test_nothing_to_train_on_is_said_in_a_line(tmp_path, capsys):
    assert main(["--covers", str(tmp_path), "--large", str(tmp_path), "--device", "cpu"]) == 1
    assert "No covers found" in capsys.readouterr().err
