"""What `/openapi.json` says: every route there is, briefly. A test holds it and the router together."""

from importlib.metadata import version
from typing import Any, Final

from paygate.domain.casework import ProposalKind
from paygate.domain.report_file import MEDIA_TYPES, FileKind

_DOSSIER: Final = {"type": "string", "examples": ["000.00.12.H23-240508-0001"]}
_TENANT_QUERY: Final = {"name": "tenant", "in": "query", "schema": {"type": "string"}}
_PROBLEM: Final = {
    "description": "A problem (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_TOKEN: Final[list[dict[str, list[str]]]] = [{"token": []}]


def _path(name: str, example: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "examples": [example]}}


def _query(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}


def _json(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {}}}


def _open(summary: str, **answers: Any) -> dict[str, Any]:
    return {"summary": summary, "responses": {**answers, "default": _PROBLEM}}


def _guarded(summary: str, *parameters: Any, body: Any = None, **answers: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"summary": summary, "security": _TOKEN, "parameters": list(parameters)}
    if body is not None:
        said["requestBody"] = {"required": True, "content": body}
    return {**said, "responses": {**answers, "default": _PROBLEM}}


_NOTICE: Final = {
    "summary": "A source's notice, in the source's own format; stored before it is acknowledged",
    "parameters": [_path("source", "hd-dvcqg")],
    "responses": {
        "200": {"description": "Stored; the source's own acknowledgement"},
        "401": {"description": "Not authentic; the source's own refusal"},
        "default": _PROBLEM,
    },
}
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A name of the caller's own for this request: sent again with it, it is answered again, not done",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
}
_DECISION: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/Decision"}}}
_SEEN: Final = {"type": "integer", "minimum": 0, "description": "the discrepancy's `version` as it was seen"}
_DISCREPANCY: Final = (_path("id", "42"), _TENANT_QUERY)


def _seen(**fields: Any) -> dict[str, Any]:
    """Describe the body of an act on a discrepancy."""
    properties = {"version": _SEEN, **fields}
    required = [name for name in properties if name != "detail"]
    schema = {"type": "object", "required": required, "additionalProperties": False, "properties": properties}
    return {"application/json": {"schema": schema}}


def _act(summary: str, body: Any, status: str = "200", *parameters: Any) -> dict[str, Any]:
    return {
        "post": _guarded(
            summary, *_DISCREPANCY, *parameters, _KEY, body=body, **{status: _json("Its state and version now")}
        )
    }


_DAY: Final = (
    _path("tenant", "haiduong"),
    _path("date", "2024-05-08"),
    _query("run", "that of this run of the day's, else of the latest"),
)
_LANG: Final = _query("lang", "vi or en; left out, vi")

