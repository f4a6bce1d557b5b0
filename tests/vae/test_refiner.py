import numpy as np
import pytest
import torch
from PIL import Image

from vae.codec import Codec
from vae.info import BadWeights
from vae.refiner import Refiner, RefinerConfig, load_refiner, save_refiner
from vae.training.data import Cover, CoverSet, to_tensor
from vae.training.refiner_trainer import HEAD, Hyperparameters, Pictures, RefinerTrainer, softened
from vae.training.train_refiner import amplify, main, prepare

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
    trainer = RefinerTrainer(Hyperparameters(batch=4, large_batch=1, **changes), CPU)
    trainer.bfloat16 = False  # whichever CPU runs this
    return trainer


def run(trainer, pictures, until: int, total: int) -> list[dict[str, float]]:
    return [trainer.train_step(pictures, trainer.step / total) for _ in range(until - trainer.step)]


def test_an_untrained_refiner_changes_nothing_and_enlarges_smoothly():
    picture = torch.rand(2, 3, 32, 32)
    refiner = Refiner(TINY).eval()
    assert torch.allclose(refiner(picture), picture, atol=1e-6)
    smooth = torch.nn.functional.interpolate(picture, scale_factor=4, mode="bicubic", align_corners=False)
    assert torch.allclose(refiner(picture, large=True), smooth, atol=1e-6)


def test_flat_ground_stays_as_it_is_and_edges_get_detail():
    picture = torch.full((1, 3, 32, 32), 0.4)
    picture[..., 16:] = 0.9  # an edge in the middle
    refiner = Refiner(TINY).eval()
    for last in (refiner.out, refiner.fine[-1]):
        torch.nn.init.normal_(last.weight, std=0.2)
        torch.nn.init.normal_(last.bias, std=0.2)
    smooth = torch.nn.functional.interpolate(picture, scale_factor=4, mode="bicubic", align_corners=False)
    for before, after, scale in ((picture, refiner(picture), 1), (smooth, refiner(picture, large=True), 4)):
        added = (after - before).abs().amax((0, 1, 2))
        assert added[: 8 * scale].max() == 0 and added[24 * scale :].max() == 0
        assert added[15 * scale : 17 * scale].max() > 0.01


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


def test_the_critics_train_alone_before_they_are_listened_to(pictures):
    trainer = trainer_of(pixels_alone=0.2, critics_alone=0.4)
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
    for module in ("refiner", "average", "critic", "large_critic"):
        for name, value in whole.modules[module].state_dict().items():
            assert torch.allclose(value, second.modules[module].state_dict()[name], atol=1e-5), (module, name)


def test_a_head_trained_alone_leaves_the_rest_as_it_was(pictures):
    begin = Refiner(RefinerConfig())
    torch.nn.init.normal_(begin.out.weight, std=0.1)
    amplify(begin.out, 2.0)
    assert 0.15 < begin.out.weight.std() < 0.25
    trainer = RefinerTrainer(Hyperparameters(large_batch=2, learning_rate=1e-3, head_alone=True), CPU, begin)
    trainer.bfloat16 = False
    said = run(trainer, pictures, 10, 10)
    assert all("critic" in s for s in said[2:])
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
