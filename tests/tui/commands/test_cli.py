from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tui import cli
from vae.codec import Codec

pytestmark = pytest.mark.usefixtures("tiny_model")


def test_find_prints_hits_and_json(run):
    status, out, _ = run("find", "dark side moon")
    assert status == 0 and "Pink Floyd / The Dark Side of the Moon (1970)" in out.splitlines()[0]
    status, out, _ = run("find", "dark side moon", "--json")
    assert json.loads(out)[0]["album"]["title"] == "The Dark Side of the Moon"


def test_similar_tells_neighbours_with_reasons_that_add_up(run):
    status, out, _ = run("similar", "Pink Floyd / The Dark Side of the Moon", "--json")
    assert status == 0
    told = json.loads(out)
    assert len(told["neighbors"]) == 12
    scores = [neighbor["score"] for neighbor in told["neighbors"]]
    assert scores == sorted(scores, reverse=True)
    for neighbor in told["neighbors"]:
        weights = [told["weights"][reason["signal"]] for reason in neighbor["reasons"]]
        parts = [reason["score"] for reason in neighbor["reasons"]]
        mean = sum(w * s for w, s in zip(weights, parts, strict=True)) / sum(weights)
        assert neighbor["score"] == pytest.approx(mean, abs=2e-3)


def test_similar_forgives_typos_and_takes_weights(run):
    status, out, _ = run(
        "similar", "pink floid / dark side of the mon", "-k", "3", "--artist", "0", "--tags", "0", "--json"
    )
    told = json.loads(out)
    assert status == 0 and told["album"]["artist"] == "Pink Floyd" and len(told["neighbors"]) == 3
    assert {reason["signal"] for n in told["neighbors"] for reason in n["reasons"]} <= {"cover", "era", "popularity"}


def test_similar_of_a_photo_heeds_how_many_and_of_whom(run, covers, tiny_weights, tmp_path, monkeypatch):
    monkeypatch.setattr("vae.codec.SHIPPED", tiny_weights)
    Image.fromarray(covers[0]).resize((640, 640)).save(tmp_path / "sleeve.png")
    Image.new("RGB", (640, 480), "gray").save(tmp_path / "none.png")
    wanted = ("--image", str(tmp_path / "sleeve.png"), "-k", "6", "--per-artist", "1", "--json")
    status, out, _ = run("similar", *wanted)
    told = json.loads(out)
    assert status == 0 and told["album"]["title"] == "The Dark Side of the Moon" and told["found"][0]["sure"] > 0.9
    artists = [one["album"]["artist"] for one in told["neighbors"]]
    assert len(artists) == len(set(artists)) == 6
    status, out, _ = run("similar", "--image", str(tmp_path / "none.png"), "-k", "3", "--json")
    told = json.loads(out)
    assert status == 1 and told["album"] is None and len(told["neighbors"]) == 3
    status, out, err = run("similar", "--image", str(tmp_path), "-k", "6", "--tags", "0", "--csv")
    assert status == 2 and out == "" and "-k, --tags: for neighbours" in err


def test_an_unknown_album_exits_2_and_offers_the_closest(run):
    status, out, err = run("similar", "Pink Floyd / Completely Other Thing")
    assert status == 2 and out == "" and "Pink Floyd" in err and len(err.strip().splitlines()) == 1


def test_all_weights_zero_is_bad_use(run):
    zero = [x for name in ("cover", "tags", "artist", "era", "popularity") for x in (f"--{name}", "0")]
    status, _, err = run("similar", "Low / Album 5", *zero)
    assert status == 2 and "weights" in err


def test_route_goes_from_start_to_goal(run):
    status, out, _ = run("route", "Björk / Album 3", "Can / Album 6", "--json")
    steps = json.loads(out)["steps"]
    assert status == 0 and steps[0]["album"]["artist"] == "Björk" and steps[-1]["album"]["artist"] == "Can"
    assert all(step["reasons"] for step in steps[1:])


def test_blend_writes_a_file_with_its_recipe_and_records_it(run, tmp_path):
    out_file = tmp_path / "b.png"
    arguments = (
        "blend",
        "Low / Album 5",
        "AC/DC / Album 2",
        "Can / Album 6",
        "--weights",
        "0.5,0.3,0.2",
        "-o",
        str(out_file),
    )
    status, out, _ = run(*arguments, "--json")
    assert status == 0
    told = json.loads(out)
    assert [part["weight"] for part in told["parts"]] == [0.5, 0.3, 0.2] and out_file.is_file()
    status, out, _ = run("sql", "SELECT path FROM blends", "--json")
    assert json.loads(out) == [{"path": str(out_file)}]
    status, _, err = run(*arguments)
    assert status == 1 and "is there already" in err
    assert run(*arguments, "--force")[0] == 0


