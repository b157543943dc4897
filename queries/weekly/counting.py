"""The section that says how the numbers are counted, in the words of the questions behind them."""

from queries.weekly.document import Section

_SENTENCES = [
    "A run belongs to the week in which it began; a week begins on Monday at midnight in the report's time zone.",
    "Error rate: runs that ended in an error, of the finished ones, which ended ok, in an error or were abandoned. "
    "Pausing for a human, a refusal and a cancellation are no errors.",
    "Duration: from a run's first to its last moment, waits for humans included; of runs that are not still running.",
    "Cost: as telemetry reports it, else tokens at the model's price of that day. A call without either has no cost.",
    "Approval rate: approved, with or without changes, of the questions that a human answered. Waits are of humans.",
    "Human correction rate: corrected runs of those that a human reviewed by a decision, feedback or a correction. "
    "A run that was corrected twice counts once.",
    "A group of errors is new if none of its errors came in the 90 days before the week.",
]


def counting_section() -> Section:
    """The same in every report."""
    return Section(name="counting", title="How the numbers are counted", sentences=_SENTENCES)
