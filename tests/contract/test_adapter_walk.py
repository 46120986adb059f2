"""The walk of `adapters/README.md`, taken step by step in a copy of the checkout."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("adapters", "paygate", "reconciliation", "tests", "pyproject.toml")
WRITTEN = re.compile(r"^`(adapters/thu/\w+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"in place of the example that was entered:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENTERED = re.compile(r'^    "thu": Example\(\n.*?^    \),\n', re.MULTILINE | re.DOTALL)

WALK = (ROOT / "adapters/README.md").read_text(encoding="utf-8")


def run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )


def new_adapter(checkout: Path, name: str) -> subprocess.CompletedProcess[str]:
    return run(checkout, "paygate", "adapter", "new", name)


def contract(checkout: Path) -> tuple[int, str]:
    told = run(checkout, "pytest", "-q", "-p", "no:cacheprovider", "tests/contract/test_adapters.py", "-k", "thu")
    return told.returncode, told.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("checkout")
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    yield folder
    shutil.rmtree(folder)


def test_the_walk_leads_from_failing_contract_tests_to_passing_ones(checkout: Path) -> None:
    assert new_adapter(checkout, "thu").returncode == 0
    assert contract(checkout)[0] == pytest.ExitCode.TESTS_FAILED
    steps = dict(WRITTEN.findall(WALK))
    assert len(steps) == len(["signature", "payloads", "translate", "simulator"])
    for file, text in steps.items():
        (checkout / file).write_text(text, encoding="utf-8")
    [example] = EXAMPLE.findall(WALK)
    examples = checkout / "tests/contract/adapter_examples.py"
    text, replaced = ENTERED.subn(example, examples.read_text(encoding="utf-8"))
    assert replaced == 1
    examples.write_text(text, encoding="utf-8")
    code, told = contract(checkout)
    assert code == pytest.ExitCode.OK, told
    assert run(checkout, "pytest", "-q", "tests/unit/adapters/test_thu.py").returncode == pytest.ExitCode.OK


@pytest.mark.parametrize("name", ["Thu", "t", "9x", "a-b", "statements", "import", "../x", "momo"])
def test_a_name_that_cannot_be_is_refused_in_one_line_and_nothing_is_written(checkout: Path, name: str) -> None:
    before = sorted(checkout.rglob("*.py"))
    told = new_adapter(checkout, name)
    assert (told.returncode, told.stdout) == (2, "")
    assert len(told.stderr.splitlines()) == 1
    assert sorted(checkout.rglob("*.py")) == before


def test_outside_a_checkout_it_says_where_to_run(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = subprocess.run(
        [sys.executable, "-m", "paygate", "adapter", "new", "thu"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert "run it at the top of a checkout" in told.stderr
