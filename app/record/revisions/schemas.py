"""The history of a row on the wire."""

from pydantic import BaseModel, ConfigDict, Field

from app.base.http.wire import Instant, JsonObject


class RevisionOut(BaseModel):
    """One version of a row."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "revision": 2,
                "deleted": False,
                "recorded_at": "2026-05-01T08:30:00.000+00:00",
                "received_at": "2026-05-01T08:30:00.120+00:00",
                "account_id": "0199a3c4-7d00-7a00-8000-000000000001",
                "reason": "typing error",
                "content": {"performed_on": "2025-07-10"},
            }
        }
    )

    revision: int
    deleted: bool
    recorded_at: Instant = Field(description="when it was written down")
    received_at: Instant = Field(description="when the server got it")
    account_id: str | None = Field(description="who wrote it")
    by_proxy: bool = Field(default=False, description="whether that is somebody whom the patient lets write")
    reason: str | None = Field(description="why it was changed, where somebody said so")
    content: JsonObject | None = Field(description="the row as it then stood; null is a deletion")
    origin: str | None = Field(default=None, description="the row's id in the clinic that the record came from")
