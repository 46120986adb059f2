"""The composition of the desk: hands its pages what they need of the other rooms."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, BinaryIO, Final, Protocol

from aiohttp.web import RouteDef

from paygate import attempts, endpoints, exports, sessions
from paygate.access import people_who
from paygate.admission import Admission
from paygate.background import Advance, Work
from paygate.casework import Casework
from paygate.configured import check_mapping, desk_seal, mappings_of, provider_facts
from paygate.credentials import Hashing
from paygate.database import Connection, Database
from paygate.directory import Directory
from paygate.disclosure import disclose
from paygate.domain.calendar import Calendar
from paygate.domain.reach import Allowed
from paygate.jobs import Job
from paygate.ledger import apply_batch
from paygate.mapping_drafts import forget_old
from paygate.provider import Provider, Send
from paygate.replays import Replays
from paygate.retranslation import retranslating
from paygate.rule_choices import RuleChoices
from paygate.sample_files import Opening, try_sample
from paygate.sessions import Lasting
from paygate.settings import Settings
from paygate.uploads import Uploads
from paygate.web.desk.account import AccountPages
from paygate.web.desk.asked import Asked
from paygate.web.desk.bulk import BulkPages
from paygate.web.desk.case_acts import CaseActs
from paygate.web.desk.case_upload import EvidenceUpload
from paygate.web.desk.discrepancies import DiscrepancyPages, today_of
from paygate.web.desk.discrepancy import CasePages, Neighbours
from paygate.web.desk.door import Door, Page, forget_forms
from paygate.web.desk.dossier import DossierPages
from paygate.web.desk.entrance import Entrance
from paygate.web.desk.evidence import EvidencePages
from paygate.web.desk.exports import SMALL, ExportPages
from paygate.web.desk.help import HelpPages
from paygate.web.desk.imports import ImportPages
from paygate.web.desk.linking import Linking
from paygate.web.desk.mappings import MappingPages
from paygate.web.desk.mappings import Reading as MappingReading
from paygate.web.desk.notices import NoticePages
from paygate.web.desk.people import PeoplePages
from paygate.web.desk.propose import Proposing
from paygate.web.desk.provider_sign_in import ProviderSignIn
from paygate.web.desk.report_cases import ReportCases
from paygate.web.desk.reports import Reading, ReportPages, Wording
from paygate.web.desk.rules import RulesPages
from paygate.web.desk.search import SearchPages
from paygate.web.desk.settings_pages import SettingsPages
from paygate.web.desk.sign_in import SignIn
from paygate.web.desk.today import TodayPages
from paygate.web.desk.trail import AuditPages
from paygate.web.desk.visit import DeskVisit
from paygate.web.imports import Readable
from paygate.web.repeats import forget_replies
from paygate.web.report_files import MakeFile
from reconciliation import rendering
from reconciliation.backtest import Days, backtest
from reconciliation.desk import worklist
from reconciliation.desk.board import BoardReader, Viewer
from reconciliation.desk.case import live_neighbours, load_case, load_notice
from reconciliation.desk.dossier import CaseReader
from reconciliation.desk.linking import find_free_facts, search_free_facts
from reconciliation.desk.periods import (
    CaseFilter,
    list_closed_days,
    list_closed_months,
    list_run_cases,
    load_period,
)
from reconciliation.desk.rulebook import Rulebook
from reconciliation.desk.search import find_by_amount, find_by_code
from reconciliation.desk.standing import FeedStanding
from reconciliation.desk.summary import verdict_of
from reconciliation.desk.summing import of_agencies
from reconciliation.model import Reason
from reconciliation.policy import Policy
from reconciliation.rule_sets import approve_rules, propose_rules, reject_rules, withdraw_rules
from reconciliation.rules.reading import read_rules

CHOICES: Final = RuleChoices(propose_rules, approve_rules, withdraw_rules, reject_rules)
EXAMPLES: Final = 5
"""Of each kind of difference that a backtest shows."""


class Room(Protocol):
    """Some pages that belong together."""

    def pages(self) -> list[Page]: ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What the desk stands on.

    `asked` is called when a job was asked for, `changed` when stored facts were changed; `send` asks others.
    """

    settings: Settings
    database: Database
    directory: Directory
    policy: Policy
    casework: Casework
    make_file: MakeFile
    uploads: Uploads
    readable: Readable
    asked: Callable[[], None]
    changed: Callable[[], None]
    send: Send


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything reachable at the desk, and the door that knows who comes from there."""

    door: Door
    pages: list[Page]
    routes: list[RouteDef]


def build_desk(ground: Ground) -> Desk:
    """Put the desk together."""
    told = ground.settings.desk
    lasting = Lasting(timedelta(minutes=told.idle_minutes), timedelta(hours=told.session_hours))
    entrance = Entrance(told.public_url, lasting, Allowed.read(told.proxies))
    door = Door(ground.database, ground.directory.tenants, entrance)
    admission = Admission(ground.database, Hashing(), desk_seal(ground.settings))
    facts = provider_facts(ground.settings)
    sign_in = SignIn(door, admission, facts.label if facts else None)
    elsewhere = ProviderSignIn(Provider(facts, ground.send), sign_in, admission).routes() if facts else []
    own = AccountPages(ground.database, entrance, admission)
    pages = [*sign_in.pages(), *own.pages(), *_pages(ground, door), *_keeping(ground)]
    return Desk(door, pages, [*sign_in.routes(), *elsewhere, *door.routes(pages)])


def _pages(ground: Ground, door: Door) -> list[Page]:
    reading = _reading(ground)
    rooms: Sequence[Room] = (
        TodayPages(ground.database, BoardReader(ground.policy.calendar), Viewer, ground.asked),
        _notices(ground),
        ReportPages(ground.database, reading, SMALL),
        _cases(ground, reading),
        ExportPages(ground.database, reading.load_period, ground.make_file, ground.asked),
        HelpPages(ground.database),
        SearchPages(ground.database, find_by_code, find_by_amount),
        DossierPages(ground.database, CaseReader(ground.policy.calendar)),
        _imports(ground),
        _mappings(ground),
        DiscrepancyPages(ground.database, worklist, worklist.CATALOGUE, ground.policy.calendar),
        BulkPages(ground.database, worklist, worklist.CATALOGUE, ground.policy.calendar, ground.casework),
        *_discrepancy(ground, door),
    )
    return [page for room in rooms for page in room.pages()]


def _keeping(ground: Ground) -> list[Page]:
    """Return the pages of those who look after the service."""
    standing = FeedStanding(ground.policy.calendar)
    return [
        *RulesPages(ground.database, Rulebook(), CHOICES, ground.asked, ground.changed).pages(),
        *SettingsPages(ground.database, partial(disclose, ground.settings), standing, endpoints.list_endpoints).pages(),
        *PeoplePages(ground.database).pages(),
        *AuditPages(ground.database, worklist.CATALOGUE, ground.asked).pages(),
    ]


def _discrepancy(ground: Ground, door: Door) -> Sequence[Room]:
    """Put together what is shown of one discrepancy, and done about it."""
    case = partial(load_case, calendar=ground.policy.calendar)
    cases = CasePages(ground.database, case, _neighbours(ground.policy.calendar), people_who, find_free_facts)
    acts = CaseActs(cases, ground.casework, ground.changed)
    linking = Linking(ground.database, find_free_facts, search_free_facts)
    evidence = EvidencePages(ground.database, load_notice, ground.casework)
    return cases, acts, Proposing(cases, acts, linking), evidence, EvidenceUpload(acts, door)


def _neighbours(calendar: Calendar) -> Neighbours:
    """Make what finds the way on: within the list that led somewhere, else among all that is live."""

    async def find(connection: Connection, visit: DeskVisit, number: int, listed: str) -> tuple[int | None, int | None]:
        tenant_id, known = visit.tenant.tenant_id, worklist.CATALOGUE
        if not listed:
            return await live_neighbours(connection, tenant_id, number, visit.agencies)
        asked = Asked.of(listed, known)
        wanted = asked.wanted(visit.person, visit.agencies, today_of(visit), calendar, known)
        return await worklist.neighbours(connection, tenant_id, wanted, number)

    return find


def backtesting(database: Database, policy: Policy) -> Work:
    """Make the work of a `JobKind.BACKTEST`: what another rule set would have made of past days."""

    async def try_rules(job: Job, advance: Advance) -> Mapping[str, Any]:  # noqa: ARG001 -- it is one transaction
        wanted = job.wanted
        candidate = read_rules(wanted["rules"].encode(), "rules")
        days = Days(date.fromisoformat(wanted["from"]), date.fromisoformat(wanted["to"]))
        return await backtest(database, job.tenant_id, policy, candidate=candidate, days=days, examples=EXAMPLES)

    return try_rules


def _cases(ground: Ground, reading: Reading) -> ReportCases:
    def chosen(filters: Mapping[str, str], agencies: Sequence[str] | None) -> CaseFilter:
        return CaseFilter(**filters, agencies=None if agencies is None else tuple(agencies))

    known = frozenset(map(str, Reason))
    return ReportCases(ground.database, reading.load_period, list_run_cases, chosen, known, reading.wording)


def _reading(ground: Ground) -> Reading:
    load = partial(load_period, is_business_day=ground.policy.calendar.is_business_day)
    words = Wording(
        rendering.word,
        rendering.sentence,
        rendering.side,
        rendering.item,
        rendering.arrival,
        rendering.responsible,
        verdict_of,
    )
    return Reading(load, list_closed_days, list_closed_months, of_agencies, words)


def _notices(ground: Ground) -> NoticePages:
    replays = Replays(retranslating(ground.settings, ground.directory), apply_batch)
    return NoticePages(ground.database, ground.directory.sources, replays, ground.changed)


def _imports(ground: Ground) -> ImportPages:
    return ImportPages(
        ground.database,
        ground.uploads,
        ground.readable,
        ground.directory.accounts,
        partial(mappings_of, ground.settings),
        Door.check_token,
        ground.asked,
    )


def _mappings(ground: Ground) -> MappingPages:
    def configured(tenant: str) -> dict[str, Mapping[str, Any]]:
        return {name: ground.settings.mappings[name].model_dump() for name in mappings_of(ground.settings, tenant)}

    def tried(
        file: BinaryIO, opening: tuple[str, str, str | int | None, int, int], content: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        return try_sample(file, Opening(*opening), content)

    return MappingPages(
        ground.database,
        ground.uploads,
        ground.directory.accounts,
        ground.directory.sources,
        MappingReading(configured, tried, partial(check_mapping, ground.settings)),
        Door.check_token,
    )


async def tidy_web(clear_files: Callable[[], Awaitable[None]], connection: Connection) -> None:
    """Drop what nobody asks after any more: replies, forms, files, and sessions that no limit lets last so long."""
    await clear_files()
    await forget_replies(connection)
    await forget_forms(connection)
    await exports.forget_files(connection)
    await forget_old(connection)
    await sessions.forget_ended(connection, datetime.now(UTC), Lasting(timedelta(days=7), timedelta(days=7)))
    await attempts.forget_old(connection, datetime.now(UTC))
