import json
import weakref

import numpy as np
import pytest
import torch

from tui import cli
from vae.codec import Codec
from vae.info import SHIPPED, BadWeights, DeviceFailed, read_info, search_matrix
from vae.torch_backend import TorchBackend
from vae.training.evaluate import STAGES, as_float, cross_fitted, evaluate_folder, table_lines


@pytest.fixture(scope="module")
def codec(tiny_weights):
    return Codec.load(tiny_weights, "cpu")


def test_encode_gives_one_latent_a_cover_whatever_the_company(codec, covers):
    together = codec.encode(covers[:20])
    assert together.shape == (20, 16) and together.dtype == np.float32
    for i in (0, 7, 19):
        assert np.allclose(codec.encode(covers[i : i + 1])[0], together[i], atol=1e-4)


def test_decode_gives_pictures_of_both_sizes_that_agree(codec, covers):
    latents = codec.encode(covers[:3])
    small, large = codec.decode(latents), codec.decode(latents, 512)
    assert small.shape == (3, 128, 128, 3) and large.shape == (3, 512, 512, 3)
    assert small.dtype == large.dtype == np.uint8
    shrunk = large.reshape(3, 128, 4, 128, 4, 3).mean((2, 4))
    assert np.abs(shrunk - small).mean() < 3


def test_decoding_is_repeatable(codec, covers):
    latents = codec.encode(covers[:2])
    assert np.array_equal(codec.decode(latents), codec.decode(latents))


@pytest.mark.parametrize("size", [128, 512])
def test_half_precision_as_on_a_gpu_gives_the_same_pictures_to_the_eye(covers, size):
    codec = Codec(TorchBackend.open(SHIPPED, torch.device("cpu")))
    latents = codec.encode(covers[:2])
    exact = codec.decode(latents, size).astype(int)
    codec.backend.precision = torch.bfloat16
    assert np.abs(codec.decode(latents, size) - exact).mean() <= 1


def test_a_last_batch_that_is_not_full_gives_what_a_full_one_gives(tiny_weights, covers):
    codec = Codec.load(tiny_weights, "cpu")
    codec.backend.batch = 4
    latents = codec.encode(covers[:10])
    whole = codec.decode(latents)
    for first in (0, 4, 8):
        assert np.abs(whole[first : first + 2].astype(int) - codec.decode(latents[first : first + 2])).max() <= 1


def test_many_covers_on_several_cores_give_what_each_gives_alone(covers):
    model = Codec(TorchBackend.open(SHIPPED, torch.device("cpu")))
    many = np.concatenate([covers, covers[:, ::-1], covers[:, :, ::-1]])[:37]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    together = model.encode(many)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(threads)
    alone = np.concatenate([model.encode(one[None]) for one in many])
    assert np.allclose(together, alone, atol=0.02)


def test_a_cover_comes_back_like_itself(codec, covers):
    made = codec.decode(codec.encode(covers)).astype(float)
    error = np.square((made - covers) / 255).mean()
    assert error < 0.5 * np.square(covers / 255 - (covers / 255).mean(0)).mean()


def test_no_covers_and_no_latents_are_fine(codec):
    assert codec.encode(np.empty((0, 128, 128, 3), np.uint8)).shape == (0, 16)
    assert codec.decode(np.empty((0, 16), np.float32), 512).shape == (0, 512, 512, 3)


@pytest.mark.parametrize("images", [np.zeros((1, 64, 64, 3), np.uint8), np.zeros((1, 128, 128, 3), np.float32)])
def test_what_is_no_cover_is_refused(codec, images):
    with pytest.raises(ValueError, match="128"):
        codec.encode(images)


def test_wrong_latents_and_sizes_are_refused(codec):
    with pytest.raises(ValueError, match="16"):
        codec.decode(np.zeros((1, 8), np.float32))
    with pytest.raises(ValueError, match="256"):
        codec.decode(np.zeros((1, 16), np.float32), 256)


def test_out_of_memory_halves_the_batch_and_then_leaves_the_gpu(tiny_weights, covers, capsys):
    codec = Codec.load(tiny_weights, "cpu")
    codec.backend.batch = 4
    real, failures = codec.backend.model.encode, iter(range(3))

    def encode(rgb):
        for _ in failures:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return real(rgb)

    codec.backend.model.encode = encode
    assert np.allclose(codec.encode(covers[:4]), Codec.load(tiny_weights, "cpu").encode(covers[:4]), atol=1e-4)
    said = capsys.readouterr().err
    assert "batches of 2" in said and "batches of 1" in said and "CPU" in said


def test_what_a_failed_attempt_held_is_free_when_the_memory_is_given_back(tiny_weights, covers, monkeypatch):
    codec = Codec.load(tiny_weights, "cpu")
    real, held, still_there = codec.backend.model.encode, [], []

    def encode(rgb):
        if len(held) < 2:
            large = torch.zeros(10)
            held.append(weakref.ref(large))
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(rgb)

    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: still_there.append(held[-1]() is not None))
    codec.backend.model.encode = encode
    codec.encode(covers[:6])
    assert still_there == [False, False]


