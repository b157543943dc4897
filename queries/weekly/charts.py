"""Charts as small SVG pictures, the same bytes for the same numbers; HTML shows them inline, the PDF as vectors.

Colours are attributes, so that a picture stands by itself, and classes beside them, which a dark page can change.
"""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from queries.weekly.document import Chart, Unit

COLOURS = {
    "ok": "#8fb4cf",
    "error": "#c9313b",
    "abandoned": "#c77700",
    "waiting": "#8a63d2",
    "running": "#0c9480",
    "duration": "#6b4bb5",
    "cost": "#0b6b8f",
    "before": "#c3ced8",
    "approved": "#2e8b6f",
    "changed": "#8fb4cf",
    "rejected": "#c9313b",
    "automatic": "#8896a3",
    "expired": "#c77700",
    "pending": "#8a63d2",
}
TEXT, FAINT, LINE = "#17232e", "#566573", "#d3dce4"
WIDTH, WIDE = 360, 520
_TOP, _VALUES, _COLUMNS, _BOTTOM, _SIDE = 24, 18, 96, 22, 2
_LEGEND = 16
_SPARK_WIDTH, _SPARK_HEIGHT = 84, 22


def svg_of(chart: Chart) -> str:
    """The picture of a chart, with its title and what it shows in words for those who do not see it."""
    return _bars(chart) if chart.kind == "bars" else _days(chart)


