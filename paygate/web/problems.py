"""Errors as RFC 9457 problems: one table from each class of error to its HTTP status and its stable type."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from paygate.domain import errors
from paygate.telemetry import log_unhandled

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem. `type` is a URI that callers may rely on."""

    status: HTTPStatus
    slug: str
    title: str

    @property
    def type(self) -> str:
        return f"urn:paygate:problem:{self.slug}"


UNAVAILABLE: Final = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "Try again a little later")
FAILED: Final = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "failed", "The service made a mistake")
IN_PROGRESS: Final = Problem(HTTPStatus.CONFLICT, "repeat-in-progress", "The same request is being worked on")
PAUSED: Final = Problem(HTTPStatus.TOO_MANY_REQUESTS, "paused", "Too many tries failed")
TOO_LARGE: Final = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "The body is larger than allowed")
NOT_FOUND: Final = Problem(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing")

OF_ERRORS: Final[Mapping[type[errors.PaygateError], Problem]] = {
    errors.PaygateError: FAILED,
    errors.ConfigurationError: FAILED,
    errors.UnsafeDatabaseError: FAILED,
    errors.EgressRefusedError: FAILED,
    errors.InvalidInputError: Problem(HTTPStatus.BAD_REQUEST, "invalid-input", "What was sent cannot be read"),
    errors.UnreadableStatementError: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "unreadable-statement", "The statement cannot be read"
    ),
    errors.UnreadableFileError: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "unreadable-file", "The file cannot be read with what is granted"
    ),
    errors.TooLargeError: TOO_LARGE,
    errors.NotFoundError: NOT_FOUND,
    errors.NoLongerKeptError: Problem(HTTPStatus.GONE, "no-longer-kept", "It was kept for its time, which is over"),
    errors.UnknownCallerError: Problem(HTTPStatus.UNAUTHORIZED, "unknown-caller", "A valid bearer token is needed"),
    errors.NotAllowedError: Problem(HTTPStatus.FORBIDDEN, "not-allowed", "The role does not allow this"),
    errors.NotAuthenticError: Problem(HTTPStatus.UNAUTHORIZED, "not-authentic", "The signature does not hold"),
    errors.UnreadableNoticeError: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "unreadable-notice", "The notice cannot be understood"
    ),
    errors.NotAPaymentError: Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not-a-payment", "It tells of no payment"),
    errors.ConflictError: Problem(HTTPStatus.CONFLICT, "conflict", "It contradicts what is stored"),
    errors.RepeatInProgressError: IN_PROGRESS,
    errors.RepeatDiffersError: Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "repeat-differs", "The key was used for another request"
    ),
    errors.IntegrityError: Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "integrity", "What is stored contradicts itself"),
    errors.TemporaryError: UNAVAILABLE,
    errors.DatabaseUnavailableError: UNAVAILABLE,
    errors.InboxFullError: UNAVAILABLE,
    errors.UnreachableError: UNAVAILABLE,
    errors.TooMuchWaitsError: UNAVAILABLE,
    errors.UnansweredError: UNAVAILABLE,
    errors.PausedError: PAUSED,
}
"""Every error of ours."""

OF_HTTP: Final[Mapping[int, Problem]] = {
    problem.status: problem
    for problem in (
        NOT_FOUND,
        Problem(HTTPStatus.BAD_REQUEST, "malformed-request", "The request is not HTTP as we read it"),
        Problem(HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed", "The method is not allowed here"),
        Problem(HTTPStatus.REQUEST_TIMEOUT, "too-slow", "The request took too long to arrive"),
        TOO_LARGE,
        Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-encoding", "The body must be neither encoded nor packed"
        ),
        Problem(HTTPStatus.EXPECTATION_FAILED, "expectation-failed", "The expectation cannot be met"),
    )
}
"""What HTTP itself can refuse."""

_KEPT_HEADERS: Final = ("Allow",)
_CLOSING: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT})
"""After these the rest of the request is not worth reading."""

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def problem_of(error: errors.PaygateError) -> Problem:
    """Look up an error by its class, or by the nearest class it derives from."""
    return next(OF_ERRORS[one] for one in type(error).__mro__ if one in OF_ERRORS)


def retry_after(error: errors.PaygateError) -> dict[str, str]:
    """Say when to come again, where that helps."""
    if isinstance(error, errors.PausedError):
        return {"Retry-After": str(error.seconds)}
    return {"Retry-After": str(RETRY_AFTER_SECONDS)} if problem_of(error) in {UNAVAILABLE, IN_PROGRESS} else {}


def respond(problem: Problem, detail: str = "", headers: Mapping[str, str] | None = None) -> web.Response:
    """Write a problem. `detail` is for callers: it never tells of our insides."""
    body = {"type": problem.type, "title": problem.title, "status": int(problem.status)}
    if detail:
        body["detail"] = detail
    response = web.Response(
        status=problem.status,
        body=json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace"),
        content_type=CONTENT_TYPE,
        headers=headers,
    )
    if problem.status in _CLOSING:
        response.force_close()
    return response


def respond_to(error: errors.PaygateError) -> web.Response:
    """Write the problem an error of ours is."""
    problem = problem_of(error)
    headers = retry_after(error)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if problem is FAILED:
        log_unhandled(error)
    return respond(problem, "" if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR else str(error), headers)


def respond_to_http(error: web.HTTPException) -> web.Response:
    """Write the problem that a refusal of aiohttp's, or one of ours in its terms, is."""
    problem = OF_HTTP.get(error.status) or Problem(HTTPStatus(error.status), f"http-{error.status}", error.reason)
    return respond(problem, "", {name: error.headers[name] for name in _KEPT_HEADERS if name in error.headers})


def respond_to_unread(error: Exception) -> web.Response:
    """Write the problem of a request that is broken below our own reading of it."""
    problem = OF_HTTP[HTTPStatus.BAD_REQUEST] if isinstance(error, HttpProcessingError) else FAILED
    if problem is FAILED:
        log_unhandled(error)
    return respond(problem)


def answering_in_problems(handler: Handler) -> Handler:
    """Turn every error of a handler into a problem; the last resort for what nobody expected.

    It goes around the whole application: as a middleware of it, it would cost each notice several times as much.
    """

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await handler(request)
        except errors.PaygateError as error:
            return respond_to(error)
        except web.HTTPException as error:
            return respond_to_http(error)
        except (RequestPayloadError, ConnectionError):
            return respond(OF_HTTP[HTTPStatus.BAD_REQUEST])
        except Exception as error:  # noqa: BLE001 -- the last resort
            log_unhandled(error)
            return respond(FAILED)

    return answer
