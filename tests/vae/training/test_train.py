import math
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from vae.info import BadWeights, ModelConfig, read_info
from vae.meaning import Meaning
from vae.training.data import NoCovers, is_held_out, list_covers, load_covers, split, to_tensor
from vae.training.train import main
from vae.training.trainer import Covers, Hyperparameters, Trainer, gradient_loss, reconstruction_loss
from vae.weights_file import load_weights, save_weights

SMALL = ModelConfig(latent_dim=16, encoder_widths=(16, 16, 32), decoder_widths=(16, 16, 32), search_dim=16)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def images(covers):
    return Covers(to_tensor(covers), torch.arange(len(covers)) % 3 > 0)


def new_trainer(images, **changes) -> Trainer:
    trainer = Trainer(SMALL, Hyperparameters(batch=8, **changes), CPU)
    trainer.bfloat16 = False  # whichever CPU runs this
    trainer.begin(images)
    return trainer


def run(trainer: Trainer, images: Covers, until: int, total: int = 12) -> list[float]:
    return [trainer.train_step(images, trainer.step / total) for _ in range(until - trainer.step)]


def test_training_lowers_the_error(images):
    trainer = new_trainer(images, warm_up=0.0, learning_rate=2e-3)
    errors = run(trainer, images, 40, 40)
    assert sum(errors[-8:]) < 0.9 * sum(errors[:8])
    assert trainer.skipped == 0


def test_a_resumed_run_goes_on_as_it_would_have(images, tmp_path):
    whole = new_trainer(images)
    run(whole, images, 6)
    first = new_trainer(images)
    run(first, images, 3)
    first.save(tmp_path / "state.safetensors")
    second = Trainer.load(tmp_path / "state.safetensors", CPU)
    second.bfloat16 = False
    assert second.step == 3
    run(second, images, 6)
    for name, value in whole.model.state_dict().items():
        assert torch.allclose(value, second.model.state_dict()[name], atol=1e-6), name
    for name, value in whole.average.items():
        assert torch.allclose(value, second.average[name], atol=1e-6), name


def test_a_step_that_is_not_finite_is_skipped(images):
    trainer = new_trainer(images)
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    with torch.no_grad():
        trainer.model.encoder.mean.bias[0] = math.nan
    trainer.train_step(images, 0.5)
    assert trainer.skipped == 1
    for name, value in trainer.model.state_dict().items():
        if name != "encoder.mean.bias":
            assert torch.equal(value, before[name]), name


def test_losses_are_zero_for_a_perfect_picture_and_see_blur(images):
    real = images.images[:4].float() / 255
    hyper = Hyperparameters(l1=0.1, gradient=0.1, spectrum=0.1)
    assert reconstruction_loss(real, real, hyper)[0].item() == 0
    blurred = torch.nn.functional.avg_pool2d(real, 5, 1, 2)
    assert gradient_loss(blurred, real) > 0
    loss, mse = reconstruction_loss(blurred, real, hyper)
    assert loss > mse > 0


def test_the_split_is_by_artist_and_about_a_tenth(cover_folder):
    covers = list_covers(cover_folder)
    loaded = load_covers(covers)
    sides: dict[str, set[bool]] = {}
    for cover, held in zip(loaded.covers, loaded.held_out, strict=True):
        sides.setdefault(cover.group, set()).add(bool(held))
    assert all(len(side) == 1 for side in sides.values())
    assert 0.07 < sum(is_held_out(f"artist {i}") for i in range(4000)) / 4000 < 0.13


def test_unreadable_covers_are_counted_not_fatal(tmp_path, cover_folder):
    (tmp_path / "good.png").write_bytes((cover_folder / "000.png").read_bytes())
    (tmp_path / "cut.png").write_bytes((cover_folder / "001.png").read_bytes()[:200])
    (tmp_path / "text.webp").write_text("not a picture")
    loaded = load_covers(list_covers(tmp_path))
    assert len(loaded.images) == 1 and len(loaded.unreadable) == 2


def test_no_covers_is_said(tmp_path, capsys):
    with pytest.raises(NoCovers):
        list_covers(tmp_path)
    assert main(["--covers", str(tmp_path), "--out", str(tmp_path / "w.safetensors")]) == 1
    assert str(tmp_path) in capsys.readouterr().err


def test_weights_come_back_as_they_were_and_name_their_model(images, tmp_path):
    trainer = new_trainer(images)
    path = tmp_path / "w.safetensors"
    model_id = save_weights(trainer.averaged(), path, {"steps": 0})
    model, info = load_weights(path)
    assert info.model_id == model_id == read_info(path).model_id
    assert info.config == SMALL and info.metrics == {"steps": 0}
    for name, value in trainer.averaged().state_dict().items():
        assert torch.allclose(model.state_dict()[name], value, atol=2e-3, rtol=1e-3), name