def sparkline(values: Sequence[float | None], told: str) -> str:
    """A line the size of a word: numbers in their order, the last one with a dot."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    step = (_SPARK_WIDTH - 12) / (len(values) - 1)
    points = [
        None if value is None else (6 + place * step, _spark_y(value, low, high)) for place, value in enumerate(values)
    ]
    drawn = [_line_between(a, b, "trend", FAINT, 1.5) for a, b in pairwise(points) if a and b]
    if points[-1]:
        drawn.append(_dot(points[-1], "trend", COLOURS["cost"], 2.6))
    label = f'role="img" aria-label="{escape(told)}"'
    return _svg(_SPARK_WIDTH, _SPARK_HEIGHT, label, "", drawn)


def _spark_y(value: float, low: float, high: float) -> float:
    return _SPARK_HEIGHT / 2 if high == low else _SPARK_HEIGHT - 4 - (value - low) / (high - low) * (_SPARK_HEIGHT - 8)


def compact(value: float | None, unit: Unit) -> str:
    """A number as short as a column is wide."""
    if value is None:
        return ""
    if unit is Unit.SHARE:
        return f"{value:.1%}" if value < 0.0995 else f"{value:.0%}"
    if unit is Unit.USD:
        return (
            "$0" if value == 0 else f"${value:,.0f}" if value >= 99.5 else f"${value:.2f}" if value >= 0.01 else "<1¢"
        )
    if unit is Unit.MS:
        return _short_duration(value / 1000)
    return f"{value:,.0f}"


def _short_duration(seconds: float) -> str:
    for name, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if seconds >= length:
            amount = seconds / length
            return f"{amount:.0f} {name}" if amount >= 9.95 else f"{amount:.1f} {name}"
    return f"{seconds * 1000:.0f} ms"


def _days(chart: Chart) -> str:
    """Columns stacked over the days, or a line over them, each day with its number."""
    slot = (WIDTH - 2 * _SIDE) / len(chart.labels)
    legend, below = _legend(chart, WIDTH)
    top = _TOP + below
    base, height = top + _VALUES + _COLUMNS, float(_COLUMNS)
    totals = [_total([series.values[day] for series in chart.series]) for day in range(len(chart.labels))]
    highest = max((total for total in totals if total is not None), default=0) or 1
    centres = [_SIDE + slot * (day + 0.5) for day in range(len(chart.labels))]
    drawn = [_line_between((_SIDE, base), (WIDTH - _SIDE, base), "axis", LINE, 1)]
    drawn += legend
    draw = _stacks if chart.kind == "stacked" else _points
    drawn += draw(chart, centres, slot, base, height / highest)
    for day, (centre, label, total) in enumerate(zip(centres, chart.labels, totals, strict=True)):
        drawn.append(_text(centre, base + 14, label, "faint", FAINT, "middle"))
        if total is not None:
            level = base - total * height / highest
            aside, y = _beside(totals, day, base - level) if chart.kind == "line" else (0, -6)
            drawn.append(_text(centre + aside, level + y, compact(total, chart.unit), "strong", TEXT, "middle"))
    return _picture(WIDTH, base + _BOTTOM, chart, drawn)


def _beside(values: list[float | None], place: int, room: float) -> tuple[float, float]:
    """How far from its point a number stands clear of the line: below a dip with room, else on the flatter side."""
    here, beside = values[place] or 0, values[max(0, place - 1) : place] + values[place + 1 : place + 2]
    higher = [other - here for other in beside if other is not None]
    if max(higher, default=0) <= 0:
        return 0, -6
    if min(higher) > 0 and room > 16:
        return 0, 14
    return 0 if len(higher) < 2 else 15 if higher[0] > higher[1] else -15, -6


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _stacks(chart: Chart, centres: Sequence[float], slot: float, base: float, scale: float) -> Iterator[str]:
    width = slot * 0.62
    for day, centre in enumerate(centres):
        top = base
        for series in chart.series:
            size = (series.values[day] or 0) * scale
            if size > 0:
                top -= size
                yield _rect(centre - width / 2, top, width, size, series.role)


def _points(chart: Chart, centres: Sequence[float], _: float, base: float, scale: float) -> Iterator[str]:
    for series in chart.series:
        colour = COLOURS[series.role]
        points = [
            None if value is None else (centre, base - value * scale)
            for centre, value in zip(centres, series.values, strict=True)
        ]
        yield from (_line_between(a, b, series.role, colour, 2) for a, b in pairwise(points) if a and b)
        yield from (_dot(point, series.role, colour, 3) for point in points if point)


def _bars(chart: Chart) -> str:
    """A row for each name, which stands over its bars; the first series is thick, the others are thin."""
    highest = max((value for series in chart.series for value in series.values if value), default=1)
    longest = WIDE - 2 * _SIDE - 70
    thick, thin = 12, 5
    row = 18 + thick + (thin + 3) * (len(chart.series) - 1) + 8
    drawn, below = _legend(chart, WIDE)
    top = _TOP + below
    for place, name in enumerate(chart.labels):
        y = top + place * row
        drawn.append(_text(_SIDE, y + 11, name[:80], "strong", TEXT, "start"))
        y += 16
        for number, series in enumerate(chart.series):
            value, size = series.values[place], thick if number == 0 else thin
            width = max(1.0, (value or 0) / highest * longest) if value else 0
            if width:
                drawn.append(_rect(_SIDE, y, width, size, series.role))
            if number == 0:
                told = compact(value, chart.unit) or "—"
                drawn.append(_text(_SIDE + width + 6, y + 10, told, "strong", TEXT, "start"))
            y += size + 3
    return _picture(WIDE, top + row * len(chart.labels), chart, drawn)


def _legend(chart: Chart, width: float) -> tuple[list[str], float]:
    """Each series with its colour, in as many lines as it takes, and how high they are; none of a single series."""
    if len(chart.series) < 2:
        return [], 0
    x, y, drawn = float(_SIDE), float(_TOP), []
    for series in chart.series:
        size = 24 + 5.8 * len(series.name)
        if x + size > width:
            x, y = float(_SIDE), y + _LEGEND
        drawn.append(_rect(x, y, 9, 9, series.role))
        drawn.append(_text(x + 13, y + 8, series.name, "faint", FAINT, "start"))
        x += size
    return drawn, y - _TOP + _LEGEND


def _picture(width: float, height: float, chart: Chart, drawn: Sequence[str]) -> str:
    title, told = f"{chart.name}-title", f"{chart.name}-told"
    head = f'<title id="{title}">{escape(chart.title)}</title><desc id="{told}">{escape(chart.alt)}</desc>'
    heading = _text(_SIDE, 13, chart.title, "heading", TEXT, "start", 13, "bold")
    label = f'role="img" aria-labelledby="{title} {told}"'
    return _svg(width, height, label, head, [heading, *drawn])


def _svg(width: float, height: float, label: str, head: str, drawn: Sequence[str]) -> str:
    size = f'viewBox="0 0 {_number(width)} {_number(height)}" width="{_number(width)}" height="{_number(height)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {label}>{head}{"".join(drawn)}</svg>'


def _rect(x: float, y: float, width: float, height: float, role: str) -> str:
    size = f'width="{_number(width)}" height="{_number(height)}"'
    return f'<rect class="{role}" x="{_number(x)}" y="{_number(y)}" {size} fill="{COLOURS[role]}"/>'


def _dot(point: tuple[float, float], role: str, colour: str, radius: float) -> str:
    return f'<circle class="{role}" cx="{_number(point[0])}" cy="{_number(point[1])}" r="{radius}" fill="{colour}"/>'


def _line_between(a: tuple[float, float], b: tuple[float, float], role: str, colour: str, width: float) -> str:
    ends = f'x1="{_number(a[0])}" y1="{_number(a[1])}" x2="{_number(b[0])}" y2="{_number(b[1])}"'
    return f'<line class="{role}" {ends} stroke="{colour}" stroke-width="{width}"/>'


def _text(
    x: float, y: float, text: str, role: str, colour: str, anchor: str, size: int = 10, weight: str = "normal"
) -> str:
    place = f'x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}"'
    style = f'font-family="Libertinus Serif" font-size="{size}" font-weight="{weight}" fill="{colour}"'
    return f'<text class="{role}" {place} {style}>{escape(text)}</text>'


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
