"""That everything on the page of a discrepancy, and the search for what to join, is found by indexes among many."""

import re
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from paygate.database import Database
from paygate.domain.calendar import Calendar
from reconciliation.desk.case import load_case, load_notice
from reconciliation.desk.linking import find_free_facts, search_free_facts
from tests.plans import Watching
from tests.worlds import lay_tenant

NOW: Final = datetime(2024, 6, 1, tzinfo=UTC)
LARGE: Final = "payment|payment_event|statement_line|match|loose_fact|notice|procedure_record|discrepancy\\w*|proposal"
"""What is filled."""
FILL: Final = """
INSERT INTO procedure_record (tenant_id, dossier_code, dossier_key, version, procedure_code, procedure_name,
agency_code, agency_name, status, exempt, online_payment_flag, due, content_hash) SELECT 1, 'D' || n, 'D' || n,
1, 'x', 'x', 'A', 'A', 'processing', false, 0, 150000, ''::bytea FROM generate_series(1, 20000) AS n;
INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, dossier_code, state,
outcome, amount, currency, occurred_at, business_date, account_id) SELECT 1, 1, 'REF' || n, 'T' || n, 'REF' ||
n, 'D' || n, 'paid', 'paid', 150000 + n, 'VND', '2024-05-08 05:00+00', date '2024-01-01' + n % 300, 1 FROM
generate_series(1, 20000) AS n;
INSERT INTO notice (tenant_id, source_id, dedupe_key, body_hash, method, body, key_id, request_id, received_at,
state) SELECT 1, 1, sha256(n::text::bytea), sha256(n::text::bytea), 'POST', 'x', 0, 'x', '2024-05-08 05:00+00',
'applied' FROM generate_series(1, 20000) AS n;
INSERT INTO payment_event (tenant_id, payment_id, notice_id, received_at, said_state, left_state, outcome,
amount, currency, occurred_at) SELECT 1, n, n, '2024-05-08 05:00+00', 'paid', 'paid', 'paid', 150000, 'VND',
now() FROM generate_series(1, 20000) AS n;
INSERT INTO statement (tenant_id, account_id, file_hash, ordinal, format, identification, total, lines) SELECT
1, 1, sha256(n::text::bytea), 1, 'table', '', 0, 0 FROM generate_series(1, 10) AS n;
INSERT INTO statement_line (tenant_id, account_id, statement_id, row_number, identity, occurrence, booked_on,
amount, currency, bank_reference, reference, reference_key, narrative, counterparty) SELECT 1, 1, 1, n,
int8send(n), 1, date '2024-01-01' + (n % 300)::integer, 150000 + n, 'VND', '', 'LINE' || n, 'LINE' || n, 'x', ''
FROM generate_series(1::bigint, 20000) AS n;
INSERT INTO loose_fact (tenant_id, leg, fact_id, account_id, amount, currency, on_date, reference_key, standing)
SELECT 1, leg::leg, n, 1, 150000 + n, 'VND', date '2024-01-01' + n % 300, '', 'open' FROM generate_series(1,
20000) AS n, unnest(ARRAY['payment', 'bank']) AS leg;
INSERT INTO match (tenant_id, leg, payment_id, fact_id, seats, rule, rule_set, difference) SELECT 1, 'receipt',
n, n, 1, 'exact', 'x', 0 FROM generate_series(1, 20000) AS n;
INSERT INTO discrepancy (tenant_id, case_key, subject, reason, amount, since, due, dossier_code, agency_code,
payment_id) SELECT 1, 'dossier:D' || n, 'payment:' || n, 'bank_missing', 150000, '2024-05-08', '2024-05-10',
'D' || n, 'A', n FROM generate_series(1, 20000) AS n;
INSERT INTO discrepancy_event (tenant_id, discrepancy_id, change, left_state, said) SELECT 1, n, 1, 'open',
'opened' FROM generate_series(1, 20000) AS n;
INSERT INTO proposal (tenant_id, discrepancy_id, kind, detail, amount, reason, version, proposed_by) SELECT 1,
n, 'write_off', '{}', 1, 'x', 1, 'anh' FROM generate_series(1, 20000) AS n;
"""
"""Twenty thousand of each."""


@pytest.fixture
async def many(database: Database) -> Any:
    async with database.connection() as connection:
        tenant_id = await lay_tenant(connection, "haiduong")
        assert tenant_id == 1
        await connection.execute(FILL)
        await connection.execute("ANALYZE")
        yield Watching(connection), tenant_id


async def test_what_a_page_shows_and_what_is_searched_is_found_by_indexes(many: tuple[Any, int]) -> None:
    watching, tenant_id = many
    case = await load_case(watching, tenant_id, 777, ["A"], calendar=Calendar(), now=NOW)
    assert case is not None
    assert [len(case[name]) for name in ("payments", "notices", "matches", "events", "proposals")] == [1, 1, 1, 1, 1]
    assert await load_notice(watching, tenant_id, 777, None, 777) is not None
    free = await find_free_facts(watching, tenant_id, ["A"], [777, 778], [777])
    assert [len(free["payments"]), len(free["lines"])] == [2, 1]
    day = date(2024, 1, 1)
    named = await search_free_facts(watching, tenant_id, None, reference="LINE 778", amount=None, day=None)
    assert [one["name"] for one in named["lines"]] == ["LINE778"]
    near = await search_free_facts(watching, tenant_id, None, reference=None, amount=150_900, day=day)
    assert [len(near["payments"]), len(near["lines"])] == [1, 1]
    assert not {one.table for one in watching.read if not one.index and re.fullmatch(LARGE, one.table)}
