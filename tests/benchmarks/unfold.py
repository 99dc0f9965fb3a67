"""Draws one diary as it unfolds: the scores, the level with its interval, and the chance of a return, day by day.

python -m tests.benchmarks.unfold [SEED] > docs/unfolding.svg
"""

import sys
from datetime import timedelta

from app.answers.verdicts.trace_lines import read_diary
from app.relief import judge, trace
from tests.benchmarks.diaries import START, make
from tests.benchmarks.mixes import TYPICAL

WIDE, TOP, LOW, LEFT = 860, 190, 90, 46
SHADE = {"settling": "#ccc", "relief": "#7fb38a", "returning": "#e0b050", "returned": "#c0564f"}
Points = list[tuple[float, float]]


def path(points: Points) -> str:
    """A line through points."""
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def main(seed: int) -> str:
    """The picture of one diary as SVG."""
    made = make(TYPICAL, seed)
    _, diary, procedure = read_diary(made.line)
    seen = trace(diary, procedure)
    last = len(seen.date)
    verdict = judge(diary, procedure, as_of=START + timedelta(days=last))

    def x(day: float) -> float:
        return LEFT + day * (WIDE - LEFT - 10) / last

    def y(pain: float) -> float:
        return 20 + (10 - pain) * (TOP - 20) / 10

    floor = TOP + 30 + LOW
    days = range(1, last + 1)
    band = [(x(d), y(v)) for d, v in zip(days, verdict.days.low, strict=True) if v is not None]
    band += [(x(d), y(v)) for d, v in zip(days, verdict.days.high, strict=True) if v is not None][::-1]
    level = [(x(d), y(v)) for d, v in zip(days, verdict.days.level, strict=True) if v is not None]
    chance = [(x(d), floor - LOW * p) for d, p in zip(days, seen.days.return_probability, strict=True)]
    half = y((verdict.baseline.pain or 0) / 2)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {floor + 44}" font-family="sans-serif"',
        'font-size="12">',
        f'<rect width="{WIDE}" height="{floor + 44}" fill="white"/>',
        f'<path d="{path(band)} Z" fill="#9db7d5" opacity="0.5"/><path d="{path(level)}" fill="none" stroke="#1f4e79"/>',
        f'<line x1="{LEFT}" x2="{WIDE - 10}" y1="{half}" y2="{half}" stroke="#777" stroke-dasharray="4 3"/>',
        f'<text x="{WIDE - 10}" y="{half - 4}" text-anchor="end" fill="#555">half of baseline</text>',
    ]
    out += [
        f'<circle cx="{x(d):.1f}" cy="{y(v):.1f}" r="1.6" fill="#333"/>'
        for d, v in zip(days, verdict.days.average, strict=True)
        if v is not None
    ]
    wide = x(1) - LEFT + 0.3
    out += [
        f'<rect x="{x(d - 1):.1f}" y="{floor + 6}" width="{wide:.2f}" height="8" fill="{SHADE.get(p, "#eee")}"/>'
        for d, p in zip(days, seen.days.phase, strict=True)
    ]
    out.append(f'<path d="{path(chance)}" fill="none" stroke="#c0564f" stroke-width="1.5"/>')
    out += [f'<text x="{LEFT - 6}" y="{y(p) + 4}" text-anchor="end">{p}</text>' for p in (0, 5, 10)]
    out += [f'<text x="{LEFT - 6}" y="{floor - LOW * p + 4}" text-anchor="end">{p:g}</text>' for p in (0, 0.5, 1)]
    if made.returned is not None:
        upright = path([(x(made.returned), 16), (x(made.returned), floor)])
        out.append(
            f'<path d="{upright}" stroke="#c0564f" stroke-dasharray="2 3"/>'
            f'<text x="{x(made.returned) + 4}" y="26" fill="#c0564f">true return, day {made.returned}</text>'
        )
    out.append(f'<text x="{LEFT}" y="12">pain 0-10: scores, level beneath the noise with its 90 % interval</text>')
    out.append(f'<text x="{LEFT}" y="{TOP + 24}">chance that relief has ended, as it was known on each day</text>')
    for place, (phase, colour) in enumerate(SHADE.items()):
        out.append(f'<rect x="{LEFT + 110 * place}" y="{floor + 24}" width="10" height="10" fill="{colour}"/>')
        out.append(f'<text x="{LEFT + 14 + 110 * place}" y="{floor + 33}">{phase}</text>')
    return "\n".join([*out, "</svg>"])


if __name__ == "__main__":
    print(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_041))
