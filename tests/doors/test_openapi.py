"""The document is complete: each call has a description, an example and every error it can answer."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from app.answers.verdicts.schemas import VerdictOut
from app.record.diary.schemas import EXAMPLE, EntryIn
from app.record.patients.schemas import PatientIn
from app.record.procedures.schemas import ProcedureIn
from tests.support import Service

pytestmark = pytest.mark.anyio
FREE = {"/healthz", "/readyz"}


async def test_each_call_is_described_with_its_errors(service: Service) -> None:
    document = (await service("nobody", "GET", "/openapi.json")).json()
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            where = f"{method} {path}"
            assert call["summary"], where
            assert call["description"], where
            if path in FREE:
                continue
            expected = {"401", "422", "500"} | ({"403", "404"} if "{" in path else set())
            if any(one["name"] == "Idempotency-Key" for one in call.get("parameters", ())):
                expected |= {"409"}  # the call with this key is not finished
            assert expected <= set(call["responses"]), where
            for status, response in call["responses"].items():
                if status >= "400":
                    content = response["content"]["application/problem+json"]
                    assert content["example"]["status"] == int(status), where
            if path not in (
                "/v1/token",
                "/v1/token/passkey/begin",
                "/v1/token/passkey",
                "/v1/resets",
                "/v1/calendar/{token}.ics",
                "/v1/invitations/{code}/accept",
                "/v1/resets/{code}",
            ):  # there the address is the key
                assert call["security"], where


async def test_every_reference_of_the_document_leads_somewhere(service: Service) -> None:
    document = (await service("nobody", "GET", "/openapi.json")).json()
    known = set(document["components"]["schemas"])
    named = {ref.removeprefix("#/components/schemas/") for ref in references(document)}
    assert named <= known
    assert {"ProblemDetail", "VerdictOut", "EntryIn"} <= known


@pytest.mark.unmeasured
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_example_fits_its_schema(service: Service) -> None:
    document = (await service("nobody", "GET", "/openapi.json")).json()
    wrong, seen = [], 0
    for where, schema, example in examples(document):
        seen += 1
        whole = {**schema, "components": document["components"]}
        wrong += [f"{where}: {error}" for error in jsonschema_rs.validator_for(whole).iter_errors(example)]
    assert wrong == []
    assert seen > 200


def examples(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Each example with its place and its schema: of the schemas, of bodies, answers and parameters."""
    for name, schema in document["components"]["schemas"].items():
        for found in given(schema):
            yield name, {"$ref": f"#/components/schemas/{name}"}, found
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            where = f"{method} {path}"
            for said in (call.get("requestBody", {}), *call["responses"].values()):
                for kind, body in said.get("content", {}).items():
                    if "json" in kind and "schema" in body:
                        yield from ((where, body["schema"], found) for found in given(body))
            for one in call.get("parameters", ()):
                yield from (
                    (f"{where} {one['name']}", one["schema"], found) for found in given(one) + given(one["schema"])
                )


def given(node: dict[str, Any]) -> list[Any]:
    several = node.get("examples", [])
    several = [one["value"] for one in several.values()] if isinstance(several, dict) else several
    return [node["example"], *several] if "example" in node else list(several)


async def test_schemas_have_plain_names_of_their_own_and_tags_are_described(service: Service) -> None:
    document = (await service("nobody", "GET", "/openapi.json")).json()
    names = sorted(document["components"]["schemas"])
    assert [name for name in names if not re.fullmatch(r"[A-Z][A-Za-z]+", name)] == []
    assert {"FlagPage", "SignInForm", "PlanStepOut", "ReviewStepOut"} <= set(names)
    used = {tag for methods in document["paths"].values() for call in methods.values() for tag in call["tags"]}
    assert used == {tag["name"] for tag in document["tags"] if tag["description"]}


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [r for value in node.values() for r in references(value)]
    return [r for value in node for r in references(value)] if isinstance(node, list) else []


async def test_the_documents_examples_are_true(service: Service) -> None:
    EntryIn.model_validate(EXAMPLE)
    VerdictOut.model_validate(VerdictOut.model_config["json_schema_extra"]["example"])  # type: ignore[index]  # extras are typed loosely
    for model in (PatientIn, ProcedureIn):
        model.model_validate(model.model_config["json_schema_extra"]["example"])  # type: ignore[index]  # extras are typed loosely
    made = await service(
        "ada", "PUT", f"/v1/patients/{service.ada_id}/diary/2026-05-01", json={**EXAMPLE, "recorded_at": None}
    )
    assert made.status_code == 201
    assert made.json()["opioid_mme"] == 20


async def test_the_docs_page_signs_in(service: Service) -> None:
    document = (await service("nobody", "GET", "/openapi.json")).json()
    schemes = document["components"]["securitySchemes"].values()
    assert [s["flows"]["password"]["tokenUrl"] for s in schemes] == ["/v1/token"]
    page = await service("nobody", "GET", "/docs")
    assert page.status_code == 200
    assert "//" not in page.text.replace("// ", ""), "nothing comes from another host"
    for asset in re.findall(r'(?:src|href)="(/docs-assets/[^"]+)"', page.text):
        assert (await service("nobody", "GET", asset)).status_code == 200


async def test_the_first_page_leads_on(service: Service) -> None:
    page = await service("nobody", "GET", "/")
    assert page.status_code == 200
    assert "content-security-policy" in page.headers
    for path in ("/docs", "/openapi.json", "/healthz", "/readyz"):
        assert f'href="{path}"' in page.text
        assert (await service("nobody", "GET", path)).status_code == 200
