"""A little curve in a list: the level since the procedure, 0 to 10, with gaps where nothing is known."""

WIDTH, HEIGHT = 120, 28


def sparkline(values: list[float | None]) -> list[str]:
    """The runs of the curve as points of SVG polylines, on a canvas of 120 by 28."""
    step = WIDTH / max(1, len(values) - 1)
    runs: list[list[str]] = [[]]
    for i, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{i * step:.1f},{HEIGHT - 2 - value * (HEIGHT - 4) / 10:.1f}")
    return [" ".join(run if len(run) > 1 else run * 2) for run in runs if run]
