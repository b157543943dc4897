"""When reports are due, in cron's words: `0 6 * * 1` is Monday at six."""

from datetime import datetime, timedelta

from apscheduler.triggers.cron import CronTrigger

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LATEST_DAY = "6"


def read_schedule(text: str, tz: str) -> CronTrigger:
    """The schedule of minute, hour, day of the month, month and weekday in a zone. Raises ValueError."""
    *others, weekdays = text.split() or [""]
    named = ",".join(_named(part) for part in weekdays.split(","))
    return CronTrigger.from_crontab(" ".join([*others, named]), timezone=tz)


def latest_time(trigger: CronTrigger, now: datetime) -> datetime | None:
    """When a schedule last was due; None if not within a year."""
    for hours in (1, 24, 8 * 24, 32 * 24, 367 * 24):
        at: datetime | None = trigger.get_next_fire_time(None, now - timedelta(hours=hours))
        if at is not None and at <= now:
            while (after := trigger.get_next_fire_time(None, at + timedelta(seconds=1))) and after <= now:
                at = after
            return at
    return None


def _named(part: str) -> str:
    """Weekdays by their names, since to cron 0 and 7 are Sunday, and to the trigger 0 is Monday."""
    days, _, step = part.partition("/")
    first, _, last = ("0", "-", _LATEST_DAY) if days == "*" and step else days.partition("-")
    if not first.isdecimal():
        return part
    numbers = range(int(first), int(last or (_LATEST_DAY if step else first)) + 1, int(step or 1))
    if not numbers or numbers[-1] >= len(_DAYS):
        raise ValueError(f"weekdays are 0 to 7 or sun to sat, not {part!r}")
    return ",".join(_DAYS[number] for number in numbers)
