"""What drove a change of cost, in words: the parts into which questions divide it, for pages and reports alike.

Imports nothing of ours but words, so that pages may use it too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from queries.words import signed, usd

LEAST_SHARE = 0.1  # of the change; what is smaller is not worth words
_DUST = 0.005  # no percent


@dataclass(frozen=True, slots=True)
class Driver:
    """What a part of a change is called where it adds and where it saves, and which column tells how much there was."""

    adds: str
    saves: str
    amount: str | None = None

    def called(self, part_usd: float) -> str:
        """Its words for a part of this sign."""
        return self.adds if part_usd > 0 else self.saves


DRIVERS: Mapping[str, Driver] = {
    "volume_usd": Driver("more runs", "fewer runs", "run_count"),
    "calls_per_run_usd": Driver("more model calls per run", "fewer model calls per run", "calls_per_run"),
    "tokens_per_call_usd": Driver("more tokens per call", "fewer tokens per call", "tokens_per_call"),
    "model_mix_usd": Driver("dearer models", "cheaper models"),
    "price_usd": Driver("higher prices", "lower prices"),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """What a change is against: its column, that of how much there was of something then, and what both are called."""

    change: str
    amount_then: str
    now: str
    then: str


BEFORE = Compared("change_usd", "{}_before", "now", "before")
WEEK_BEFORE = Compared("change_usd", "{}_before", "this week", "the week before")
USUAL = Compared("excess_usd", "usual_{}", "now", "usually")


def main_driver(row: Mapping[str, Any], compared: Compared) -> str:
    """The part that moved the cost most in the direction in which it went, by its words."""
    return _absence(row, compared) or DRIVERS[_ordered(row, compared)[0]].called(row[compared.change])


def why(row: Mapping[str, Any], compared: Compared) -> str:
    """The parts that matter, the largest first: 52% through more model calls per run (39.1, before 8.4), 45% through …

    In dollars where some went against the others, since a share would then be of more than the whole: +$11.20 through
    more tokens per call, −$3.10 through fewer runs.
    """
    if absent := _absence(row, compared):
        return absent
    shares = {name: row[name] / row[compared.change] for name in _ordered(row, compared)}
    all_agree = min(shares.values()) > -_DUST
    told = []
    for name, part in shares.items():
        if abs(part) >= LEAST_SHARE:
            size = f"{part:.0%}" if all_agree else signed(row[name], usd)
            told.append(f"{size} through {DRIVERS[name].called(row[name])}{_amounts(row, name, compared)}")
    return ", ".join(told)


def _absence(row: Mapping[str, Any], compared: Compared) -> str:
    """Of what had runs in one of the two times only there is nothing to divide."""
    if row["run_count"] is None:
        return f"no run {compared.now}"
    return f"no run {compared.then}" if row[compared.amount_then.format("run_count")] is None else ""


def _ordered(row: Mapping[str, Any], compared: Compared) -> list[str]:
    """The parts, those first that moved the cost most in the direction in which it went."""
    return sorted(DRIVERS, key=lambda name: row[name], reverse=row[compared.change] >= 0)


def _amounts(row: Mapping[str, Any], name: str, compared: Compared) -> str:
    column = DRIVERS[name].amount
    now, then = (row[column], row[compared.amount_then.format(column)]) if column else (None, None)
    return "" if now is None or then is None else f" ({_number(now)}, {compared.then} {_number(then)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"
