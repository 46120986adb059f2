"""Every metric and every log event, named once. Labels are bounded; nothing here ever carries payer data."""

import logging
import sys
import traceback
from enum import StrEnum
from typing import Final, TextIO, cast

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

FRAMES_LOGGED: Final = 5
"""Of where an error came from, the innermost."""

REGISTRY: Final = CollectorRegistry(auto_describe=True)

NOTICES: Final = Counter(
    "paygate_notices_total", "Notices received, by what became of them", ["source", "outcome"], registry=REGISTRY
)
"""`outcome`: stored, repeated, conflicting, quarantined, unauthentic, refused, unavailable."""
PAYMENTS: Final = Counter(
    "paygate_payments_total",
    "Payments that reached an outcome",
    ["tenant", "source", "outcome"],
    registry=REGISTRY,
)
QUERIES_PUT: Final = Counter(
    "paygate_queries_total", "Questions put to sources, by what came of them", ["source", "outcome"], registry=REGISTRY
)
"""`outcome`: stored, repeated, conflicting, quarantined, unknown, unanswered, unreachable, unauthentic, unaskable,
outdated; and expired, of what was given up."""
DELIVERIES: Final = Counter(
    "paygate_deliveries_total", "Attempts to deliver an event, by what became of them", ["outcome"], registry=REGISTRY
)
"""`outcome`: delivered, failed, dead, gone, refused."""
SIGN_INS: Final = Counter(
    "paygate_sign_ins_total", "Tries to sign in at the desk, by what became of them", ["outcome"], registry=REGISTRY
)
"""`outcome`: signed_in, code_wanted, refused, paused, unavailable."""
RETRIES: Final = Counter("paygate_retries_total", "Work tried again, by kind", ["kind"], registry=REGISTRY)
NOTICE_SECONDS: Final = Histogram(
    "paygate_notice_seconds",
    "From the request's arrival to the reply",
    ["source"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10),
    registry=REGISTRY,
)
NOTICE_TO_LEDGER_SECONDS: Final = Histogram(
    "paygate_notice_to_ledger_seconds",
    "From a notice's arrival to its payment's entry in the ledger",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 3, 10, 30, 120, 600, 3600, 86400),
    registry=REGISTRY,
)
RECONCILIATION_SECONDS: Final = Histogram(
    "paygate_reconciliation_seconds",
    "Time a pass of the matcher took",
    ["pass"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300),
    registry=REGISTRY,
)

GAUGES: Final = {
    "paygate_success_ratio": ("Paid attempts over all attempts", ("tenant", "source", "window")),
    "paygate_notices_waiting": ("Notices that are not applied", ("state",)),
    "paygate_oldest_waiting_seconds": ("Age of the oldest notice that is not applied", ("state",)),
    "paygate_feed_age_seconds": ("Time since the last notice of a source was applied", ("source",)),
    "paygate_statement_age_seconds": ("Time since the last day an account's statements cover", ("tenant", "account")),
    "paygate_feed_late": ("Whether a statement or a source's notices are overdue", ("tenant", "feed")),
    "paygate_discrepancies_open": ("Live discrepancies", ("tenant", "reason")),
    "paygate_amount_at_risk_minor_units": ("Amount of the live discrepancies", ("tenant", "class")),
}
"""Gauges read from the database when they are scraped, and cached: name -> help, labels."""


class Event(StrEnum):
    """What the log speaks of."""

    SERVING = "serving"
    STOPPED = "stopped"
    REQUEST = "request"
    UNHANDLED = "unhandled_error"
    NOTICE_UNAUTHENTIC = "notice_unauthentic"
    LOOKUP_UNAUTHENTIC = "lookup_unauthentic"
    NOTICE_QUARANTINED = "notice_quarantined"
    NOTICE_ALARM = "notice_alarm"
    NOTICE_CONFLICT = "notice_conflict"
    NOTICE_RETRIED = "notice_retried"
    NOTICE_DEAD = "notice_dead"
    NOTICES_APPLIED = "notices_applied"
    QUERY_FAILED = "query_failed"
    QUERY_OUTDATED = "query_outdated"
    QUERY_RESTS = "query_source_rests"
    QUERY_RESUMED = "query_source_resumed"
    INQUIRY_EXPIRED = "inquiry_expired"
    SWEPT = "inquiries_swept"
    MONEY_CONFIRMED = "money_confirmed"
    NOTICES_REPLAYED = "notices_replayed"
    RECORDS_STORED = "records_stored"
    MATCHED = "matched"
    DAY_CLOSED = "day_closed"
    DELIVERED = "delivered"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERY_DEAD = "delivery_dead"
    DELIVERY_REFUSED = "delivery_refused"
    DELIVERY_LEASE_LOST = "delivery_lease_lost"
    DELIVERIES_REPLAYED = "deliveries_replayed"
    ENDPOINT_PAUSED = "endpoint_paused"
    ENDPOINT_RESUMED = "endpoint_resumed"
    DATABASE_AWAY = "database_away"
    JOB_DONE = "job_done"
    JOB_FAILED = "job_failed"
    JOB_PUT_OFF = "job_put_off"
    JOB_LOST = "job_lost"
    CONNECTION_CUT = "connection_cut"
    ERRAND_PUT_OFF = "errand_put_off"
    MONTH_MADE = "month_made"
    TRIMMED = "trimmed"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGN_IN_CODE_WANTED = "sign_in_code_wanted"
    SIGN_IN_PAUSED = "sign_in_paused"
    SIGN_IN_UNCHECKED = "sign_in_unchecked"
    PROVIDER_FAILED = "identity_provider_failed"


class _StandardError:
    """Standard error as it is when a line is written: who runs us may have put another in its place since."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure_logging(level: str) -> None:
    """Write one JSON line per event to standard error, UTC, with a request id where there is one."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _StandardError())),
        cache_logger_on_first_use=True,
    )


log: structlog.stdlib.BoundLogger = structlog.get_logger("paygate")


def log_unhandled(error: BaseException) -> None:
    """Say where an error nobody expected came from, without its message, which may quote a payer."""
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error(Event.UNHANDLED, error=type(error).__name__, frames=frames[-FRAMES_LOGGED:])
