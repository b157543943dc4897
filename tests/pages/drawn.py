"""What a page shows, read off its elements: the numbers of its charts with their places, its tables, those behind."""

import json
from collections import defaultdict
from collections.abc import Iterator
from html import unescape
from typing import Any

from streamlit.testing.v1 import AppTest

from pages.shared.format import duration
from tests.test_sample_traces import UNKNOWN

Chart = dict[str, Any]  # a figure of Plotly
BEHIND = "-behind_"  # what comes before an expander's name in its id
PERCENTILES = ("p50", "p95", "p99")


def charts(page: AppTest) -> list[Chart]:
    return [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]


def tables(page: AppTest) -> list[Any]:
    """The tables of the page, without those behind its charts."""
    behind = {id(frame) for expander in page.expander for frame in expander.dataframe}
    return [frame for frame in page.dataframe if id(frame) not in behind]


def labels(frame: Any) -> list[str]:
    """The headings of a table, in the order of its columns."""
    said = json.loads(frame.proto.columns or "{}")
    return [said.get(name, {}).get("label") or name for name in frame.value.columns]


def open_tables(page: AppTest) -> AppTest:
    """The page with the table behind each chart."""
    for expander in page.expander:
        if BEHIND in expander.proto.id:
            page.session_state["behind_" + expander.proto.id.partition(BEHIND)[2]] = True
    page.run()
    assert not page.exception
    return page


def behind(page: AppTest) -> Iterator[tuple[str, Any, list[Chart]]]:
    """Each open table behind: its name, its rows, and the charts before it that no other table is behind."""
    drawn: list[Chart] = []
    for element in _in_order(page.main):
        if element.type == "plotly_chart":
            drawn.append(json.loads(element.proto.spec))
        elif BEHIND in element.proto.id:
            yield element.proto.id.partition(BEHIND)[2], element.dataframe[0].value, drawn
            drawn = []


def _in_order(block: Any) -> Iterator[Any]:
    for element in block.children.values():
        if element.type in ("plotly_chart", "expander"):
            yield element
        elif hasattr(element, "children"):
            yield from _in_order(element)


def series(page: AppTest) -> list[list[tuple[str, dict[str, float]]]]:
    """What each chart over time shows, hour → number; small ones without axes go by the name of their figure."""
    found = []
    for place, chart in enumerate(charts(page)):
        of_chart = []
        for trace in chart["data"]:
            if "hovertext" in trace and trace["x"] == [*range(len(trace["x"]))]:
                hours = [text.partition(":")[0][-2:] for text in trace["hovertext"]]
                of_chart.append((page.metric[place].label, dict(zip(hours, trace["y"], strict=True))))
            elif trace.get("name") and _is_time(trace["x"]):
                of_chart.append((unescape(trace["name"]), dict(zip(map(_hour, trace["x"]), trace["y"], strict=True))))
        known = [(name, {hour: y for hour, y in points.items() if y is not None}) for name, points in of_chart]
        found += [known] if known else []
    return found


def labelled(page: AppTest) -> list[tuple[str, str]]:
    """What the other charts write beside their bars and points, label → text."""
    found: list[tuple[str, str]] = []
    for chart in charts(page):
        texts = _texts(chart)
        ticks = chart["layout"].get("yaxis", {}).get("ticktext", [])
        if "values" in texts:
            found += zip(texts["names"], texts["values"], strict=True)
        elif texts:
            (bars,) = [trace for trace in chart["data"] if "text" in trace]
            found += zip(ticks or bars["x"], bars["text"], strict=True)
        for trace in chart["data"]:
            if trace.get("name") in PERCENTILES:
                found += [
                    (f"{label}, {trace['name']}", duration(x)) for label, x in zip(ticks, trace["x"], strict=True)
                ]
    return [(unescape(label).strip(), unescape(text) or UNKNOWN) for label, text in found]