DESCRIPTION: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {"title": "paygate", "version": version("paygate"), "license": {"name": "Apache-2.0"}},
    "paths": {
        "/v1/notices/{source}": {"get": _NOTICE, "post": _NOTICE},
        "/v1/payables/{source}": {
            "post": {
                "summary": "A source's question what a dossier must pay, in the source's own format",
                "parameters": [_path("source", "hd-dvcqg")],
                "responses": {
                    "200": _json("What is due, or why nothing is"),
                    "401": _json("Not authentic; the source's own refusal"),
                    "default": _PROBLEM,
                },
            }
        },
        "/v1/records": {
            "put": _guarded(
                "Store procedure records",
                _TENANT_QUERY,
                body={"application/json": {"schema": {"type": "array"}}, "application/x-ndjson": {}},
                **{"200": _json("What became of each row")},
            )
        },
        "/v1/records/{dossier}": {
            "get": _guarded(
                "A dossier with its payments, legs, matches and verdict",
                {"name": "dossier", "in": "path", "required": True, "schema": _DOSSIER},
                _TENANT_QUERY,
                **{"200": _json("The record")},
            )
        },
        "/v1/payment-requests": {
            "post": _guarded(
                "Register the reference of a payment to come",
                _KEY,
                body={"application/json": {"schema": {"$ref": "#/components/schemas/PaymentRequest"}}},
                **{"200": _json("It was registered before"), "201": _json("It is registered")},
            )
        },
        "/v1/statements": {
            "post": _guarded(
                "Hand in a statement file; it is read in the background",
                _TENANT_QUERY,
                _query("account", "whose it is, where the file does not say"),
                _query("format", "guessed from its bytes where it is not named"),
                _query("mapping", "the configured mapping that says what a table's columns mean"),
                _KEY,
                body={"application/octet-stream": {}},
                **{"202": _json("It is taken in; its number")},
            )
        },
        "/v1/imports/{id}": {
            "get": _guarded(
                "How an import stands, what was read and which rows were refused",
                _path("id", "8c0e…"),
                **{"200": _json("The import")},
            )
        },
        "/v1/reports/{tenant}/{date}": {
            "get": _guarded(
                "The report of a closed day, or of a month or quarter such as 2024-05 and 2024-Q2",
                *_DAY,
                **{"200": _json("The report")},
            )
        },
        "/v1/reports/{tenant}/{date}.csv": {
            "get": _guarded(
                "Its sums as a table, or the facts behind one of them",
                *_DAY,
                _LANG,
                _query("sheet", "the facts behind this leg's total; left out, the sums"),
                **{"200": {"description": "The table", "content": {"text/csv": {}}}},
            )
        },
        "/v1/reports/{tenant}/{date}.xlsx": {
            "get": _guarded(
                "It and the facts behind it as a spreadsheet, a sheet for each leg",
                *_DAY,
                _LANG,
                **{"200": {"description": "The spreadsheet", "content": {MEDIA_TYPES[FileKind.XLSX]: {}}}},
            )
        },
        "/v1/reports/{tenant}/{date}.pdf": {
            "get": _guarded(
                "It as offices print it",
                *_DAY,
                _LANG,
                **{"200": {"description": "The print form", "content": {MEDIA_TYPES[FileKind.PDF]: {}}}},
            )
        },
        "/v1/discrepancies": {
            "get": _guarded(
                "What does not agree",
                _TENANT_QUERY,
                _query("reason", "only this reason"),
                _query("state", "only this state"),
                _query("agency", "only this agency's"),
                _query("cursor", "`next` of the page before"),
                **{"200": _json("A page")},
            )
        },
        "/v1/discrepancies/{id}": {
            "get": _guarded(
                "A discrepancy with all that was done about it", *_DISCREPANCY, **{"200": _json("The discrepancy")}
            )
        },
        "/v1/discrepancies/{id}/assign": _act(
            "Make it somebody's task, or nobody's", _seen(to={"type": ["string", "null"]})
        ),
        "/v1/discrepancies/{id}/comment": _act("Say something about it", _seen(text={"type": "string"})),
        "/v1/discrepancies/{id}/evidence": _act(
            "Keep the body as a file that shows how it was",
            {"application/octet-stream": {}},
            "201",
            {"name": "version", "in": "query", "required": True, "schema": _SEEN},
            _query("name", "the file's"),
        ),
        "/v1/discrepancies/{id}/evidence/{file}": {
            "get": _guarded(
                "A file as it was attached",
                *_DISCREPANCY,
                _path("file", "7"),
                **{"200": {"description": "Its bytes, to be kept", "content": {"*/*": {}}}},
            )
        },
        "/v1/discrepancies/{id}/propose": _act(
            "Put an act before a second person",
            _seen(
                kind={"type": "string", "enum": list(ProposalKind)},
                detail={"type": "object", "description": "what the kind needs"},
                reason={"type": "string"},
            ),
            "201",
        ),
        "/v1/discrepancies/{id}/withdraw": _act("Take one's own proposal back", _seen()),
        "/v1/discrepancies/{id}/approve": _act("Have done what another person has proposed", _seen()),
        "/v1/discrepancies/{id}/reject": _act(
            "Refuse what another person has proposed", _seen(reason={"type": "string"})
        ),
        "/v1/matches/{id}/undo": {
            "post": _guarded(
                "Undo a match: exactly its facts are free, and no pass joins them again",
                _path("id", "42"),
                _TENANT_QUERY,
                body=_DECISION,
                **{"200": _json("It is undone; `new` tells whether by this request")},
            )
        },
        "/v1/matches/{id}/rejoin": {
            "post": _guarded(
                "Take the undoing of a match back",
                _path("id", "42"),
                _TENANT_QUERY,
                body=_DECISION,
                **{"200": _json("Its facts may be joined again; `new` tells whether by this request")},
            )
        },
        "/v1/events": {
            "get": _guarded(
                "The feed: what happened to money, in order and without a gap",
                _TENANT_QUERY,
                _query("after", "`next` of the page before; left out, from the beginning"),
                _query("limit", "events in one page, 100 where it does not say, 1000 at most"),
                **{"200": _json("A page, and the cursor to come again with")},
            )
        },
        "/v1/reconciliations": {
            "post": _guarded(
                "Close a business day",
                _KEY,
                body={"application/json": {"schema": {"$ref": "#/components/schemas/CloseRequest"}}},
                **{"202": _json("It is under way")},
            )
        },
        "/v1/reconciliations/{id}": {
            "get": _guarded("How a close stands", _path("id", "8c0e…"), **{"200": _json("The close")})
        },
        "/livez": {"get": _open("The process lives", **{"200": _json("It does")})},
        "/readyz": {
            "get": _open("Notices can be taken", **{"200": _json("They can"), "503": _json("They cannot, and why")})
        },
        "/metrics": {"get": _open("Metrics", **{"200": {"description": "Prometheus' text format"}})},
        "/openapi.json": {"get": _open("This description", **{"200": _json("It")})},
    },
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "Problem": {
                "type": "object",
                "required": ["type", "title", "status"],
                "properties": {
                    "type": {"type": "string", "format": "uri"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                },
            },
            "PaymentRequest": {
                "type": "object",
                "required": ["tenant", "reference", "dossier_code", "amount", "source"],
                "additionalProperties": False,
                "properties": {
                    "tenant": {"type": "string"},
                    "reference": {"type": "string"},
                    "dossier_code": _DOSSIER,
                    "amount": {"type": "integer", "minimum": 0, "description": "minor units"},
                    "source": {"type": "string"},
                },
            },
            "Decision": {
                "type": "object",
                "required": ["reason"],
                "additionalProperties": False,
                "properties": {"reason": {"type": "string", "minLength": 1, "maxLength": 500}},
            },
            "CloseRequest": {
                "type": "object",
                "required": ["tenant", "date"],
                "additionalProperties": False,
                "properties": {"tenant": {"type": "string"}, "date": {"type": "string", "format": "date"}},
            },
        },
    },
}
