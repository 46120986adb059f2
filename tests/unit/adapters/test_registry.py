from collections.abc import Mapping
from typing import Any

import pytest

from adapters import registry
from paygate.domain.errors import ConfigurationError

VIETTELPAY = {"merchant_code": "M", "access_code": "A"}
SECRET = b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_an_unknown_adapter_is_refused_with_the_names_that_exist() -> None:
    for ask in (
        lambda: registry.build("vnpya", [SECRET], {}),
        lambda: registry.simulator("vnpya", SECRET, {}),
        lambda: registry.option_names("vnpya"),
    ):
        with pytest.raises(ConfigurationError, match="no adapter 'vnpya'; there is casso, dvcqg, "):
            ask()


def test_each_adapter_names_its_own_configuration_keys() -> None:
    assert {kind: registry.option_names(kind) for kind in registry.ADAPTERS} == {
        "dvcqg": {
            "partner_code",
            "version",
            "confirm_type",
            "failed_codes",
            "query_token",
            "lookup_signed_fields",
            "lookup_reply_signed_fields",
        },
        "vnpay": {"terminal_code", "query_ip"},
        "sepay": {"api_key"},
        "vietinbank": {
            "provider_id",
            "hash",
            "encoding",
            "transaction_id_pattern",
            "customer_code_pattern",
            "bank_transaction_pattern",
        },
        "viettelpay": {
            "merchant_code",
            "access_code",
            "signed_fields",
            "order_id_pattern",
            "transaction_id_pattern",
        },
        "keypay": {"client_id", "signed_fields"},
        "standardwebhooks": set(),
        "momo": {"partner_code", "access_key"},
        "payos": set(),
        "casso": {"static_token"},
        "zalopay": {"app_id", "key1"},
    }