def lengths(chart: Chart) -> list[tuple[float, str]]:
    """How long each bar of a chart is, all its parts together, and what is written beside it."""
    texts = _texts(chart)
    totals: defaultdict[Any, float] = defaultdict(float)
    for _, row, length in parts(chart):
        totals[row] += length
    if "values" in texts:  # one for each row
        return [
            (totals[row], unescape(text)) for row, text in enumerate(texts["values"]) if totals[row] > _least(chart)
        ]
    return [(total, text) for texts in texts.values() for total, text in zip(totals.values(), texts, strict=True)]


def _least(chart: Chart) -> float:
    """As long as a bar of a waterfall is at least, so that it can be seen."""
    rows = [trace for trace in chart["data"] if "base" in trace and "name" not in trace]
    return 1.0001 * rows[0]["x"][0] / 300 if rows else 0


def parts(chart: Chart) -> list[tuple[str, Any, float]]:
    """Each part of the bars of a chart: its colour's name, its row (or column), and its length, which is not zero."""
    found = []
    for trace in chart["data"]:
        if trace["type"] == "bar" and (trace.get("name") or "base" not in trace):
            at, length = ("y", "x") if trace.get("orientation") == "h" else ("x", "y")
            found += [(trace.get("name", ""), row, x) for row, x in zip(trace[at], trace[length], strict=True) if x]
    return found


def named_parts(chart: Chart) -> dict[str, dict[str, float]]:
    """The parts of each bar of a chart by the bar's name: what each comes to."""
    names = chart["layout"]["yaxis"].get("ticktext") or _texts(chart)["names"]
    found: dict[str, dict[str, float]] = {unescape(name): defaultdict(float) for name in names}
    for part, row, length in parts(chart):
        found[unescape(names[row])][part] += length
    return found


def laid_out(chart: Chart) -> list[tuple[int, float, float]]:
    """Where the parts of horizontal bars lie, row by row: row, where it begins, length."""
    bars = [trace for trace in chart["data"] if "base" in trace]
    return sorted(part for trace in bars for part in zip(trace["y"], trace["base"], trace["x"], strict=True))


def cells(chart: Chart) -> dict[tuple[float, str], int]:
    """The cells of a heatmap of durations, as they lie: (seconds from which on, hour) → number."""
    (bars,) = chart["data"]
    places = [round(base - 0.03) for base in bars["base"]]  # upwards from 1 ms by 1, 2, 5, 10 …
    seconds = [(1, 2, 5)[place % 3] * 10 ** (place // 3) / 1000 for place in places]
    return dict(zip(zip(seconds, map(_hour, bars["x"]), strict=True), bars["marker"]["color"], strict=True))


def links(chart: Chart) -> list[tuple[str, str, int]]:
    """The links of a Sankey: from, to, number."""
    (sankey,) = chart["data"]
    names, link = [unescape(name) for name in sankey["node"]["label"]], sankey["link"]
    return [
        (names[source], names[target], value)
        for source, target, value in zip(link["source"], link["target"], link["value"], strict=True)
    ]


def numbers(chart: Chart) -> list[float]:
    """Every number that a chart draws but for zeros, in no order."""
    found: list[float] = []
    for trace in chart["data"]:
        if trace["type"] == "sankey":
            found += trace["link"]["value"]
        elif trace["type"] == "bar":
            found += trace["marker"]["color"] if "base" in trace and "name" not in trace else []
        elif trace["mode"] != "text" and (trace.get("name") or trace["mode"] != "lines" or "hovertext" in trace):
            found += trace["x" if trace.get("name") in PERCENTILES else "y"]
    found += [length for _, _, length in parts(chart)]
    return [number for number in found if number]


def _texts(chart: Chart) -> dict[str | None, list[str]]:
    return {trace.get("name"): trace["text"] for trace in chart["data"] if isinstance(trace.get("text"), list)}


def _is_time(values: Any) -> bool:
    return bool(values) and str(values[0]).startswith("2026-11-20T")


def _hour(moment: str) -> str:
    return moment[11:13]
