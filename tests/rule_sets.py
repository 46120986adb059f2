"""Rule sets: the one that ships with a change or two, and such as hypothesis draws."""

import tomllib
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from reconciliation.rules.model import RuleSet
from reconciliation.rules.reading import shipped_content


def changed(**of_rules: dict[str, Any]) -> RuleSet:
    """The shipped set with other keys in some of its rules; `prefixes` may be given beside them."""
    content = tomllib.loads(shipped_content().decode(), parse_float=Decimal)
    for rule in content["rules"]:
        rule.update(of_rules.get(rule["kind"], {}))
    return RuleSet.model_validate({**content, "name": "test"})


def with_prefixes(*prefixes: str) -> RuleSet:
    return RuleSet.model_validate({**changed().model_dump(by_alias=True), "prefixes": prefixes})


windows = st.tuples(st.integers(-3, 1), st.integers(1, 12)).map(lambda days: {"from": days[0], "to": days[1]})
lengths = st.sampled_from((6, 8, 13, 20))
mostly = st.sampled_from((True, True, True, False))
PREFIXES = ((), ("CK ",), ("HS ", "CK", "NOP#"), ("MBVCB.#.", "CK "))


@st.composite
def rule_sets(draw: st.DrawFn, *, tolerant: bool = True) -> RuleSet:
    """Any rules switched off but `exact`, any windows and lengths, now and then a tolerance where there may be one."""
    reference = draw(mostly)
    narrative = {
        name: {"enabled": draw(mostly), "window_days": draw(windows), "least_length": draw(lengths)}
        for name in ("narrative_reference", "narrative_dossier")
    }
    drawn = changed(
        reference={"enabled": reference},
        tolerance={
            "enabled": tolerant and reference and draw(st.booleans()),
            "dong": draw(st.sampled_from((None, 1, 9_999, 10_000))),
            "percent": draw(st.sampled_from((Decimal("0.01"), Decimal(5)))),
        },
        reference_other_account={"enabled": draw(mostly)},
        narrative_cut={
            "enabled": draw(mostly),
            "window_days": draw(windows),
            "least_length": draw(st.sampled_from((12, 13, 14))),
        },
        settlement_batch={
            "enabled": draw(mostly),
            "window_days": draw(windows),
            "least_length": draw(lengths),
            "least_word": draw(st.sampled_from((3, 4, 8))),
            "lone_percent": draw(st.sampled_from((Decimal(0), Decimal("0.5"), Decimal(5)))),
        },
        **narrative,
    )
    prefixes = draw(st.sampled_from(PREFIXES))
    return RuleSet.model_validate({**drawn.model_dump(by_alias=True), "prefixes": prefixes})
