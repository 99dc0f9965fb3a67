"""What is said of each day."""

from dataclasses import dataclass, field, fields

from .records import Phase


@dataclass(frozen=True)
class Daily:
    """One item a day: phase, relief in percent and level with its 90 % interval in points (None where not known), chance
    that the first spell of relief has ended."""

    phase: list[Phase] = field(default_factory=list)
    relief_percent: list[float | None] = field(default_factory=list)
    return_probability: list[float] = field(default_factory=list)
    level: list[float | None] = field(default_factory=list)
    low: list[float | None] = field(default_factory=list)
    high: list[float | None] = field(default_factory=list)

    @staticmethod
    def unknown(days: int) -> "Daily":
        """Days that can't be judged."""
        silent: list[float | None] = [None] * days
        return Daily(["unknown"] * days, silent, [0.0] * days, silent, silent, silent)

    def forget(self, after: int) -> None:
        """Keeps the first so many days."""
        for column in fields(self):
            del getattr(self, column.name)[after:]

    def add(self, later: "Daily") -> None:
        """Takes the days that follow."""
        for column in fields(self):
            getattr(self, column.name).extend(getattr(later, column.name))

    def copy(self) -> "Daily":
        """The same days, to be given away."""
        return Daily(
            self.phase.copy(),
            self.relief_percent.copy(),
            self.return_probability.copy(),
            self.level.copy(),
            self.low.copy(),
            self.high.copy(),
        )
