"""The command line as an operator meets it, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path


def paygate(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with nothing of paygate's in the environment but what is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYGATE_")}
    ours = {"HD_DVCQG_SECRET": "secret", "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-m", "paygate", *words],
        cwd=folder,
        env={**kept, **ours, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str], saying: str, code: int = 2) -> None:
    assert done.returncode == code, done.stderr
    assert saying in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
