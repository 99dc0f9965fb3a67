"""The picture by its structure: what it holds, that it thins out and keeps extremes, and what it says in words."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
import vl_convert

from app.answers.pictures.content import Mark, PictureContent, flares, gaps, phases
from app.answers.pictures.description import in_words
from app.answers.pictures.downsample import average_of, keep_extremes
from app.answers.pictures.layers import SIZES, days
from app.answers.pictures.panels import phases_panel
from app.answers.pictures.render import to_svg
from app.answers.pictures.spec import spec
from app.answers.verdicts.schemas import EXAMPLE, DaysOut, ReturnOut, VerdictOut
from app.base.languages.speaking import speaking
from tests.support import Service, course

START = date(2025, 1, 10)
SCORES = [7] * 14 + [2] * 60
COLUMNS = (
    "date",
    "average",
    "worst",
    "level",
    "low",
    "high",
    "relief_percent",
    "return_probability",
    "phase",
    "opioid_mme",
    "steps",
)


def seen(
    n: int = 200, flare: int | None = 90, gap: tuple[int, int] = (120, 140), returned: int | None = 170
) -> PictureContent:
    """A made-up verdict's series: relief at 2, one flare-up, one gap, a return."""
    series: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for i in range(1, n + 1):
        ended = returned is not None and i >= returned
        level = 6.5 if ended or i < 15 else 2.0
        average = None if gap[0] <= i < gap[1] else level + (4 if i == flare else 0)
        phase = "settling" if i < 15 else "returned" if ended else "relief"
        row = {
            "date": (START + timedelta(days=i)).isoformat(),
            "average": average,
            "worst": average,
            "level": level,
            "low": level - 0.5,
            "high": level + 0.5,
            "relief_percent": 70,
            "return_probability": 0.9 if ended else 0.1,
            "phase": phase,
            "opioid_mme": 10,
            "steps": 5000,
        }
        for name, value in row.items():
            series[name].append(value)
    on = None if returned is None else (START + timedelta(days=returned)).isoformat()
    verdict = {
        **EXAMPLE,
        "as_of": series["date"][-1],
        "days": series,
        "baseline": {"pain": 7.0, "source": "diary", "days": 12, "thin": False},
        "phase": "returned" if returned else "relief",
        "return": {"on": on, "low": on, "high": on, "probability": 0.9},
    }
    before = [(START - timedelta(days=i), 7.0) for i in range(14, 0, -1)]
    mark = Mark(START - timedelta(days=40), "block", "block, lidocaine")
    shown = VerdictOut.model_validate(verdict)
    return PictureContent(
        shown, START, before, {START + timedelta(days=20)}, [mark], {"numbness": [START + timedelta(days=3)]}
    )


def marks(made: dict[str, Any]) -> list[tuple[str, int]]:
    """Each layer of the main panel: its mark and how many data it has."""
    return [(part["mark"]["type"], len(part["data"]["values"])) for part in made["vconcat"][0]["layer"]]


def test_the_picture_has_every_part() -> None:
    made = spec(seen())
    assert [panel["height"] for panel in made["vconcat"]] == [236, 18, 13, 42, 42]
    assert marks(made) == [
        ("rect", 1),
        ("rect", 1),
        ("rule", 1),
        ("text", 1),
        ("area", 200),
        ("line", 200),
        ("rule", 2),
        ("text", 2),
        ("point", 193),
        ("point", 1),
        ("point", 1),
        ("rule", 1),
        ("text", 1),
        ("rule", 1),
        ("text", 1),
    ]
    assert "return, 29 Jun 2025" in str(made)
    assert {"before 7.0", "half 3.5", "procedure", "block, lidocaine"} <= set(texts(made))


def texts(made: dict[str, Any]) -> list[str]:
    return [v["says"] for part in made["vconcat"][0]["layer"] for v in part["data"]["values"] if "says" in v]


def test_every_kind_of_course_draws() -> None:
    nothing = seen()
    for name in ("average", "level", "low", "high", "opioid_mme", "steps"):
        setattr(nothing.verdict.days, name, [None] * 200)
    nothing.verdict.baseline.pain = None
    nothing.verdict.return_ = ReturnOut(on=None, low=None, high=None, probability=0.0)
    no_days = DaysOut.model_validate({name: [] for name in COLUMNS})
    first_day = PictureContent(nothing.verdict.model_copy(update={"as_of": START, "days": no_days}), START)
    for course_ in (seen(), seen(returned=None), seen(3, None, (9, 9), None), nothing, first_day):
        for theme in ("light", "dark"):
            svg = vl_convert.vegalite_to_svg(spec(course_, theme))
            assert svg.startswith("<svg")


