"""The README is true: its examples are run."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from app.base.settings import Settings
from app.relief import parameters as par
from app.relief.chain import chain_of
from tests.commands import environment

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def block(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```sh\n(.*?)```\n<!-- end -->", README, re.DOTALL)
    assert found, name
    return found[1]


def test_the_way_from_a_spreadsheet_to_a_verdict(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", block("sheet")], cwd=tmp_path, capture_output=True, text=True, env=environment(PATH=path)
    )
    assert (done.returncode, done.stderr) == (0, "")
    verdict = json.loads(done.stdout)["verdict"]
    assert verdict["baseline_pain"] == 7.0  # 7, 7.5, 6 and the mean of 7 and 8


def test_each_set_up_is_one_line_and_names_files_that_are_there() -> None:
    for name, ends in (("demo", "reprieve demo"), ("test", "-m pytest")):
        line = block(name).strip()
        assert "\n" not in line
        assert line.endswith(ends)
        for file in re.findall(r"-r (\S+)", line):
            assert (ROOT / file).exists()


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    for name in Settings.model_fields:
        assert f"REPRIEVE_{name.upper()}" in README
    assert Settings.model_fields["token_hours"].default == 12
    assert Settings.model_fields["pool_size"].default == 10


def test_every_document_that_is_named_is_there() -> None:
    for file in re.findall(r"\]\(([a-zA-Z/.]+)\)", README):
        assert (ROOT / file).exists(), file


def test_the_engines_page_says_the_numbers_of_the_code() -> None:
    page = (ROOT / "docs" / "engine.md").read_text()
    assert f"{chain_of('half').size} states under `half`" in page
    assert f"is {par.RETURNED_AT:.2f} or more; `returning` from {par.RETURNING_AT:.2f} on" in page
    assert f"\n{par.HEAVY_TIMES} times as wide" in page
    assert f"median {par.RELIEF_MEDIAN:.0f} days, SD of the logarithm {par.RELIEF_LOG_SD}" in page
    assert f"as {par.RELIEF_PEOPLE:.0f} returns weigh" in page
    assert f"stood for {par.STANDS_DAYS} days" in page and f"up to day {par.SPELL_DAYS}" in page


def test_every_command_of_the_documents_is_a_benchmark_that_is_there() -> None:
    text = README + "".join((ROOT / "docs" / name).read_text() for name in ("engine.md", "speed.md", "clinic.md"))
    named = set(re.findall(r"python -m (tests\.benchmarks\.\w+)", text))
    assert named >= {f"tests.benchmarks.{b}" for b in ("detection", "trace_speed", "verdict", "http")}
    for module in named:
        assert (ROOT / (module.replace(".", "/") + ".py")).exists()


def test_every_path_that_the_recipes_name_is_there_and_each_wing_is_named() -> None:
    recipes = (ROOT / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`((?:app|docs|tests)/[\w/.-]+|[A-Z]+\.md|pyproject\.toml)`", recipes)
    assert len(named) > 12
    assert [path for path in named if not (ROOT / path).exists()] == []
    wings = {path.name for path in (ROOT / "app").iterdir() if (path / "__init__.py").exists()}
    assert wings == {wing for wing in wings if f"`{wing}`" in recipes}


def test_each_decision_is_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\((\d\d-[\w-]+\.md)\)", (folder / "README.md").read_text())
    assert sorted(listed) == sorted(path.name for path in folder.glob("[0-9]*.md"))
    for name in listed:
        assert (folder / name).read_text().startswith(f"# {int(name[:2])}. "), name
