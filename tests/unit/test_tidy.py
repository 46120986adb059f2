"""The style is a test. Each names the offenders."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("paygate", "adapters", "reconciliation")

MODULES = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
TESTS = list((ROOT / "tests").rglob("*.py"))
KINDS = {"", ".py", ".sql", ".md", ".toml", ".txt", ".html", ".css", ".js", ".yaml", ".yml", ".json"}
TEXTS = [
    file
    for file in [
        *ROOT.glob("[!.]*.*"),  # .git is a file in a second working tree, and names the first
        *(file for folder in (*PACKAGES, "tests", "deploy", ".ci") for file in (ROOT / folder).rglob("*")),
    ]
    if file.is_file()
    and file.suffix in KINDS
    and "__pycache__" not in file.parts
    and file != Path(__file__)
    and file.name != ".git"  # a file in a second worktree, which names the machine's own path
]

LINES_OF_A_MODULE = 400
LINES_OF_A_FUNCTION = 60
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "base", "core", "lib"}
LEFT_FOR_LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
OF_ONE_MACHINE = re.compile(r"(?<![\w.:/-])/(work|root|home)/\w|\bpypi\.org|pythonhosted|\bghcr\.io|docker\.io")
"""Paths of somebody's machine, and hosts of registries."""


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@cache
def nodes_of(file: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def containing(pattern: re.Pattern[str]) -> list[str]:
    return [name_of(file) for file in TEXTS if pattern.search(file.read_text(encoding="utf-8"))]


def prints(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"


def test_every_module_can_be_read_in_one_sitting() -> None:
    lengths = {name_of(file): len(file.read_text(encoding="utf-8").splitlines()) for file in [*MODULES, *TESTS]}
    assert not {name: length for name, length in lengths.items() if length > LINES_OF_A_MODULE}


def test_every_function_fits_on_a_screen() -> None:
    lengths = {
        f"{name_of(file)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for file in [*MODULES, *TESTS]
        for node in nodes_of(file)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not {name: length for name, length in lengths.items() if length > LINES_OF_A_FUNCTION}


def test_every_module_is_named_after_what_it_is_about() -> None:
    assert not [name_of(file) for file in MODULES if SAYS_NOTHING & {*file.relative_to(ROOT).parts, file.stem}]


def test_nothing_is_printed_past_the_console_of_the_command() -> None:
    assert not [name_of(file) for file in MODULES if any(prints(node) for node in nodes_of(file))]


def waits_deafly(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "wait_for"


def test_nothing_waits_by_what_can_swallow_a_cancellation() -> None:
    """In Python 3.11 `asyncio.wait_for` drops a cancellation that comes as it ends; `asyncio.timeout` does not."""
    assert not [name_of(file) for file in MODULES if any(waits_deafly(node) for node in nodes_of(file))]


def test_nothing_is_left_for_later() -> None:
    assert not containing(LEFT_FOR_LATER)


def test_nothing_names_one_machine_or_a_registry() -> None:
    assert not containing(OF_ONE_MACHINE)


def test_test_files_have_names_of_their_own() -> None:
    names = [file.name for file in TESTS if file.name.startswith("test_")]
    assert len(names) == len(set(names))
