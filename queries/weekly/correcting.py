"""The section about corrections: the steps that humans correct most, with an example each."""

from itertools import takewhile

from queries import questions
from queries.weekly.asking import Inquiry, Row, rows_of
from queries.weekly.document import Column, Section, Table, Unit, Value
from queries.words import one_line, plural, share

MOST_STEPS, EXAMPLES_READ = 8, 20
_LONGEST_READ, _LONGEST_EXAMPLE, _LEAD = 20_000, 240, 40

_COLUMNS = [
    Column(name="step_name", label="Step"),
    Column(name="correction_count", label="Corrections", unit=Unit.COUNT),
    Column(name="corrected_run_count", label="Corrected runs", unit=Unit.COUNT),
    Column(name="run_count", label="Runs with it", unit=Unit.COUNT),
    Column(name="corrected_share", label="Share", unit=Unit.SHARE),
    Column(name="example_kind", label="For example"),
    Column(name="example_before", label="Before"),
    Column(name="example_after", label="After"),
    Column(name="example_reason", label="Reason"),
    Column(name="step_kind", label="Kind of step", audience="machines"),
    Column(name="kinds", label="Kinds of corrections", audience="machines"),
    Column(name="example_run_id", label="Run of the example", audience="machines"),
]


def corrections_section(inquiry: Inquiry, totals: Row) -> Section:
    """The most corrected steps, each with the newest correction that tells most."""
    rows = inquiry.rows("corrected_steps")
    title = "Human corrections"
    if not rows:
        return Section(name="corrections", title=title, sentences=["Nobody corrected a run of this week."])
    said = (
        f"Humans corrected {totals['corrected_count']:,} of {plural(totals['reviewed_count'], 'reviewed run')} "
        f"({share(totals['correction_rate'])})."
    )
    note = f"The {MOST_STEPS} most corrected of {len(rows)} steps." if len(rows) > MOST_STEPS else ""
    table = Table(
        name="corrections",
        caption="The most corrected steps",
        columns=_COLUMNS,
        rows=[_row(row, _example(inquiry, row)) for row in rows[:MOST_STEPS]],
        note=note,
    )
    return Section(name="corrections", title=title, sentences=[said], blocks=[table])


def _example(inquiry: Inquiry, row: Row) -> Row:
    """The newest correction of the step that shows what changed, else the newest with a reason, else the newest."""
    found = questions.corrections(inquiry.database, inquiry.filters(), step=row["step_name"], limit=EXAMPLES_READ)
    acts = [act for act in rows_of(found.rows) if act["strength"] != "weak" and act["step_kind"] == row["step_kind"]]
    return max(acts, key=lambda act: (bool(act["value_after"]), bool(act["reason"])), default={})


def _row(row: Row, example: Row) -> list[Value]:
    texts = _around_change(example.get("value_before"), example.get("value_after"))
    return [
        row["step_name"],
        row["correction_count"],
        row["corrected_run_count"],
        row["run_count"],
        row["corrected_share"],
        str(example.get("kind", "")).replace("_", " "),
        *texts,
        example.get("reason"),
        row["step_kind"],
        ", ".join(row["kinds"]),
        example.get("run_id"),
    ]


def _around_change(before: str | None, after: str | None) -> list[str | None]:
    """Both texts on a line from shortly before the place where they part, so that what changed is in sight."""
    found = [None if text is None else one_line(text, _LONGEST_READ) for text in (before, after)]
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(found[0] or "", found[1] or "", strict=False)))
    start = same - _LEAD if same > 2 * _LEAD else 0
    return [text and one_line("…" * bool(start) + text[start:], _LONGEST_EXAMPLE) for text in found]
