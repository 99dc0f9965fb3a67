"""Two phones that write one day without a signal, or whose answers get lost, in any order: nothing is lost, both agree."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.browser.phone.clinic import ClinicOfOne, Phone

PARTS: dict[str, tuple[object, ...]] = {
    "interference": (0, 2, 4, 6, 8),
    "flare_up": (True, False),
    "note": ("slept well", "long walk", "sat all day"),
    "work": ("working", "off_sick"),
}
MODES = ("good", "good", "away", "lost")  # how the line is when a phone tries to send
READY = """async () => {
  const real = window.fetch;
  window.line = "good";
  window.fetch = async (...all) => {
    if (!`${all[0]}`.startsWith("/v1/")) return real(...all);
    if (window.line === "away") throw new TypeError("no connection");
    const answer = await real(...all);
    if (window.line === "lost") throw new TypeError("the answer is lost");
    return answer;
  };
  window.app = { ...(await import("/app/sync.js")), ...(await import("/app/store.js")) };
}"""
WRITE = """async ([date, name, value]) => {
  const held = await window.app.dayOf(date);
  await window.app.keepEntry(date, { ...held.parts, [name]: value });
}"""
SEND = """async (line) => {
  window.line = line;
  try { await window.app.sync(); return true; } catch { return false; } finally { window.line = "good"; }
}"""
READ = """async (date) => { await window.app.readRange(date, date); return (await window.app.dayOf(date)); }"""


@dataclass(frozen=True)
class Difference:
    """What went wrong on a day: what each phone and the service have, and what was written last by whom."""

    on: date
    phones: list[Any]
    service: Any
    written: list[tuple[int, str, object]]


def interleave(phones: list[Phone], service: ClinicOfOne, *, days: list[date], seed: int) -> list[Difference]:
    """Writes and sends at random on each day; the days on which the phones or the service differ, or something is lost."""
    chance, found = random.Random(seed), []
    for phone in phones:
        phone.page.evaluate(READY)
    for on in days:
        written: list[tuple[int, str, object]] = []
        for _ in range(chance.randint(4, 9)):
            who = chance.randrange(len(phones))
            if chance.random() < 0.5:
                name = chance.choice(list(PARTS))
                value = chance.choice(PARTS[name])
                phones[who].page.evaluate(WRITE, [str(on), name, value])
                written.append((who, name, value))
            else:
                phones[who].page.evaluate(SEND, chance.choice(MODES))
        for phone in phones:
            assert phone.page.evaluate(SEND, "good")
        shown = [phone.page.evaluate(READ, str(on)) for phone in phones]
        entry = service.entry(on)
        if not agree(shown, entry, written):
            found.append(Difference(on, [one["parts"] for one in shown], entry, written))
    return found


def agree(shown: list[Any], entry: Any, written: list[tuple[int, str, object]]) -> bool:
    """Whether all have the same; every part that was written is there, as somebody wrote it last."""
    if any(one["waits"] or one["refused"] for one in shown):
        return False
    kept = {name: None if entry is None else entry.get(name) for name in PARTS}
    if any({name: one["parts"].get(name) for name in PARTS} != kept for one in shown):
        return False
    for name, value in kept.items():
        last = {who: said for who, of, said in written if of == name}  # of each phone
        if last and value not in last.values():
            return False
        if not last and value is not None:
            return False
    return True


def days_before(today: date, count: int) -> list[date]:
    return [today - timedelta(back) for back in range(3, count + 3)]
