"""The figures that the first engine promises, on diaries it was not tuned on."""

from tests.benchmarks.detection import figures
from tests.benchmarks.diaries import TYPICAL


def test_returns_are_called_in_time_and_rarely_falsely() -> None:
    found = figures(TYPICAL, seeds=range(500_000, 500_120))
    assert found.sens30 >= 0.60
    assert found.false_alarms <= 0.15
    assert found.wrong <= 0.10
    assert found.date_error <= 14
    assert found.onset_error <= 7
