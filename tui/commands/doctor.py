"""`doctor`: what this machine, this terminal and this library are like, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.folders import config_file
from store.errors import LibraryDamaged, LibraryError
from tui.commands.explore import look_options, wanted_of
from tui.commands.merging import offer_merges
from tui.commands.shared import Context, interactive, json_command, open_library, print_json, progress
from tui.terminal.look import TerminalLook

if TYPE_CHECKING:
    from store.database.library import Library

WIDTH = 110  # columns of the report


@dataclass(frozen=True)
class Finding:
    """One line of the report. `ok` False: something to mend, and `text` says how."""

    name: str
    text: str
    ok: bool = True


@click.command()
@click.option("--repair", is_flag=True, help="List what is wrong with the library, and mend it when told to.")
@click.option("--yes", is_flag=True, help="With --repair: mend without asking.")
@click.option("--merge", is_flag=True, help="With --repair: merge albums that look like one, too, without asking.")
@look_options
@json_command
def doctor(context: Context, repair: bool, yes: bool, merge: bool, as_json: bool, look: TerminalLook) -> int:
    """Check the device, FAISS, the terminal and the library. Exit status 1 where something needs mending."""
    if repair:
        if as_json:
            raise click.UsageError("--repair talks to a person; use --json without it to look")
        status = repair_library(context, yes)
        offer_merges(open_library(context), merge)
        return status
    if merge:
        raise click.UsageError("--merge goes with --repair")
    sections = {
        "model": model_findings(),
        "terminal": terminal_findings(look),
        "config": config_findings(),
        f"library {context.library_dir}": library_findings(context.library_dir),
    }
    if as_json:
        print_json([{"section": name, **vars(finding)} for name, findings in sections.items() for finding in findings])
    else:
        _print(sections)
    return int(not all(finding.ok for findings in sections.values() for finding in findings))


def _print(sections: dict[str, list[Finding]]) -> None:
    for section, findings in sections.items():
        click.echo(section)
        for finding in findings:
            line = f" {' ' if finding.ok else '!'} {finding.name:<13} {finding.text}"
            click.echo(
                textwrap.fill(line, WIDTH, subsequent_indent=17 * " ", break_long_words=False, break_on_hyphens=False)
            )


def repair_library(context: Context, yes: bool) -> int:
    """List what is wrong with the library, ask, mend, and look again."""
    from pipelines.build import build
    from store.database.library import Library
    from store.repair.repair import find_problems, mend
    from store.repair.rescue import plan_rescue, read_all, rescue

    try:
        library = open_library(context)
        read_all(library)
    except LibraryDamaged as error:
        library = Library(context.library_dir)
        plan = plan_rescue(library)
        click.echo(f"damaged: {error}")
        click.echo(plan.text)
        if not agreed(yes):
            return 1
        click.echo(f"mended: {rescue(library, plan)}")
    problems = find_problems(library, check_hashes=True)
    derived = [finding for finding in derived_findings(library) if not finding.ok]
    for problem in problems:
        click.echo(f"{problem.name}: {problem.text}; would {problem.remedy}")
    for finding in derived:
        click.echo(f"{finding.name}: {finding.text}; would build it")
    if not problems and not derived:
        click.echo("nothing to mend")
        return 0
    if not agreed(yes):
        return 1
    mend(library, problems)
    if any(not finding.ok for finding in derived_findings(library)):
        click.echo(build(library, progress()).summary())
    left = [(problem.name, problem.text) for problem in find_problems(library)]
    left += [(finding.name, finding.text) for finding in derived_findings(library) if not finding.ok]
    for problem in problems:
        click.echo(f"mended: {problem.name}")
    for name, text in left:
        click.echo(f"still there: {name}: {text}")
    return 1 if left else 0


def agreed(yes: bool) -> bool:
    """Whether the person wants it mended: by --yes, or asked at a terminal."""
    if yes:
        return True
    if not interactive():
        click.echo("nothing was changed; --yes mends it", err=True)
        return False
    return click.confirm("Mend this?", abort=True)


def model_findings() -> list[Finding]:
    """The device that would decode, the weights, FAISS."""
    from store.index.flat import gpus
    from vae.info import BadWeights, read_info

    found = [Finding("device", device())]
    try:
        info = read_info()
        metrics = info.metrics
        trained = f"{metrics.get('steps', '?')} steps on {metrics.get('device', '?')}"
        found.append(Finding("weights", f"{info.model_id}, {info.config.latent_dim} numbers, {trained}"))
    except BadWeights as error:
        found.append(Finding("weights", str(error), ok=False))
    packages = [name for name in ("faiss-cpu", "faiss-gpu") if is_installed(name)]
    text = "not installed: enough for fewer than 200,000 covers (pip install 'sleevewalk[cpu]')"
    if packages:
        text = f"{importlib.metadata.version(packages[0])} ({', '.join(packages)}), {gpus()} GPUs"
    if len(packages) == 2:
        text += "; two FAISS packages share one folder: uninstall both and install one"
    found.append(Finding("faiss", text, ok=len(packages) < 2))
    return found


def device() -> str:
    """What covers are encoded and blends are decoded with."""
    runtime = f"onnxruntime {importlib.metadata.version('onnxruntime')}"
    if not is_installed("torch"):
        return f"CPU; {runtime}; torch is not installed, which a GPU and training need"
    import torch

    name = f"CUDA: {torch.cuda.get_device_name()}" if torch.cuda.is_available() else "CPU (no CUDA device answers)"
    return f"{name}; {runtime}; torch {torch.__version__}"


def is_installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def terminal_findings(look: TerminalLook) -> list[Finding]:
    """What the app will see of the terminal with this look, and why."""
    from tui.config import configured, wanted
    from tui.terminal.brands import multiplexer
    from tui.terminal.choice import asked_terminal
    from tui.terminal.look import described
    from tui.terminal.output import OUTPUTS, chosen_output

    size = shutil.get_terminal_size()
    stdout = "a terminal" if sys.stdout.isatty() else "no terminal"
    output = chosen_output(*wanted("output", look.output, configured(config_file(), "output", OUTPUTS)))
    with asked_terminal(look, **wanted_of(look)) as asked:
        look, choice, cells, answers = asked.look, asked.choice, asked.cells, asked.found
    said = (f"{name}={os.environ.get(name, 'unset')}" for name in ("TERM", "COLORTERM", "NO_COLOR"))
    return [
        Finding("size", f"{size.columns}×{size.lines} (stdout is {stdout})", ok=size.columns >= 40),
        *(Finding(name, text) for name, text in described(look)),
        Finding("output", f"{output.name} ({output.why})", ok=not output.refused),
        Finding("pictures", f"{choice.protocol} ({choice.why})", ok=not choice.refused),
        Finding("cells", f"{cells.kind} ({cells.why})", ok=not cells.refused),
        Finding("answers", answers),
        Finding("says", " ".join(said)),
        Finding("inside", f"multiplexer: {multiplexer() or 'none'}"),
    ]


def config_findings() -> list[Finding]:
    """The config file, and what it can name."""
    from tui.config import ConfigError, load_config
    from tui.palette import THEMES
    from tui.screens.registry import binding_ids

    path = config_file()
    themes, ids = tuple(theme.name for theme in THEMES), binding_ids()
    try:
        load_config(path, themes, ids)
    except ConfigError as error:
        return [Finding("file", error.message, ok=False)]
    state = str(path) if path.is_file() else f"{path} (not there: all as it comes)"
    return [
        Finding("file", state),
        Finding("themes", ", ".join(themes)),
        *(Finding(f"{screen} keys", words) for screen, words in _by_screen(ids).items()),
    ]


def _by_screen(ids: Sequence[str]) -> dict[str, str]:
    """Actions that [keys] in the config can name, "left down up …" by screen, of which an id is "screen.action"."""
    screens: dict[str, list[str]] = {}
    for screen, _, action in (name.partition(".") for name in ids):
        screens.setdefault(screen, []).append(action)
    return {screen: " ".join(actions) for screen, actions in screens.items()}


def library_findings(folder: Path) -> list[Finding]:
    """Counts, and what does not fit together."""
    from store.catalogue.covers import CoverFiles
    from store.catalogue.duplicates import duplicates
    from store.catalogue.tables import counts
    from store.database.library import Library
    from store.database.replay import undone
    from store.personal.mine import read_own
    from store.repair.repair import find_problems
    from store.repair.rescue import read_all

    try:
        library = Library.open(folder)
        read_all(library)
        with library.read() as con:
            rows = counts(con)
            bare = len(con.execute("SELECT 1 FROM albums WHERE cover_sha256 IS NULL").fetchall())
            twice = len(duplicates(con))
            lost = undone(con, library.path)
            wrong = read_own(con).problems
        found = [Finding("rows", ", ".join(f"{count:,} {name}" for name, count in rows.items() if count))]
        found.append(Finding("covers", f"{rows['covers']:,} covers, {bare:,} albums without one"))
        number, size = CoverFiles(library.covers_dir).large_bytes()
        found.append(Finding("large covers", f"{number:,}, {size / 1e6:,.1f} MB, for blends at 512 pixels"))
        if twice:
            looks = "album looks" if twice == 1 else "albums look"
            text = f"{twice:,} {looks} like another one: `sleevewalk doctor --repair` lists them"
            found.append(Finding("duplicates", text))
        took_back = "a session of another program undid what the ingest of {} stored: run it again"
        found += [Finding("undone", took_back.format(one.what), ok=False) for one in lost]
        found += [Finding("your tables", problem, ok=False) for problem in wrong]
        mend = "`sleevewalk doctor --repair` mends it"
        found += [Finding(p.name, f"{p.text}: {mend}", ok=False) for p in find_problems(library)]
        return found + derived_findings(library)
    except LibraryError as error:
        return [Finding("state", str(error), ok=False)]


def _looked_at(library: Library, build: str) -> Finding:
    """Whether the covers have facts; of lettering what is known."""
    from store.catalogue.facts import missing_facts, missing_lettering

    with library.read() as con:
        behind, without = len(missing_facts(con)), len(missing_lettering(con))
    if behind:
        return Finding("facts", f"{behind:,} covers were not looked at yet: {build}", ok=False)
    text = "every cover was looked at"
    if without:
        text += f", for lettering {without:,} of them not yet: `sleevewalk lettering` or the open app looks for it"
    return Finding("facts", text)


def derived_findings(library: Library) -> list[Finding]:
    """Whether latents, index and neighbours are what the covers of today make."""
    from store.catalogue.latents import missing_latents
    from store.index.cover_index import CoverIndex
    from store.index.neighbor_table import neighbors_are_current
    from store.neighbors.cover_map import kept_shares, map_is_current
    from vae.info import BadWeights, read_info

    build = "run `sleevewalk build`"
    found = []
    try:
        with library.read() as con:
            covers = len(con.execute("SELECT 1 FROM covers LIMIT 1").fetchall())
            behind = len(missing_latents(con, read_info().model_id))
        text = f"{behind:,} covers have no latent yet: {build}" if behind else "every cover has its latent"
        found.append(Finding("latents", text, ok=not behind))
    except BadWeights as error:
        covers = 0
        found.append(Finding("latents", f"cannot tell: {error}", ok=False))
    found.append(_looked_at(library, build))
    try:
        index = CoverIndex.load(library)
        if index is None:
            found.append(Finding("index", f"none yet: {build}", ok=not covers))
        else:
            with library.read() as con:
                current = neighbors_are_current(con, index)
            found.append(Finding("index", f"{index.count:,} covers, matches the latents"))
            text = "match the index" if current else f"are older than the index: {build}"
            found.append(Finding("neighbours", text, ok=current))
            with library.read() as con:
                mapped, shares = map_is_current(con, index), kept_shares(con)
            told = [f"{share:.0%} by {layout}" for layout, share in shares.items() if share is not None]
            text = f"of the ten nearest covers it keeps {' and '.join(told)}"
            found.append(Finding("map", text if mapped else f"is older than the index: {build}", ok=mapped))
    except LibraryError as error:
        found.append(Finding("index", str(error), ok=False))
    return found
