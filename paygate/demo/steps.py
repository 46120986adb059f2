"""Tells how far the demo is: a bar on a terminal, a plain line when a step is done elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]


@contextmanager
def step(out: Console, told: str, total: int) -> Iterator[Advance]:
    """Run one step of `total` things; call what is yielded with how many more are done."""
    if not out.is_terminal:
        began = perf_counter()
        yield lambda _: None
        out.print(f"{told}: {total:,} in {perf_counter() - began:.1f} s", highlight=False)
        return
    columns = (TextColumn("{task.description:<46}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out) as progress:
        task = progress.add_task(told, total=total)
        yield lambda count: progress.advance(task, count)
