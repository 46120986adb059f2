"""The rules of the matcher as the desk's pages ask after them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from paygate.database import Connection
from reconciliation.backtest import Days
from reconciliation.model import REASONS, Reason
from reconciliation.rule_sets import find_body, find_rules, list_choices
from reconciliation.rules.model import RuleSet
from reconciliation.rules.places import line_of
from reconciliation.rules.reading import read_rules
from reconciliation.rules.words import ReadRules, read_out

NAME = "rules"
"""What a rule set that is typed at the desk is called in a refusal."""


class Rulebook:
    """Every question of the pages about rules, answered for a tenant."""

    @staticmethod
    def read(content: bytes) -> RuleSet:
        """Read a rule set. Raises what `read_rules` raises."""
        return read_rules(content, NAME)

    @staticmethod
    def read_out(rules: RuleSet, language: str, instead_of: RuleSet) -> ReadRules:
        return read_out(rules, "en" if language == "en" else "vi", instead_of=instead_of)

    @staticmethod
    def line_of(text: str, fault: str) -> int | None:
        return line_of(text, fault)

    @staticmethod
    def reason(reason: str, language: str) -> str:
        rule = REASONS[Reason(reason)]
        return rule.en if language == "en" else rule.vi

    @staticmethod
    def check_days(first: date, last: date) -> Days:
        """Raise InvalidInputError for days of which there is no backtest."""
        return Days(first, last)

    @staticmethod
    async def list_choices(connection: Connection, tenant_id: int) -> Sequence[dict[str, Any]]:
        return await list_choices(connection, tenant_id)

    @staticmethod
    async def find(connection: Connection, tenant_id: int, version: str) -> tuple[RuleSet, str]:
        """Return the rules of a version and the text they were read from. Raises what `find_rules` raises."""
        body = await find_body(connection, tenant_id, version)
        return await find_rules(connection, tenant_id, version), body
