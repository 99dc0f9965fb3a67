"""Red flags on the phone: the same rules as the service's, told before anything else, also without a signal."""

import json
from datetime import date
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from app.record.diary.content import EntryContent
from app.record.diary.moments import settled
from app.rules.phrases import fold
from app.rules.red_flags import Report, red_flags, rules
from app.rules.red_words import said, sentences
from app.rules.words import REGIONS, SideEffectKind
from tests.browser.phone.clinic import ClinicOfOne, Phone, day
from tests.rules.sentences import SENTENCES

READ = """async (notes) => {
  const { readNote } = await import("/app/note.js");
  const { grammar } = await (await fetch("/app/rules.json")).json();
  return notes.map((note) => [...readNote(note, grammar)].sort());
}"""
JUDGE = """async (reports) => {
  const { redFlags } = await import("/app/danger.js");
  const { rules } = await (await fetch("/app/rules.json")).json();
  return reports.map((one) => redFlags(rules, { ...one, spoken: new Set(one.spoken) })
    .map(({ rule, guessed }) => [rule.sign, guessed]));
}"""


@pytest.fixture
def app(phone: Phone) -> Page:
    return phone.open().page


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_note_is_read_as_the_service_reads_it(app: Page) -> None:
    notes = [text for _, text, _, _ in SENTENCES]
    expected = [sorted(said(note) - {"unread"}) for note in notes]
    assert sum(bool(one) for one in expected) > 50
    assert app.evaluate(READ, notes) == expected


WORDS = sorted({word for _, note, _, _ in SENTENCES for word in note.split()})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whatever_the_service_finds_in_any_words_the_phone_finds(app: Page) -> None:
    """In a jumble that denies one sign many times the phone may ask once too often; never too seldom."""

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=25).map(" ".join), min_size=20, max_size=40))
    def agree(notes: list[str]) -> None:
        for note, found in zip(notes, app.evaluate(READ, notes), strict=True):
            assert said(note) - {"unread"} <= set(found), note

    agree()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_text_is_folded_alike(app: Page) -> None:
    texts = [
        "Straße, Fühle KEINE—Wärme",
        "sí. no puedo",
        "œdème à l'épaule: 38,5°C!",
        "can't\nfeel; ¿por qué?",
        "Ελπίδα боль 痛い",
    ]
    script = """async (texts) => {
      const { fold, sentences } = await import("/app/note.js");
      return texts.map((one) => [fold(one), sentences(one)]);
    }"""
    assert app.evaluate(script, texts) == [[fold(one), sentences(one)] for one in texts]


severity = st.none() | st.integers(1, 4)
effects = st.lists(st.tuples(st.sampled_from(sorted(get_args(SideEffectKind))), severity), max_size=3)
reports = st.builds(
    lambda side_effects, spoken, temperature, pain, before, since, region: Report(
        tuple(side_effects), frozenset(spoken), temperature, pain, before, since, region
    ),
    effects,
    st.sets(st.sampled_from(sorted({rule.sign or rule.name for rule in rules()})), max_size=2),
    st.none() | st.sampled_from([36.5, 37.9, 38.0, 39.5]),
    st.none() | st.integers(0, 10),
    st.none() | st.integers(0, 10),
    st.none() | st.integers(0, 40),
    st.none() | st.sampled_from(REGIONS),
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_any_report_meets_the_same_rules(app: Page) -> None:
    def shown(one: Report) -> dict[str, Any]:
        return {
            "effects": [list(effect) for effect in one.side_effects],
            "spoken": sorted(one.spoken),
            "temperature": one.temperature,
            "pain": one.pain,
            "before": one.pain_before,
            "since": one.since,
            "region": one.region,
        }

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(reports, min_size=40, max_size=60))
    def agree(some: list[Report]) -> None:
        expected = [[[flag.sign, flag.guessed] for flag in red_flags(one)] for one in some]
        assert app.evaluate(JUDGE, [shown(one) for one in some]) == expected

    agree()


def test_danger_is_told_without_a_signal_and_flagged_with_one(phone: Phone, service: ClinicOfOne) -> None:
    service("root", "PATCH", "/v1/clinic", json={"phone": "+41 44 555 01 00", "emergency_number": "144"})
    phone.sign_in().keeps_itself().offline()
    phone.page.reload()
    phone.page.get_by_text("Is something unusual?").click()
    phone.page.get_by_role("button", name="Numb between the legs").click()
    phone.save()
    box = phone.page.get_by_role("alert").filter(has_text="Please read this now")
    expect(box).to_contain_text("emergency department")
    expect(box.get_by_role("link", name="Call your clinic: +41 44 555 01 00")).to_have_attribute(
        "href", "tel:+41445550100"
    )
    expect(box.get_by_role("link", name="Emergency: 144")).to_have_attribute("href", "tel:144")
    phone.says("Waiting for a connection: 1").offline(False)
    phone.says("Saved")
    flags = service("cleo", "GET", "/v1/flags")["items"]
    assert ("red_flag", "now") in [(flag["kind"], flag["severity"]) for flag in flags]


def test_a_guess_is_put_as_a_question(phone: Phone) -> None:
    phone.sign_in()
    phone.page.get_by_label("Note", exact=True).fill("I can't feel myself when I wipe")
    phone.save()
    expect(phone.page.get_by_role("alert").filter(has_text="Please read this now")).to_contain_text("?")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_follows_from_moments_is_worked_out_alike(app: Page) -> None:
    times = st.lists(
        st.tuples(st.integers(0, 1439), st.integers(0, 20)), min_size=1, max_size=24, unique_by=lambda m: m[0]
    )
    script = """async (all) => {
      const { derived } = await import("/app/day.js");
      return all.map((parts) => derived(parts, { region: "lumbar", side: "left" }));
    }"""

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(times, min_size=30, max_size=40))
    def agree(some: list[list[tuple[int, int]]]) -> None:
        contents = [json.loads(json.dumps({"moments": [noted(*one) for one in each]})) for each in some]
        expected = []
        for content in contents:
            whole: EntryContent = settled(content)
            (pain,) = whole["pain"]
            expected.append({"average": pain["average"], "worst": pain["worst"]})
        assert app.evaluate(script, contents) == expected

    agree()


def noted(minute: int, halves: int, on: date | None = None) -> dict[str, Any]:
    at = f"{on or day()}T{minute // 60:02}:{minute % 60:02}:00+00:00"
    return {"at": at, "pain": [{"region": "lumbar", "side": "left", "now": halves / 2}]}
