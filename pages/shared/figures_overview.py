"""Small figures beside the numbers of the overview."""

from collections.abc import Sequence

import plotly.graph_objects as go

_HEIGHT = 44


def sparkline(values: Sequence[float | None], words: Sequence[str], colour: str) -> go.Figure:
    """A line without axes over equal steps, from zero; `words` say of each point what it is, when and how much.

    It breaks where nothing is known; then it is not filled, since a fill would go on across the gap.
    """
    figure = go.Figure(
        go.Scatter(
            x=list(range(len(values))),
            y=list(values),
            mode="lines+markers",
            line={"color": colour, "width": 1.75},
            marker={"color": colour, "size": [5 if alone else 0 for alone in _alone(values)]},
            fill="none" if None in values else "tozeroy",
            fillcolor=f"{colour}22",
            hovertext=list(words),
            hoverinfo="text",
        )
    )
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 2, "b": 2},
        showlegend=False,
        dragmode=False,
        hovermode="x",
        xaxis={"visible": False, "fixedrange": True},
        yaxis={"visible": False, "fixedrange": True, "rangemode": "tozero"},
    )
    return figure


def _alone(values: Sequence[float | None]) -> list[bool]:
    """Which points no line leads to, since nothing is known beside them."""
    around = [None, *values, None]
    return [before is None and after is None for before, after in zip(around, around[2:], strict=False)]