def test_the_course_runs_from_end_to_end_of_the_picture() -> None:
    made = spec(seen())
    svg = vl_convert.vegalite_to_svg(made)
    across = [float(x) for x in re.findall(r'<path transform="translate\(([\d.]+),', svg)]
    said = [
        part["encoding"]["x"]["scale"].get("domain") for part in made["vconcat"][0]["layer"] if "x" in part["encoding"]
    ]
    ((first, last),) = ((date.fromisoformat(d) for d in domain) for domain in said if domain)
    assert (first, last) == (START - timedelta(days=40), START + timedelta(days=200))
    assert min(across) == pytest.approx(760 * 26 / 240, abs=2)  # the first score, two weeks before the procedure
    assert max(across) == pytest.approx(760, abs=2)


def test_flares_gaps_and_phases_are_runs_of_days() -> None:
    made = seen()
    (flare,) = flares(made)
    (gap,) = gaps(made)
    assert (flare.first - START).days == 90
    assert ((gap.first - START).days, (gap.last - START).days) == (120, 139)
    assert [(p.says, (p.first - START).days) for p in phases(made)] == [
        ("settling", 1),
        ("relief", 15),
        ("returned", 170),
    ]


def test_a_phase_is_named_where_its_name_fits() -> None:
    panel = phases_panel(phases(seen()), "light", x=days(START, START + timedelta(days=200)), size=SIZES["wide"])
    assert [v["says"] for v in panel["layer"][1]["data"]["values"]] == ["relief", "returned"]


def test_ten_years_are_thinned_and_their_extremes_stay() -> None:
    points = [{"pain": 2 + (i % 7) * 0.1} for i in range(3_650)]
    points[1_234]["pain"], points[2_500]["pain"] = 10.0, 0.0
    thin = keep_extremes(points, lambda p: p["pain"])
    assert len(thin) <= 370
    assert {max(p["pain"] for p in thin), min(p["pain"] for p in thin)} == {10.0, 0.0}
    line = average_of([{"on": i, "level": 2.0} for i in range(3_650)], ["level"])
    assert len(line) <= 245
    assert (line[0]["on"], line[-1]["on"]) == (0, 3_649)
    assert {p["level"] for p in line} == {2.0}


def test_the_words_say_what_the_picture_shows() -> None:
    words = in_words(seen())
    said = (
        "Left L4-S1",
        "Before: 7.0 of 10; half of it: 3.5",
        "Block, lidocaine on 1 December 2024",
        "1 flare-up",
        "on 10 April 2025",
        "1 gap of a week or more",
        "relief 25 January 2025 to 28 June 2025",
        "1 score was written down late",
        "Numbness on 1 day.",
    )
    for part in said:
        assert part in words, part


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", ["Schmerz, 0 bis 10", "davor 7,0", "Linderung", "Taubheit", "Rückkehr", "Februar", "keine Einträge"]),
        ("fr", ["douleur, de 0 à 10", "avant 7,0", "soulagement", "engourdissement", "retour", "février"]),
        ("es", ["dolor, de 0 a 10", "antes 7,0", "alivio", "entumecimiento", "retorno", "febrero"]),
    ],
)
def test_the_picture_is_in_the_language_that_is_spoken(language: str, said: list[str]) -> None:
    content = seen(gap=(100, 140))
    with speaking(language):
        made, words = spec(content), in_words(content)
        svg = to_svg(made, words).decode()
    for text in said:
        assert f">{text}" in svg, text
    assert "Daily pain" not in svg and ">relief<" not in svg and ">February" not in svg
    days = vl_convert.vegalite_to_svg(spec(seen(40)))
    assert re.search(r">\d{1,2} \w{3}<", days), "a day stands before its month"


@pytest.mark.anyio
async def test_the_picture_over_http_is_cached_by_its_etag(service: Service) -> None:
    procedure = await service.new_procedure()
    entries = course("2025-06-26", SCORES)
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    where = f"/v1/procedures/{procedure}/relief"
    svg = await service("cleo", "GET", f"{where}.svg")
    png = await service("ada", "GET", f"{where}.png")
    assert (svg.status_code, svg.headers["content-type"]) == (200, "image/svg+xml")
    assert "<desc" in svg.text
    assert "Left lumbar" in svg.text
    assert png.content.startswith(b"\x89PNG")
    again = await service("cleo", "GET", f"{where}.svg", headers={"If-None-Match": svg.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await service.put("2026-04-30", 6)
    changed = await service("cleo", "GET", f"{where}.svg", headers={"If-None-Match": svg.headers["etag"]})
    assert changed.status_code == 200
    dark = await service("cleo", "GET", f"{where}.svg?theme=dark")
    assert dark.headers["etag"] != changed.headers["etag"]
