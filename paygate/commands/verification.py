"""Holds stored runs against what they rest on."""

from typing import Annotated

import typer

from paygate.app import open_service
from paygate.commands.terminal import OUT, AsJson, load, print_json, run
from paygate.domain.errors import IntegrityError
from reconciliation.verification import Verified, verify_run


def verify(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="RUN", min=1, help="the run's number, as its report names it")],
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Judge a closed day again without the database's help, and say where the stored run first differs."""
    settings = load(context)

    async def work() -> None:
        async with open_service(settings) as service:
            verified = await verify_run(service.database, number, service.policy)
        if as_json:
            print_json(verified.as_json())
        if verified.difference is not None:
            raise IntegrityError(f"run {number} differs: {verified.difference}")
        if not as_json:
            OUT.print(_said(verified))

    run(work())


def _said(verified: Verified) -> str:
    if verified.superseded_by is not None:
        return f"run {verified.run_id}: its seal holds; run {verified.superseded_by} supersedes it, verify that one"
    return f"agrees: {verified.cases} cases, digest {verified.digest}"
