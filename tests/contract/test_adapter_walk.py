"""The walk of `adapters/README.md`, taken step by step in a copy of the checkout."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paygate.commands.adapters import write_adapter
from paygate.domain.errors import InvalidInputError
from tests.command_line import paygate, refused

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


def outcome_of_tests(checkout: Path) -> tuple[int, str]:
    """Run what a new adapter must pass: the contract, and the tests of its own that were written with it."""
    files = ("tests/contract/test_adapters.py", "tests/unit/adapters/test_thu.py")
    told = run(checkout, "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", "thu")
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
    assert run(checkout, "paygate", "adapter", "new", "thu").returncode == 0
    assert outcome_of_tests(checkout)[0] == pytest.ExitCode.TESTS_FAILED
    steps = dict(WRITTEN.findall(WALK))
    assert len(steps) == len(["signature", "payloads", "translate", "simulator"])
    for file, text in steps.items():
        (checkout / file).write_text(text, encoding="utf-8")
    [example] = EXAMPLE.findall(WALK)
    examples = checkout / "tests/contract/adapter_examples.py"
    text, replaced = ENTERED.subn(example, examples.read_text(encoding="utf-8"))
    assert replaced == 1
    examples.write_text(text, encoding="utf-8")
    code, told = outcome_of_tests(checkout)
    assert code == pytest.ExitCode.OK, told
    assert " passed" in told
    assert " deselected" in told, "of the contract, what is about it alone"


@pytest.mark.parametrize("name", ["Thu", "t", "9x", "a-b", "statements", "import", "../x", "momo"])
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = sorted(checkout.rglob("*.py"))
    monkeypatch.chdir(checkout)
    with pytest.raises(InvalidInputError):
        write_adapter(name)
    assert sorted(checkout.rglob("*.py")) == before


def test_outside_a_checkout_it_says_in_one_line_where_to_run(tmp_path: Path) -> None:
    refused(paygate(tmp_path, "adapter", "new", "thu"), "run it at the top of a checkout")