def test_a_gpu_that_is_full_from_the_start_is_left(tiny_weights, monkeypatch, capsys):
    real, moved = torch.nn.Module.to, []

    def to(self, device, *rest):
        moved.append(device)
        if device == "cuda":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, device, *rest)

    monkeypatch.setattr(torch.nn.Module, "to", to)
    codec = Codec(TorchBackend.open(tiny_weights, torch.device("cuda")))
    assert codec.device == "cpu" and moved[0] == "cuda"
    assert "going on with the CPU" in capsys.readouterr().err
    assert codec.decode(np.zeros((1, 16), np.float32)).shape == (1, 128, 128, 3)


def test_a_gpu_that_fails_is_one_line(tiny_weights, covers):
    codec = Codec.load(tiny_weights, "cpu")

    def encode(rgb):
        raise RuntimeError("CUDA error: an illegal memory access was encountered\nFor debugging consider …")

    codec.backend.model.encode = encode
    with pytest.raises(DeviceFailed, match=r"^the GPU failed \(CUDA error: an illegal .* encountered\): try again"):
        codec.encode(covers[:2])


def test_search_vectors_are_the_latents_through_the_matrix_of_the_file(codec, covers, tiny_weights):
    latents = codec.encode(covers[:4])
    matrix = search_matrix(tiny_weights)
    assert np.allclose(codec.search_vectors(latents), np.hstack([latents, np.ones((4, 1))]) @ matrix.T, atol=1e-5)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_asking_for_an_absent_gpu_says_so(tiny_weights):
    with pytest.raises(ValueError, match="No CUDA device"):
        Codec.load(tiny_weights, "cuda")


def test_a_missing_weights_file_is_named(tmp_path):
    with pytest.raises(BadWeights, match="nowhere"):
        Codec.load(tmp_path / "nowhere.safetensors")


def test_the_shipped_weights_keep_their_promise():
    info = read_info()
    assert sum(path.stat().st_size for path in SHIPPED.parent.glob("*.safetensors")) <= 48_000_000
    assert info.config.latent_dim <= 512
    codec = Codec.load(device="cpu")
    assert codec.model_id == info.model_id
    assert np.isfinite(codec.encode(np.full((1, 128, 128, 3), 90, np.uint8))).all()


def test_evaluation_gives_the_figures_beside_their_baselines(codec, few_covers):
    result, _ = evaluate_folder(codec, few_covers)
    figures = result.to_dict()
    assert result.n == figures["n"] == 24
    assert figures["accuracy"] == pytest.approx(1 - figures["mse"])
    by_name = {row.name: row for row in result.baselines}
    assert by_name["mean cover"].r2 == pytest.approx(0, abs=1e-6)
    assert figures["r2"] == pytest.approx(1 - figures["mse"] / by_name["mean cover"].mse)
    assert 0 < figures["ssim"] <= 1 and figures["psnr"] > 10
    assert result.genre_purity_at_10 is not None and 0 <= result.genre_purity_at_10 <= 1
    json.dumps(figures)
    assert any("mean cover" in line for line in table_lines(result))


def test_of_covers_too_few_for_any_pca_the_mean_is_the_baseline(covers):
    remade = cross_fitted(as_float(covers[:20]), [])
    assert list(remade) == ["mean cover"] and remade["mean cover"].shape == (20, 3, 128, 128)


def test_evaluation_on_the_held_out_tenth_leaves_the_rest_for_the_baselines(codec, cover_folder):
    told: list[str] = []
    held, chosen = evaluate_folder(codec, cover_folder, held_out=True, at=told.append)
    assert told == list(STAGES)
    assert 0 < held.n < len(list(cover_folder.glob("*.png"))) and held.n == len(chosen.images)
    assert "neither held out" in held.fitted_on


def test_evaluating_nothing_is_said(tmp_path, tiny_weights, capsys):
    assert cli.main(["evaluate", "--covers", str(tmp_path), "--weights", str(tiny_weights)]) == 1
    assert str(tmp_path) in capsys.readouterr().err


def test_sheets_are_written_for_looking(codec, covers, tmp_path):
    from PIL import Image

    from vae.training.sheets import write_sheets

    paths = write_sheets(codec, covers[:40], tmp_path / "sheets")
    assert [path.stem for path in paths] == ["reconstructions", "composites", "interpolations"]
    with Image.open(paths[0]) as sheet:
        assert sheet.size == (8 * 134 - 6, 8 * 134 - 6)  # four rows of covers, four of their versions
    assert write_sheets(codec, covers[:3], tmp_path / "few") == []


def test_a_latent_is_the_same_however_a_timed_trial_would_end(covers, monkeypatch):
    made = []
    for quick in (torch.bfloat16, torch.float32):
        monkeypatch.setattr("vae.devices._convolution_seconds", lambda dtype, quick=quick: float(dtype != quick))
        made.append(Codec(TorchBackend.open(SHIPPED, torch.device("cpu"))).encode(covers[:2]))
    assert np.array_equal(*made)
