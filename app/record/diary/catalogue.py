"""The catalogue of medications."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.access.accounts.deps import CallerDep
from app.base.http.paging import Page
from app.base.http.problems import problems
from app.rules.medications import catalogue, table_version

router = APIRouter(prefix="/v1/medications", tags=["diary"])


class MedicationOut(BaseModel):
    """One medication of the catalogue."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "10689",
                "name": "tramadol",
                "kind": "opioid",
                "mme_factors": {"mg": 0.2},
                "mme_table": "cdc-2022",
            }
        }
    )

    code: str | None = Field(description="RxNorm ingredient; null where it could not be confirmed: give the name")
    name: str
    kind: str
    mme_factors: dict[str, float] = Field(description="MME of one unit; a unit that is missing is not known, never 0")
    mme_table: str = Field(description="which table the factors are of")


@router.get("", responses=problems())
async def list_medications(
    _caller: CallerDep, q: Annotated[str | None, Query(max_length=100, description="part of a name, or a code")] = None
) -> Page[MedicationOut]:
    """Common analgesics and adjuvants by name; a medication that is not listed may be written as free text."""
    asked = (q or "").strip().lower()
    found = [m for m in catalogue() if asked in m.name or asked == m.code]
    found.sort(key=lambda m: (not m.name.startswith(asked), m.name))
    return Page(
        items=[
            MedicationOut(code=m.code, name=m.name, kind=m.kind, mme_factors=m.units, mme_table=table_version())
            for m in found
        ]
    )