def test_blend_takes_weights_with_the_albums_and_makes_a_file_again(run, tmp_path):
    first, again = tmp_path / "a.png", tmp_path / "b.png"
    assert run("blend", "Low / Album 5=0.75", "Can / Album 6=.25", "-o", str(first))[0] == 0
    status, out, _ = run("blend", "--from", str(first), "--json")
    assert status == 0 and [part["weight"] for part in json.loads(out)["parts"]] == [0.75, 0.25]
    assert run("blend", "--from", str(first), "-o", str(again))[0] == 0
    assert first.read_bytes() == again.read_bytes()


@pytest.mark.parametrize(
    ("options", "name", "layout"),
    [
        (["--frames", "3"], "a.webp", "film"),
        ([], "a.webp", "picture"),
        (["--frames", "4"], "a.gif", "film"),
        (["--sheet", "strip"], "a.png", "strip"),
        (["--sheet", "composite"], "a.png", "composite"),
    ],
)
def test_blend_writes_films_and_sheets_and_makes_them_again(run, tmp_path, options, name, layout):
    first, again = tmp_path / name, tmp_path / f"again-{name}"
    arguments = ("blend", "Low / Album 5", "Can / Album 6", "--size", "128", *options, "-o", str(first))
    assert run(*arguments)[0] == 0
    assert json.loads(run("blend", "--from", str(first), "--json")[1]).get("layout", "picture") == layout
    assert run("blend", "--from", str(first), "-o", str(again))[0] == 0
    assert first.read_bytes() == again.read_bytes()
    status, _, err = run("blend", "Low / Album 5", "Can / Album 6", "--sheet", "grid", "-o", str(tmp_path / "g.png"))
    assert status == 1 and "4 albums, not 2" in err


def test_blend_makes_a_file_of_recipes_and_numbers_its_bad_lines(run, tmp_path):
    recipes = tmp_path / "r.jsonl"
    good = {"albums": ["Low / Album 5", "Can / Album 6"], "size": 128}
    recipes.write_text("\n".join([json.dumps(good), "{", json.dumps({"albums": ["Nobody / Nothing at all", "x"]})]))
    status, out, _ = run("blend", "--recipes", str(recipes), "-o", str(tmp_path / "out"), "--json")
    told = json.loads(out)
    assert status == 1 and told["written"] == 1 and [bad["line"] for bad in told["bad"]] == [2, 3]
    told = json.loads(run("blend", "--recipes", str(recipes), "-o", str(tmp_path / "out"), "--json")[1])
    assert (told["written"], told["there"]) == (0, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("blend", "-o", "x.png"),
        ("blend", "Low / Album 5=1", "Can / Album 6", "-o", "x.png"),
        ("blend", "Low / Album 5", "Can / Album 6"),
        ("blend", "Low / Album 5", "Can / Album 6", "-o", "nowhere/"),
        ("blend", "Low / Album 5", "-o", "x.png"),
        ("blend", "Low / Album 5", "Can / Album 6", "--weights", "1", "-o", "x.png"),
        ("blend", "Low / Album 5", "Can / Album 6", "--weights", "a,b", "-o", "x.png"),
        ("blend", "Low / Album 5", "Can / Album 6", "--size", "300", "-o", "x.png"),
        ("nonsense",),
        ("similar",),
    ],
)
def test_bad_use_exits_2_without_a_traceback(run, arguments):
    status, _, err = run(*arguments)
    assert status == 2 and "Traceback" not in err


def test_no_control_character_of_a_title_reaches_the_terminal(run):
    for arguments in (("find", "red right"), ("similar", "[/b] Red right to left / Album 7"), ("sql", "FROM albums")):
        out = run(*arguments)[1]
        assert out and not any(ch in out for ch in "\x1b\x07\u202e")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"
        ),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("Error: std::bad_alloc"),
        OSError(12, "Cannot allocate memory"),
    ],
)
def test_memory_that_runs_out_is_said_as_such(error, capsys):
    assert cli.report(error) == 1
    assert capsys.readouterr().err == (
        "sleevewalk: there is not enough memory for this; close other programs and try again\n"
    )


def test_a_missing_library_says_what_to_do(tmp_path, capsys):
    assert cli.main(["find", "x", "--library", str(tmp_path / "none")]) == 1
    err = capsys.readouterr().err
    assert "no library" in err and "sleevewalk demo" in err


