"""What hostile or broken senders send, from the real inputs beside the project."""

import json
from pathlib import Path


def json_files(shared: Path) -> dict[str, bytes]:
    folder = shared / "corpora/nasty/json-test-suite/test_parsing"
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.json"))}


def xml_attacks(shared: Path) -> dict[str, bytes]:
    folder = shared / "corpora/nasty/xml-attacks/xmltestdata"
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def naughty_strings(shared: Path) -> list[str]:
    said: list[str] = json.loads((shared / "corpora/nasty/blns/blns.json").read_text(encoding="utf-8"))
    return said


def csv_injections(shared: Path) -> list[str]:
    folder = shared / "corpora/nasty/csv-injection"
    said: list[str] = []
    for name in ("payloads.json", "trigger_first_chars.json"):
        said += json.loads((folder / name).read_text(encoding="utf-8"))
    return said
