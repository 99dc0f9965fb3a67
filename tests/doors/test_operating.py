"""The rules, the dashboard and the runbook speak of figures and parts that there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support import Service

FOLDER = Path(__file__).parents[2] / "docs" / "operate"
RULES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text())
RUNBOOK = (FOLDER / "README.md").read_text()


def asked_by_dashboard() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"\breprieve_\w+", expression))


@pytest.mark.anyio
async def test_each_figure_that_is_asked_for_is_there_and_each_that_is_there_is_drawn(service: Service) -> None:
    await service.put("2026-04-30", 4)
    text = (await service("nobody", "GET", "/metrics")).text
    families = list(text_string_to_metric_families(text))
    there = {sample.name for one in families for sample in one.samples}
    asked = {name for rule in RULES for name in names_in(rule["expr"])}
    drawn = {name for expression in asked_by_dashboard() for name in names_in(expression)}
    assert asked <= there and drawn <= there, (asked | drawn) - there
    kept = {one.name for one in families if not one.name.endswith("_created")}
    assert kept == {re.sub("_(bucket|count)$", "", name) for name in drawn}
    labels = {key for one in families for sample in one.samples for key in sample.labels} | {"job"}
    for expression in [*(rule["expr"] for rule in RULES), *asked_by_dashboard()]:
        by = re.findall(r"by \(([^)]*)\)", expression) + re.findall(r"\{([^}]*)\}", expression)
        assert {key for part in by for key in re.findall(r"\b([a-z]+)\b(?=\s*(?:[,=!]|$))", part)} <= labels, expression


def test_each_rule_leads_to_its_part_of_the_runbook_and_each_part_has_its_rule() -> None:
    parts = {title.lower(): title for title in re.findall(r"^## (Reprieve\w+)$", RUNBOOK, re.MULTILINE)}
    assert {rule["alert"] for rule in RULES} == set(parts.values())
    for rule in RULES:
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (file, parts[anchor]) == ("docs/operate/README.md", rule["alert"])
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"].endswith(".")


def test_each_rule_that_pages_is_tried() -> None:
    """By Prometheus' own tool, `promtool test rules`; here it is only seen that the file tries rules that there are."""
    tried = {
        one["alertname"]
        for test in yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
        for one in test["alert_rule_test"]
    }
    assert tried <= {rule["alert"] for rule in RULES}
    assert len(tried) >= len(RULES) // 2


def test_the_panels_lie_beside_each_other() -> None:
    cells = [
        (x, y)
        for one in DASHBOARD["panels"]
        for x in range(one["gridPos"]["x"], one["gridPos"]["x"] + one["gridPos"]["w"])
        for y in range(one["gridPos"]["y"], one["gridPos"]["y"] + one["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24
