"""Rules of the code that no linter checks: `python tools/check_house.py` lists what breaks them and exits 1.

No import circle between modules (imports for typing alone count), at most 16 modules in a folder, 350 lines in a
module and 8 parameters of a function (commands of click aside: each of theirs is an option).
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("sleevewalk", "tui", "store", "pipelines", "vae")
MODULES, LINES, PARAMETERS = 16, 350, 8
Graph = dict[str, set[str]]


def module_name(path: Path) -> str:
    """`store/index/index.py` → `store.index.index`; a package is named after its folder."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imports(tree: ast.Module, modules: set[str]) -> Iterator[str]:
    """The modules that a file imports anywhere in it: at the top, in functions, for typing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                found = inner if inner in modules else node.module
                if found in modules:
                    yield found


def circles(graph: Graph) -> list[list[str]]:
    """Strongly connected groups of two and more modules (Tarjan 1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = low[module] = len(order)
        stack.append(module)
        for other in graph[module]:
            if other not in order:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], order[other])
        if low[module] == order[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1:
                found.append(sorted(group))

    for module in graph:
        if module not in order:
            visit(module)
    return found


def is_command(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """True for a function under decorators such as `@ingest.command()` or `@click.option(…)`."""
    words = " ".join(ast.unparse(decorator) for decorator in function.decorator_list)
    return "command" in words or "click." in words


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    named = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
    return len([argument for argument in named if argument.arg not in ("self", "cls")])


def faults(root: Path) -> list[str]:
    """What breaks the rules below `root`, a line each."""
    paths = sorted(path.relative_to(root) for package in PACKAGES for path in (root / package).rglob("*.py"))
    modules = {module_name(path) for path in paths}
    graph: Graph = {}
    said: list[str] = []
    for path in paths:
        text = (root / path).read_text(encoding="utf-8")
        tree = ast.parse(text)
        graph[module_name(path)] = set(imports(tree, modules)) - {module_name(path)}
        if (lines := len(text.splitlines())) > LINES:
            said.append(f"{path}: {lines} lines, at most {LINES}")
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or is_command(node):
                continue
            if (count := parameters(node)) > PARAMETERS:
                said.append(f"{path}:{node.lineno}: {node.name} has {count} parameters, at most {PARAMETERS}")
    folders = Counter(path.parent for path in paths)
    said += [f"{folder}: {count} modules, at most {MODULES}" for folder, count in folders.items() if count > MODULES]
    said += [f"import circle: {' ↔ '.join(group)}" for group in circles(graph)]
    return said


def main() -> int:
    root = Path(__file__).resolve().parents[1]
    said = faults(root)
    print("\n".join(said) or "no import circles; folders, modules and functions within their limits")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
