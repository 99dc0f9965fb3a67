"""Where a treatment stands at the end of a run: phase, spells of relief, the days on which they began and ended."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from . import parameters as par
from .daily import Daily
from .definitions import Response, relief_percent, response
from .line import line_sd, widened
from .prepared_chain import prepared_chain
from .records import Phase
from .run import Run
from .spells import EstimatedDay, when_begun, when_ended


@dataclass(frozen=True)
class Stretch:
    """A spell of relief in days from the procedure; None is not known, or not yet."""

    begun: EstimatedDay | None
    ended: EstimatedDay | None
    settled: bool


class Judgement:
    """What a run says at its end."""

    def __init__(self, run: Run) -> None:
        self.run, self.plan = run, run.plan
        self.daily: Daily = run.at_end()
        self.phase: Phase = self.daily.phase[-1]
        self.newest = max(run.plan.scored(), default=0)
        self.first = run.today.first
        self.joined_late = self.first > par.JOINED_LATE_DAYS
        self.held = run.today.so_far.held

    @cached_property
    def stretches(self) -> list[Stretch]:
        """Each spell of relief that counts, the first one first."""
        today, day = self.run.today, self.run.spoken_for
        out = [self._stretch(ended.onset, ended.end, settled=True) for ended in today.so_far.spells]
        if self.held:
            begun = ended = None
            lasts = prepared_chain(self.run.filter.definition).lasts
            begun = when_begun(today.chances, self.run.filter.ages, day, lasts=lasts, first=self.first)
            if self.joined_late and not out and begun.on <= self.first:
                begun = None  # in relief from the first day that the diary speaks for
            if self.held in ("returning", "returned"):
                ended = when_ended(today.chances, self.run.filter.ages, day)
            out.append(self._stretch(begun, ended, settled=False))
        return out

    def _stretch(self, begun: EstimatedDay | None, ended: EstimatedDay | None, *, settled: bool) -> Stretch:
        """A spell with what the line's own doubt adds to the intervals of its dates.

        Only the days on which a spell or its end comes to stand may tell of them, so that what is settled stays.
        """
        definition, last = self.run.filter.definition, self.run.spoken_for
        pain, sd = self.plan.baseline.pain or 0.0, self.plan.baseline.sd
        if begun is not None:
            share, between = par.ONSET_LEVEL[definition], (1, min(last, begun.on + par.SPELL_DAYS))
            begun = widened(
                begun, self.daily.level, line=share * pain, sd=line_sd(share, sd), rises=False, between=between
            )
        if ended is not None:
            since = min(ended.on, max(1, self.first if begun is None else begun.on))
            share, between = par.RETURN_LEVEL[definition], (since, min(last, ended.on + par.STANDS_DAYS))
            ended = widened(
                ended, self.daily.level, line=share * pain, sd=line_sd(share, sd), rises=True, between=between
            )
        return Stretch(begun, ended, settled)

    @property
    def spell(self) -> Stretch | None:
        """The first spell, of which onset, return and durations speak."""
        return self.stretches[0] if self.stretches else None

    @property
    def over(self) -> bool:
        """Whether the first spell has ended, settled or likely to stand."""
        return self.spell is not None and (self.spell.settled or self.held == "returned")

    def began(self, spell: Stretch) -> int:
        """The day from which a spell's days are counted: its onset, or the first day that the diary speaks for."""
        return self.first if spell.begun is None else spell.begun.on

    def until(self, spell: Stretch) -> int:
        """The day to which a spell's days are counted: its return, or the newest score."""
        ended = spell.settled or self.held == "returned"
        return spell.ended.on if spell.ended is not None and ended else max(self.newest, self.began(spell))

    @cached_property
    def failed(self) -> bool:
        """Whether relief had not come by the last day that the diary tells of: falling silent undoes no failure."""
        return self.spell is None and self.daily.phase[self.run.spoken_for - 1] == "no_relief"

    def relief_days(self) -> int | None:
        """Days from the procedure to the return; before `returned`, to the newest score; None without relief."""
        return None if self.spell is None else self.until(self.spell)

    def held_days(self) -> int | None:
        """Days from onset, or the first day that the diary speaks for, to the return or the newest score."""
        return None if self.spell is None else self.until(self.spell) - self.began(self.spell)

    @property
    def newest_spell(self) -> Stretch | None:
        """The last spell, of which the phase of today speaks."""
        return self.stretches[-1] if self.stretches else None

    def why_between(self) -> tuple[int, int]:
        """The days whose entries may be named as a reason: of the last spell, near its return where there is one."""
        spell = self.newest_spell
        if spell is None:
            return 0, self.plan.last
        since = self.began(spell) if len(self.stretches) > 1 else 0
        if spell.ended is None:
            return since, self.plan.last
        return max(self.began(spell), spell.ended.low - par.REASON_BEFORE), spell.ended.high + par.REASON_AFTER

    def early_relief(self) -> bool:
        """Whether there clearly was relief on a day of the settling time."""
        first = self.run.filter.days[1 : self.plan.settles + 1]
        if not any(sum(day.chances.young) + day.chances.relief >= par.EARLY_AT for day in first):
            return False
        score = np.array([s for s in self.plan.score[1 : self.plan.settles + 1] if s == s])
        if len(score) < par.EARLY_SCORES:
            return False
        line = par.ONSET_LEVEL[self.run.filter.definition] * (self.plan.baseline.pain or 0.0)
        lowest = float(sliding_window_view(score, par.EARLY_SCORES).mean(axis=1).min())
        return lowest <= par.EARLY_OF_LINE * line

    def response(self) -> Response | None:
        """That of the best RESPONSE_DAYS; with a spell under half at least `responder`, without one at most `partial`."""
        if self.spell is None and not self.failed:
            return None
        since = max(self.began(self.spell), 1) if self.spell is not None else par.RESPONSE_FROM
        until = self.until(self.spell) if self.spell is not None else self.plan.last
        levels = [v for v in self.daily.level[since - 1 : max(until, since)] if v is not None]
        if not levels:
            return None
        months = sliding_window_view(np.array(levels), min(par.RESPONSE_DAYS, len(levels)))
        best = float(np.median(months, axis=1).min())
        found = response(relief_percent(best, self.plan.baseline.pain or 0.0))
        if self.run.filter.definition == "half":
            if self.spell is not None and found in ("none", "partial"):
                return "responder"
            if self.spell is None and found in ("responder", "strong"):
                return "partial"
        return found

    def borderline(self) -> float:
        """Chance that the level lies so near the line that noise alone could cross it.

        The line is that on which the next change would come: the end of a spell, else the onset of one. Who is back at
        all of the pain before lies near that of `full` for good, which is no doubt about the return.
        """
        pain, definition = self.plan.baseline.pain or 0.0, self.run.filter.definition
        share = par.RETURN_LEVEL[definition] if self.held else par.ONSET_LEVEL[definition]
        line = share * pain
        grid = np.arange(par.N_LEVEL) * par.LEVEL_STEP
        near = np.abs(grid - line) < par.NEAR_LIMIT * pain + par.LEVEL_STEP / 2
        if share + par.NEAR_LIMIT >= 1 and self.phase == "returned":
            near &= grid < line
        chance = self.run.today.level
        return float(chance[near].sum() / chance.sum())
