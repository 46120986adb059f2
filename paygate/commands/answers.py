"""Answers to banks that want their lists answered."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer

from adapters.statements.vietinbank_answer import Settlement
from adapters.statements.vietinbank_verdicts import Status
from paygate.app import build_worker
from paygate.commands.terminal import OUT, File, Tenant, load, open_tenant, run, write_whole
from paygate.configured import file_key
from paygate.domain.errors import ConfigurationError, InvalidInputError, NotFoundError
from paygate.settings import Settings
from paygate.settlement_answers import ADAPTER, Answer, answer_settlement, read_settlement_apart

IN_WORDS: Final = {
    Status.MATCHED: "matched",
    Status.ONLY_THEIRS: "only the bank's",
    Status.ONLY_OURS: "only ours",
    Status.DIFFERS: "differ",
}


def answer_statement(  # noqa: PLR0913, PLR0917 -- whose list, where it lies and where the answer goes
    context: typer.Context,
    file: File,
    tenant: Tenant,
    source: Annotated[str, typer.Option(help="the source whose payments the list tells of")],
    output: Annotated[Path, typer.Option(help="where the answer is written")],
    account: Annotated[str | None, typer.Option(help="whose file_key it is; by default the source's account")] = None,
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the list's day, where no record tells it")
    ] = None,
) -> None:
    """Apply what is due, and answer VietinBank's settlement file: what of it we hold, and what we hold beyond it."""
    settings = load(context)
    asked = _asked(settings, tenant, source, account)
    settlement = _read(file, output, asked)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id):
            await build_worker(service).drain(tenant_id)
            async with service.database.connection() as connection:
                known = service.directory.sources[source]
                answer = await answer_settlement(
                    connection, known, settlement, asked.key, date.date() if date else None
                )
        write_whole(answer.content, output)
        _show(answer)

    run(work())


class _Asked(NamedTuple):
    """What the configuration says of a source whose list is answered."""

    provider_id: Any
    key: bytes


def _asked(settings: Settings, tenant: str, code: str, account: str | None) -> _Asked:
    if tenant not in settings.tenants:
        raise NotFoundError(f"there is no tenant {tenant!r}; there is {', '.join(sorted(settings.tenants)) or 'none'}")
    own = {name: one for name, one in settings.sources.items() if one.tenant == tenant and one.adapter == ADAPTER}
    if code not in own:
        raise NotFoundError(f"the tenant has no source {code!r} of {ADAPTER}; it has {', '.join(own) or 'none'}")
    number = account or own[code].account
    if number is None:
        raise InvalidInputError(f"source {code!r} names no account; name the one whose file_key it is")
    if (key := file_key(settings, number, tenant)) is None:
        raise ConfigurationError(f"the tenant has no account {number!r} with a file_key, which the answer is made with")
    return _Asked(own[code].options.get("provider_id"), key)


def _read(file: Path, output: Path, asked: _Asked) -> Settlement:
    try:
        if output.exists() and output.samefile(file):
            raise InvalidInputError("the answer would take the place of the file that it answers")
        with file.open("rb") as opened:
            settlement = read_settlement_apart(opened, asked.key)
    except OSError as error:
        raise InvalidInputError(f"{file}: {error.strerror or error}") from error
    if settlement.provider_id != asked.provider_id:
        raise InvalidInputError(f"it is for provider {settlement.provider_id[:20]!r}, not {asked.provider_id!r}")
    return settlement


def _show(answer: Answer) -> None:
    OUT.print(f"answered {len(answer.verdicts.each)} records of {answer.day}")
    counts = answer.verdicts.counts()
    OUT.print(" · ".join(f"{status} {IN_WORDS[status]} {count}" for status, count in counts.items()))
    if answer.untold:
        OUT.print(f"warning: {answer.untold} notices of the source are in no payment; what they tell of is not held")
