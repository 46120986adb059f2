"""`paygate adapter new`: the files of a new source, and its line in the two tables that know every source."""

import keyword
import re
from importlib import resources
from pathlib import Path
from string import Template
from typing import Annotated, Final

import typer

from paygate.commands.terminal import OUT
from paygate.domain.errors import InvalidInputError

adapter = typer.Typer(no_args_is_help=True, help="Sources of notices, for developers.")

REGISTRY: Final = Path("adapters/registry.py")
EXAMPLES: Final = Path("tests/contract/adapter_examples.py")
PARTS: Final = ("__init__", "signature", "payloads", "translate", "simulator")
TAKEN: Final = frozenset({"statements", "blank", "registry"})

_NAME = re.compile(r"[a-z][a-z0-9]{1,30}\Z")
_IMPORT = re.compile(r"^from adapters\..*\n", re.MULTILINE)


@adapter.callback()
def keep_the_group() -> None:
    """Let `new` be a command of a group even while it is the only one."""


@adapter.command("new")
def write_adapter(
    name: Annotated[str, typer.Argument(help="lower-case letters and digits, as it will stand in paygate.toml")],
) -> None:
    """Write a new adapter's files into this checkout; its contract tests fail until they are filled in."""
    _check(name)
    names = {"name": name, "Class": name.capitalize()}
    files = {Path("adapters", name, f"{part}.py"): _blank(f"{part}.py.txt", names) for part in PARTS}
    files[Path("tests/unit/adapters", f"test_{name}.py")] = _blank("test.py.txt", names)
    files[REGISTRY] = register(REGISTRY.read_text(encoding="utf-8"), name)
    files[EXAMPLES] = _entered(EXAMPLES.read_text(encoding="utf-8"), "EXAMPLES:", _blank("example.txt", names))
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        OUT.print(str(file))
    OUT.print(f"now fill them in, until: pytest tests/contract/test_adapters.py -k {name}")
    OUT.print("adapters/README.md walks through one")


def _check(name: str) -> None:
    if not REGISTRY.is_file() or not EXAMPLES.is_file():
        raise InvalidInputError(f"there is no {REGISTRY} here: run it at the top of a checkout of paygate")
    if not _NAME.match(name) or keyword.iskeyword(name) or name in TAKEN:
        raise InvalidInputError(
            f"{name!r} cannot name an adapter: 2 to 31 lower-case letters and digits, a letter first"
        )
    if Path("adapters", name).exists() or Path("adapters", f"{name}.py").exists():
        raise InvalidInputError(f"there is already an adapters/{name}")


def _blank(file: str, names: dict[str, str]) -> str:
    return Template(resources.files("adapters").joinpath("blank", file).read_text(encoding="utf-8")).substitute(names)


def register(text: str, name: str) -> str:
    """Return the registry with one more adapter in it: two imports, in their order, and one line of the table."""
    made = name.capitalize()
    added = [
        f"from adapters.{name} import {made}, {made}Options\n",
        f"from adapters.{name}.simulator import {made}Simulator\n",
    ]
    imports = sorted([*_IMPORT.findall(text), *added], key=lambda line: line.split()[1])
    first = _IMPORT.search(text)
    if first is None:
        raise InvalidInputError(f"{REGISTRY} imports no adapter: it is not as it was")
    rest = _IMPORT.sub("", text)
    text = rest[: first.start()] + "".join(imports) + rest[first.start() :]
    return _entered(text, "ADAPTERS:", f'    "{name}": Kind({made}Options, {made}, {made}Simulator),\n')


def _entered(text: str, table: str, entry: str) -> str:
    """Return the text with an entry at the end of the table whose definition begins so."""
    start = text.find(f"\n{table}")
    end = text.find("\n}\n", start)
    if start < 0 or end < 0:
        raise InvalidInputError(f"the table {table.rstrip(':')} is not as it was; enter {entry.strip()[:60]} by hand")
    return text[: end + 1] + entry + text[end + 1 :]
