"""Every error has its place in the one table, and no problem tells of our insides."""

import json

import pytest

from paygate.domain import errors
from paygate.web.problems import OF_ERRORS, OF_HTTP, problem_of, respond_to


def classes(root: type[errors.PaygateError]) -> set[type[errors.PaygateError]]:
    return {root}.union(*(classes(one) for one in root.__subclasses__()))


OURS = sorted(
    (one for one in classes(errors.PaygateError) if one.__module__ == errors.__name__), key=lambda one: one.__name__
)


def test_every_error_has_a_line_in_the_table() -> None:
    assert set(OURS) == set(OF_ERRORS)


@pytest.mark.parametrize("error", OURS)
def test_every_error_is_a_refusal_or_a_failure(error: type[errors.PaygateError]) -> None:
    assert 400 <= problem_of(error("why")).status < 600


def test_a_type_means_one_status() -> None:
    problems = [*OF_ERRORS.values(), *OF_HTTP.values()]
    assert len({problem.type for problem in problems}) == len({(problem.type, problem.status) for problem in problems})


def test_what_may_succeed_later_says_when() -> None:
    assert int(respond_to(errors.InboxFullError("full")).headers["Retry-After"]) > 0


def test_an_unknown_caller_is_told_how_to_be_known() -> None:
    assert respond_to(errors.UnknownCallerError("no token")).headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("error", OURS)
def test_a_problem_is_json_of_its_own_type(error: type[errors.PaygateError]) -> None:
    response = respond_to(error("what 'postgres@10.0.0.1' said"))
    assert isinstance(response.body, bytes)
    problem = json.loads(response.body)
    assert response.content_type == "application/problem+json"
    assert problem["status"] == response.status
    if response.status >= 500:
        assert "postgres" not in response.body.decode()
