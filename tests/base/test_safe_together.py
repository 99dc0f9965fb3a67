"""Settings that are weak, or unsafe beside one another, are refused at start with a sentence that names one."""

import pytest

from app.base.settings import SettingError, get_settings

OPEN = {"REPRIEVE_HOST": "0.0.0.0", "REPRIEVE_PUBLIC_URL": "http://reprieve.example.org"}  # what is tried


def settled(monkeypatch: pytest.MonkeyPatch, **given: str) -> str | None:
    """What the start says; None where it goes on."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    try:
        get_settings()
    except SettingError as refused:
        return str(refused)
    finally:
        get_settings.cache_clear()
    return None


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (OPEN, "REPRIEVE_PUBLIC_URL"),
        ({"REPRIEVE_METRICS_TOKEN": "changeme"}, "REPRIEVE_METRICS_TOKEN"),
        (
            {"REPRIEVE_PUBLIC_URL": "https://reprieve.example.org", "REPRIEVE_CORS_ORIGINS": "http://app.example.org"},
            "REPRIEVE_CORS_ORIGINS",
        ),
    ],
)
def test_what_is_unsafe_is_refused(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], named: str) -> None:
    said = settled(monkeypatch, **given)
    assert said is not None and said.startswith(f"{named}: ")
    assert "changeme" not in said


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"REPRIEVE_HOST": "0.0.0.0"},  # in a container, reached from this machine
        {"REPRIEVE_PUBLIC_URL": "http://reprieve.example.org"},  # a proxy on this machine ends TLS: not ours to know
        {**OPEN, "REPRIEVE_PUBLIC_URL": "https://reprieve.example.org"},
        {"REPRIEVE_PUBLIC_URL": "https://r.example.org", "REPRIEVE_CORS_ORIGINS": "http://localhost:3000"},
        {"REPRIEVE_METRICS_TOKEN": "nineteen-grey-herons"},
    ],
)
def test_what_is_safe_goes_on(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    assert settled(monkeypatch, **given) is None
