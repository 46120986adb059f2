"""Folders for work under way are held, and cleared when nobody works in them any more."""

import subprocess
import sys
from pathlib import Path

from paygate.scratch import a_folder_below, clear_below

WORKS = """
import sys, time
from pathlib import Path
from paygate.scratch import a_folder_below
with a_folder_below(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("a payer's name")
    print(flush=True)
    time.sleep(60)
"""


def test_a_folder_is_gone_with_its_work(tmp_path: Path) -> None:
    with a_folder_below(tmp_path / "reports") as folder:
        (folder / "report").write_text("x")
        assert folder.stat().st_mode & 0o077 == 0
    assert not list((tmp_path / "reports").iterdir())


def test_a_folder_is_left_alone_as_long_as_somebody_works_in_it(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WORKS, tmp_path], stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        with a_folder_below(tmp_path) as folder:
            clear_below(tmp_path)
            assert len(list(tmp_path.iterdir())) == 2
            other.kill()
            other.wait()
            clear_below(tmp_path)
            assert list(tmp_path.iterdir()) == [folder]


def test_what_is_no_folder_of_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "place" / "file").write_text("x")
    (tmp_path / "place" / "link").symlink_to(tmp_path / "elsewhere")
    clear_below(tmp_path / "place")
    clear_below(tmp_path / "nowhere")
    assert {one.name for one in (tmp_path / "place").iterdir()} == {"file", "link"}
    assert (tmp_path / "elsewhere").is_dir()