def test_damaged_and_foreign_weights_are_told_apart(images, tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(new_trainer(images).model, path, {})
    with pytest.raises(BadWeights, match="No weights at"):
        load_weights(tmp_path / "absent.safetensors")
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    with pytest.raises(BadWeights, match="damaged"):
        load_weights(path)
    path.write_bytes(whole[:-2] + b"\x11\x22")
    with pytest.raises(BadWeights, match="hash"):
        load_weights(path)
    path.write_bytes(b"GIF89a")
    with pytest.raises(BadWeights):
        read_info(path)
    from safetensors.torch import save_file

    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(BadWeights, match="no sleevewalk model"):
        load_weights(path)


def test_aliased_covers_have_no_part_in_what_teaches_sharpness(images):
    real = images.images[:4].float() / 255
    blurred = torch.nn.functional.avg_pool2d(real, 5, 1, 2)
    hyper = Hyperparameters(gradient=0.1)
    all_sharp, mse = reconstruction_loss(blurred, real, hyper)
    none_sharp, same = reconstruction_loss(blurred, real, hyper, torch.zeros(4, dtype=torch.bool))
    assert none_sharp == mse == same < all_sharp


def test_half_of_a_batch_is_sharp(images):
    picked = images.pick(8, torch.Generator().manual_seed(0))
    assert images.sharp[picked].tolist() == [True, False] * 4


def test_unnamed_covers_never_tell_how_good_the_model_is(tmp_path):
    rows = [f"Artist {i},{i:03}.png" if i % 2 else f",{i:03}.png" for i in range(400)]
    (tmp_path / "covers.csv").write_text("artist,cover\n" + "\n".join(rows[:200]))
    (tmp_path / "covers2.csv").write_text("artist,cover\n" + "\n".join(rows[200:]))
    covers = list_covers(tmp_path)
    held, choosing = split(covers)
    telling = held & ~choosing
    assert telling.any() and all(cover.named for cover, yes in zip(covers, telling, strict=True) if yes)
    assert choosing.any() and not any(
        yes and not aside and not (cover.named and cover.later)
        for cover, yes, aside in zip(covers, choosing, held, strict=True)
    )


def test_numbers_for_meaning_stay_and_the_rest_learns_around_them(images, tmp_path):
    torch.manual_seed(0)
    meaning = Meaning(4)
    first = new_trainer(images)
    grown = Trainer(replace(SMALL, meaning=4, encoder_blocks=2), Hyperparameters(batch=8), CPU)
    grown.bfloat16 = False
    grown.begin(images, meaning, first.model)
    real = images.images[:8].float() / 255
    old, new = first.model.encode(real)[0], grown.model.encode(real)[0]
    kept = [any(torch.allclose(one, other, atol=1e-4) for other in old.T) for one in new.T[:12]]
    assert all(kept), "what is left of the trained model encodes as it did"
    assert torch.allclose(new[:, 12:], meaning(real), atol=1e-5)
    covers = grown.with_meaning(images)
    run(grown, covers, 3)
    grown.save(tmp_path / "state.safetensors")
    again = Trainer.load(tmp_path / "state.safetensors", CPU)
    assert torch.allclose(again.model.encode(real)[0][:, 12:], meaning(real), atol=1e-5)
    assert torch.allclose(again.averaged().encode(real)[0][:, 12:], meaning(real), atol=1e-5)


def test_a_run_goes_on_after_kill_9(cover_folder, tmp_path):
    out = tmp_path / "w.safetensors"
    command = ["--covers", str(cover_folder), "--latent-dim", "16", "--batch", "4", "--out", str(out)]
    module = [sys.executable, "-m", "vae.training.train", *command, "--threads", "1"]
    killed = subprocess.Popen([*module, "--minutes", "30", "--report", "0"], stdout=subprocess.DEVNULL)
    state = out.with_suffix(".state.safetensors")
    deadline = time.monotonic() + 120
    while not state.is_file() and time.monotonic() < deadline:
        time.sleep(0.05)
    killed.kill()
    killed.wait()
    assert state.is_file() and not out.is_file()
    done = subprocess.run([*module, "--steps", "1", "--resume"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "going on from step" in done.stdout and out.is_file()


def test_the_script_trains_saves_and_resumes(cover_folder, tmp_path, capsys):
    out = tmp_path / "w.safetensors"
    common = ["--covers", str(cover_folder), "--device", "cpu", "--latent-dim", "16", "--batch", "4", "--out", str(out)]
    assert main([*common, "--steps", "2"]) == 0
    first = load_file(out)
    assert main([*common, "--steps", "4", "--resume"]) == 0
    said = capsys.readouterr().out
    assert "going on from step 2" in said and "accuracy" in said
    assert any(not torch.equal(first[name], value) for name, value in load_file(out).items())
