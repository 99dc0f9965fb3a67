"""The OpenAPI document: what FastAPI does not put into it, and plain names for what other people generate from it."""

import json
import re
from threading import Lock
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute

from app.base.http.pools import HEAVY
from app.base.http.problems import ProblemDetail
from app.record.diary.schemas import BatchIn, DatedEntryIn
from app.record.whole.schemas import RecordIn

TAGS = {
    "accounts": "Signing in and out, accounts, invitations.",
    "patients": "The people who are followed.",
    "diary": "One entry a day: pain, medication, activity, side effects; with its revisions.",
    "work_ups": "What was examined before the first block.",
    "blocks": "Diagnostic blocks and the relief that they showed.",
    "procedures": "Rhizotomies, as they were performed.",
    "contacts": "The dated plan after a procedure, and the contacts that were made.",
    "assessments": "Questionnaires and their scores.",
    "events": "What ends the watch or may have changed the pain.",
    "records": "A whole record: out, into another clinic, erased.",
    "verdicts": "Relief, how long it has held, its return; with picture and report.",
    "cohorts": "Many procedures together, and the clinic's own figures.",
    "policies": "A payer's criteria, and which of them a repeat meets.",
    "flags": "What somebody should look at, with its owner and time.",
    "reviews": "Whether a procedure is to be repeated, from the flag to the decision.",
    "calendar": "Slots, appointments, the waiting list, and feeds for calendars.",
    "messages": "Addresses, the messages sent to them, and their delivery.",
    "clinic": "The clinic itself and who works there.",
    "audit": "Who read or wrote what, and how to tell whether that was touched since.",
    "operators": "For those who run the service.",
}
PLAIN = ((r"\bPage_([A-Za-z]+?)(?:Out)?_\b", r"\1Page"),)

Schema = dict[str, Any]  # JSON


def call_name(route: APIRoute) -> str:
    """The name of a call in the document, from which generators name their functions: that of its route."""
    return route.name


def complete(app: FastAPI) -> None:
    """Adds the schemas that the document names but no route declares, and gives each a name that reads well in a client."""
    make = app.openapi

    def openapi() -> Schema:
        if app.openapi_schema is None:
            document = make()
            schemas = document["components"]["schemas"]
            for model in (ProblemDetail, DatedEntryIn, BatchIn, RecordIn):
                schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
                parts = schema.pop("$defs", {})
                schemas |= {**parts, model.__name__: schema}
            # each entry is taken or rejected by itself, so that the model leaves open what it is
            schemas["BatchIn"]["properties"]["entries"]["items"] = {"$ref": "#/components/schemas/DatedEntryIn"}
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for schema in schemas.values():
                if "example" in schema:
                    schema["example"] = _with_nulls(schema, schema["example"], schemas)
            app.openapi_schema = _named_plainly(document)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
    made, lock = list[bytes](), Lock()

    def text() -> bytes:
        with lock:
            if not made:
                made.append(json.dumps(openapi(), ensure_ascii=False).encode())
        return made[0]

    async def read_document(_: Request) -> Response:
        """The document, made aside when it is first asked for: it takes a second or two."""
        return Response(made[0] if made else await HEAVY.run(text), media_type="application/json")

    app.add_route("/openapi.json", read_document, include_in_schema=False)


def _with_nulls(schema: Schema, example: Any, schemas: dict[str, Schema]) -> Any:  # any JSON value
    """An example with the nulls that FastAPI leaves out of a document, without which it does not fit its schema."""
    if "$ref" in schema:
        return _with_nulls(schemas[schema["$ref"].rsplit("/", 1)[1]], example, schemas)
    kinds = schema.get("anyOf", ())
    if kinds:
        has = "items" if isinstance(example, list) else "properties"
        own = next((kind for kind in kinds if has in kind or "$ref" in kind), None)
        return example if own is None else _with_nulls(own, example, schemas)
    if isinstance(example, list):
        return [_with_nulls(schema.get("items", {}), one, schemas) for one in example]
    if not isinstance(example, dict):
        return example
    parts = schema.get("properties", {})
    filled = {name: _with_nulls(parts.get(name, {}), value, schemas) for name, value in example.items()}
    return {**{name: None for name in schema.get("required", ()) if _may_be_null(parts[name])}, **filled}


def _may_be_null(schema: Schema) -> bool:
    return {"type": "null"} in schema.get("anyOf", ())


def _named_plainly(document: dict[str, object]) -> Schema:
    text = json.dumps(document)
    for found, plain in PLAIN:
        text = re.sub(found, plain, text)
    named: Schema = json.loads(text)
    for name, schema in named["components"]["schemas"].items():
        schema["title"] = name  # some generators go by it
    return named
