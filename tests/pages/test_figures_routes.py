"""The Sankey says what its frame says, and carries telemetry only as escaped text."""

from typing import Any

import polars as pl
import pytest

from pages.shared import figures_routes
from tests.pages.hostile import HOSTILE_TEXTS


def route(requested: str | None, served: str | None, is_same: bool | None, calls: int) -> dict[str, Any]:
    told = {"provider": "openai", "gateway": None, "p95_duration_ms": 900.0, "truncated_count": 1, "finished_count": 4}
    return {"requested_model": requested, "served_model": served, "is_same_model": is_same, "call_count": calls} | told


def frame(*routes: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(routes, infer_schema_length=None)


def test_each_route_is_a_link_as_wide_as_its_calls() -> None:
    drawn = frame(route("big", "big", True, 7), route("big", "small", False, 2), route("big", None, None, 1))
    (sankey,) = figures_routes.routes(drawn).data
    assert list(sankey.node.label) == ["big", "big", "small", "no answer"]
    assert list(zip(sankey.link.source, sankey.link.target, sankey.link.value, strict=True)) == [
        (0, 1, 7),
        (0, 2, 2),
        (0, 3, 1),
    ]
    assert len(set(sankey.link.color)) == 3


def test_a_request_that_telemetry_does_not_tell_is_said_to_be_so() -> None:
    (sankey,) = figures_routes.routes(frame(route(None, "big", None, 1))).data
    assert list(sankey.node.label) == ["not told", "big"]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_models_name_is_never_markup(text: str) -> None:
    (sankey,) = figures_routes.routes(frame(route(text, text, False, 1) | {"provider": text})).data
    words = [*sankey.node.label, *(hover.replace("<br>", "") for hover in sankey.link.customdata)]
    assert not any(sign in word for word in words for sign in "<>$%{}" if not (sign == "%" and "% truncated" in word))
