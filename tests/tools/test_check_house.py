"""Each rule of the house finds what breaks it, and says where."""

from __future__ import annotations

from pathlib import Path

from tools.check_house import PACKAGES, faults


def house(root: Path, files: dict[str, str]) -> list[str]:
    for package in PACKAGES:
        (root / package).mkdir()
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return faults(root)


def test_an_import_for_typing_alone_closes_a_circle(tmp_path: Path) -> None:
    said = house(
        tmp_path,
        {
            "store/__init__.py": "",
            "store/a.py": "from store import b",
            "store/b.py": "def f():\n    import store.c",
            "store/c.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from store.a import x",
            "store/d.py": "from store.a import x",
        },
    )
    assert said == ["import circle: store.a ↔ store.b ↔ store.c"]


def test_long_modules_full_folders_and_many_parameters_are_told(tmp_path: Path) -> None:
    nine = ", ".join("abcdefghi")
    files = {
        "vae/long.py": "\n" * 351,
        "tui/many.py": f"def f(self, {nine}): ...\n@click.option('-x')\ndef g({nine}): ...",
        **{f"pipelines/m{i}.py": "" for i in range(17)},
    }
    assert house(tmp_path, files) == [
        "tui/many.py:1: f has 9 parameters, at most 8",
        "vae/long.py: 351 lines, at most 350",
        "pipelines: 17 modules, at most 16",
    ]


def test_a_house_in_order_has_no_faults(tmp_path: Path) -> None:
    assert house(tmp_path, {"store/a.py": "from store import b", "store/b.py": "X = 1"}) == []