def test_a_locked_library_exits_3_and_names_the_process(folder, run):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()",
            str(folder / "library.duckdb"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        status, _, err = run("find", "low")
        assert status == 3 and f"PID {holder.pid}" in err
    finally:
        holder.communicate("\n")


def test_doctor_reports_a_sound_library_and_a_missing_cover(run, folder, monkeypatch, tiny_weights):
    from vae.info import read_info

    monkeypatch.setattr("vae.info.read_info", lambda path=tiny_weights: read_info(tiny_weights))
    status, out, _ = run("doctor", "--json")
    findings = {(f["section"].split()[0], f["name"]): f for f in json.loads(out)}
    assert findings["library", "index"]["ok"] and findings["library", "covers"]["ok"]
    cover = next((folder / "covers").rglob("*.webp"))
    hidden = cover.rename(cover.with_suffix(".hidden"))
    try:
        status, out, _ = run("doctor")
        assert status == 1 and "files are missing" in out
    finally:
        hidden.rename(cover)


def modules_after(code: str, folder: Path) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after `code`."""
    script = f"import sys\n{code}\nsys.stderr.write('\\n'.join({{name.partition('.')[0] for name in sys.modules}}))"
    env = {**os.environ, "SLEEVEWALK_LIBRARY": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=env,
        cwd=Path(__file__).parents[3],
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["similar", "Low / Album 5"],
        ["find", "low"],
        ["route", "Low / Album 5", "Can / Album 6"],
        ["similar", "--help"],
        ["shards", "make", "--help"],
    ],
)
def test_quick_commands_import_neither_torch_nor_sklearn_nor_ray(arguments, folder):
    loaded = modules_after(f"from tui.cli import main\nassert main({arguments!r}) == 0", folder)
    assert "click" in loaded
    assert not loaded & {"torch", "sklearn", "ray"}


def test_opening_the_app_imports_neither_torch_nor_sklearn_nor_ray(folder):
    code = (
        "import pathlib\n"
        "from tui.opening import app_of\n"
        "from store.database.library import Library\n"
        f"app_of(Library.open(pathlib.Path({str(folder)!r})))\n"
    )
    loaded = modules_after(code, folder)
    assert "textual" in loaded and not loaded & {"torch", "sklearn", "ray"}


def test_build_with_nothing_to_do_does_not_import_torch(folder, tiny_weights):
    code = f"from tui.cli import main\nassert main(['build', '--weights', {str(tiny_weights)!r}]) == 0"
    assert "torch" not in modules_after(code, folder)


def test_doctor_repair_lists_before_it_changes_and_mends_with_yes(folder, tmp_path, monkeypatch, tiny_weights, capsys):
    import shutil

    from pipelines.build import build as build_with
    from vae.info import read_info

    monkeypatch.setattr("vae.info.read_info", lambda path=tiny_weights: read_info(tiny_weights))
    monkeypatch.setattr("pipelines.build.build", lambda library, progress: build_with(library, weights=tiny_weights))
    broken = Path(shutil.copytree(folder, tmp_path / "broken"))
    next((broken / "covers").rglob("*.webp")).unlink()
    next((broken / "index").glob("*.faiss")).write_bytes(b"half")

    def run(*arguments: str) -> tuple[int, str]:
        status = cli.main(["doctor", "--repair", *arguments, "--library", str(broken)])
        return status, capsys.readouterr().out

    status, out = run()
    assert status == 1 and "missing covers" in out and "index" in out
    assert run()[1] == out, "nothing was changed"
    status, out = run("--yes")
    assert status == 0 and "mended: missing covers" in out
    assert run() == (0, "nothing to mend\n")


def test_find_takes_words_for_sleeves_and_tells_what_they_look_like(run):
    word = json.loads(run("sql", "SELECT words[1] AS word FROM cover_facts LIMIT 1", "--json")[1])[0]["word"]
    status, out, _ = run("find", f"#{word.replace(' ', '-')}", "--json")
    told = json.loads(out)
    assert status == 0 and told and all(hit["looks"] for hit in told)
    sleeves = json.loads(run("sql", f"SELECT title FROM find_sleeves('{word}')", "--json")[1])
    assert {row["title"] for row in sleeves} == {hit["album"]["title"] for hit in told}


def test_why_says_the_reasons_of_any_pair_and_lights_what_makes_sleeves_alike(run, tmp_path, tiny_weights, monkeypatch):
    pair = ("Björk / Album 3", "Can / Album 6")
    status, out, _ = run("why", *pair)
    assert status == 0 and ("both: " in out or "one: " in out)
    load = Codec.load
    monkeypatch.setattr("vae.codec.Codec.load", lambda: load(tiny_weights, "cpu"))
    status, out, _ = run("why", *pair, "--json", "--heat", str(tmp_path / "heat.png"))
    told = json.loads(out)
    (cover,) = (reason for reason in told["reasons"] if reason["signal"] == "cover")
    assert cover["looks"] and cover["text"].startswith(cover["looks"])
    assert np.shape(told["heat"]["parts"]) == (2, 8, 8)
    with Image.open(tmp_path / "heat.png") as picture:
        assert picture.size == (4 * 512, 512)
    sentence = "SELECT sleeves(album_called('Björk / Album 3'), album_called('Can / Album 6')) AS said"
    assert json.loads(run("sql", sentence, "--json")[1]) == [{"said": cover["looks"]}]
    status, _, err = run("why", *pair, "--heat", str(tmp_path / "no" / "heat.png"))
    assert status == 1 and "cannot write" in err


def test_lettering_is_looked_for_once_and_blends_are_made_ready(run, tmp_path):
    status, out, err = run("lettering", "--json")
    assert status == 0, err
    told = json.loads(out)
    assert told["ahead"] > 0 and told["left"] == 0
    again = json.loads(run("lettering", "--json")[1])
    assert again["ahead"] == again["covers"] == 0