@pytest.mark.parametrize("secrets", [[], [b""], [SECRET, b""]])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("dvcqg", {"partner_code": "P"}),
        ("vnpay", {"terminal_code": "T"}),
        ("sepay", {}),
        ("vietinbank", {"provider_id": "9111"}),
        ("viettelpay", {"merchant_code": "M", "access_code": "A"}),
        ("keypay", {"client_id": "C"}),
        ("standardwebhooks", {}),
        ("momo", {"partner_code": "P", "access_key": "A"}),
        ("payos", {}),
        ("casso", {}),
        ("zalopay", {"app_id": 2553}),
    ],
)
def test_no_adapter_is_built_without_a_secret(kind: str, options: Mapping[str, Any], secrets: list[bytes]) -> None:
    with pytest.raises(ConfigurationError, match="secret"):
        registry.build(kind, secrets, options)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("dvcqg", {}, "the adapter dvcqg needs the key partner_code"),
        ("dvcqg", {"partner_code": "P", "failed_code": []}, "failed_code is not a key of the adapter dvcqg; its keys"),
        ("dvcqg", {"partner_code": "A|B"}, "partner_code of the adapter dvcqg: no signed field may hold"),
        ("dvcqg", {"partner_code": ""}, "partner_code of the adapter dvcqg"),
        ("dvcqg", {"partner_code": "P", "failed_codes": ["00"]}, "failed_codes of the adapter dvcqg: '00' means paid"),
        ("dvcqg", {"partner_code": "P", "failed_codes": [99]}, "failed_codes.0 of the adapter dvcqg"),
        ("dvcqg", {"partner_code": "P", "failed_codes": "99"}, "failed_codes of the adapter dvcqg"),
        ("dvcqg", {"partner_code": "P", "confirm_type": "A|B"}, "confirm_type of the adapter dvcqg"),
        ("vnpay", {}, "the adapter vnpay needs the key terminal_code"),
        ("vnpay", {"terminal_code": 7}, "terminal_code of the adapter vnpay"),
        ("payos", {"client_id": "P"}, "client_id is not a key of the adapter payos; its keys are: none"),
        ("casso", {"static_token": "T"}, "the adapter casso takes either secrets or a static_token, never both"),
        ("casso", {"static_token": 7}, "static_token of the adapter casso"),
        ("momo", {"partner_code": "P"}, "the adapter momo needs the key access_key"),
        ("momo", {"partner_code": "P&x=1", "access_key": "A"}, "partner_code of the adapter momo"),
        ("zalopay", {}, "the adapter zalopay needs the key app_id"),
        ("zalopay", {"app_id": "hai"}, "app_id of the adapter zalopay"),
        ("zalopay", {"app_id": 2553, "key1": 7}, "key1 of the adapter zalopay"),
        ("sepay", {"api_key": "K"}, "the adapter sepay takes either secrets or an api_key, never both"),
        ("sepay", {"api_key": 7}, "api_key of the adapter sepay"),
        ("vietinbank", {}, "the adapter vietinbank needs the key provider_id"),
        ("vietinbank", {"provider_id": "9111", "hash": "sha1"}, "hash of the adapter vietinbank"),
        ("vietinbank", {"provider_id": "9111", "encoding": "pem"}, "encoding of the adapter vietinbank"),
        ("vietinbank", {"provider_id": "9111", "customer_code_pattern": "("}, "customer_code_pattern of the adapter"),
        ("vietinbank", {"provider_id": "9111"}, "secret 1 of the adapter vietinbank is not one X.509 certificate"),
        ("viettelpay", {"merchant_code": "M"}, "the adapter viettelpay needs the key access_code"),
        ("viettelpay", {"merchant_code": "", "access_code": "A"}, "merchant_code of the adapter viettelpay"),
        (
            "viettelpay",
            VIETTELPAY | {"signed_fields": ["order_id", "amount"]},
            "signed_fields of the adapter viettelpay",
        ),
        (
            "viettelpay",
            VIETTELPAY | {"signed_fields": ["check_sum", "order_id"]},
            "signed_fields of the adapter viettel",
        ),
        (
            "viettelpay",
            VIETTELPAY | {"signed_fields": ["order_id", "order_id"]},
            "signed_fields of the adapter viettelpa",
        ),
        (
            "viettelpay",
            VIETTELPAY | {"signed_fields": ["error_code"]},
            "signed_fields of the adapter viettelpay: without",
        ),
        ("viettelpay", VIETTELPAY | {"order_id_pattern": "("}, "order_id_pattern of the adapter viettelpay"),
        ("keypay", {}, "the adapter keypay needs the key client_id"),
        ("keypay", {"client_id": "A|B"}, "client_id of the adapter keypay"),
        (
            "keypay",
            {"client_id": "C", "signed_fields": ["amount"]},
            "signed_fields of the adapter keypay: amount is no",
        ),
        (
            "keypay",
            {"client_id": "C", "signed_fields": ["status"]},
            "signed_fields of the adapter keypay: without trans",
        ),
        ("keypay", {"client_id": "C", "signed_fields": ["status"] * 2}, "signed_fields of the adapter keypay: a field"),
        ("standardwebhooks", {"partner_code": "P"}, "partner_code is not a key of the adapter standardwebhooks; its"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(kind: str, options: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        registry.build(kind, [SECRET], options)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_an_api_key_stands_for_the_secrets_and_must_hold_something() -> None:
    assert registry.build("sepay", [], {"api_key": "K"}).secret_headers == {"authorization"}
    with pytest.raises(ConfigurationError, match="the api_key of the adapter sepay is empty"):
        registry.build("sepay", [], {"api_key": ""})


def test_a_static_token_stands_for_the_secrets_and_must_hold_something() -> None:
    assert registry.build("casso", [], {"static_token": "T"}).secret_headers == {"secure-token"}
    with pytest.raises(ConfigurationError, match="the static_token of the adapter casso is empty"):
        registry.build("casso", [], {"static_token": ""})


def test_the_options_that_are_secrets_are_named() -> None:
    named = {kind: registry.secret_option_names(kind) for kind in registry.ADAPTERS}
    assert {kind: names for kind, names in named.items() if names} == {
        "dvcqg": {"query_token"},
        "zalopay": {"key1"},
        "casso": {"static_token"},
        "sepay": {"api_key"},
    }
