import numpy as np
import pytest
from PIL import Image

from vae.training.data import is_held_out
from vae.training.evaluate_large import compare, main

HELD = [name for name in map(str, range(100)) if is_held_out(name)][:1]


@pytest.fixture()
def folders(covers, tmp_path):
    small, large = tmp_path / "small", tmp_path / "large"
    for folder, size in ((small, 128), (large, 512)):
        folder.mkdir()
        for name, cover in zip([*HELD, "not-held"], covers, strict=False):
            Image.fromarray(cover).resize((size, size)).save(folder / f"{name}.png")
    return small, large


def test_it_tells_of_the_held_out_covers_and_draws_them(folders, tiny_weights, tmp_path, capsys):
    small, large = folders
    sheet = tmp_path / "sheet.png"
    asked = ["--covers", str(small), "--large", str(large), "--weights", str(tiny_weights)]
    assert main([*asked, "--sheet", str(sheet)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("1 covers at 512") and "as shown" in told and "LANCZOS" in told
    assert Image.open(sheet).size == (3 * 512 + 12, 512)
    assert main([*asked, "--choosing"]) == 1
    assert "belongs to that part" in capsys.readouterr().err


def test_nothing_to_compare_with_is_said_in_a_line(folders, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["--covers", str(folders[0]), "--large", str(tmp_path / "empty")]) == 1
    assert "has a larger one of its name" in capsys.readouterr().err


def test_a_copy_is_perfect_and_a_blurred_one_has_fewer_edges(covers):
    real = covers[:1].repeat(4, 1).repeat(4, 2)
    same = compare(real, real, "same")
    assert (same.mse, same.edges) == (0, 1) and same.ssim == pytest.approx(1, abs=1e-3)
    soft = np.stack([np.asarray(Image.fromarray(x).resize((128, 128)).resize((512, 512))) for x in real])
    assert compare(soft, real, "soft").edges < 0.5
