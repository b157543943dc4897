"""The walk of trees agrees with one that follows parents one by one, on any forest, cycles included."""

from collections.abc import Iterator

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.trees import walk


@st.composite
def forests(draw: st.DrawFn) -> tuple[list[int | None], list[int], list[bool]]:
    """Parents, runs and marks of some nodes; a parent is any node of the same run, later ones and itself included."""
    runs = sorted(draw(st.lists(st.integers(0, 3), min_size=1, max_size=40)))
    parents = [draw(st.none() | st.sampled_from([n for n, run in enumerate(runs) if run == own])) for own in runs]
    return parents, runs, draw(st.lists(st.booleans(), min_size=len(runs), max_size=len(runs)))


@settings(max_examples=150)
@given(forests())
def test_it_agrees_with_a_plain_walk(forest: tuple[list[int | None], list[int], list[bool]]) -> None:
    parents, runs, marks = forest
    nodes = pl.DataFrame(
        {"node": range(len(runs)), "parent": parents, "run": runs, "mark": marks}, schema_overrides={"parent": pl.Int64}
    )

    found = walk(nodes, {"above": "mark"}, {"below": "mark"})

    cyclic = {node for node in range(len(runs)) if node in set(ancestors(parents, node))}
    cut = [None if node == first_of_cycle(parents, node, cyclic) else parent for node, parent in enumerate(parents)]
    assert found["in_cycle"].to_list() == [node in cyclic for node in range(len(runs))]
    assert found["depth"].to_list() == [len(list(ancestors(cut, node))) for node in range(len(runs))]
    assert found["above"].to_list() == [
        next((above for above in ancestors(cut, node) if marks[above]), None) for node in range(len(runs))
    ]
    assert found["below"].to_list() == [
        sum(marks[other] and node in set(ancestors(cut, other)) for other in range(len(runs)))
        for node in range(len(runs))
    ]
    assert found["step_order"].to_list() == preorder(cut, runs)


def ancestors(parents: list[int | None], node: int) -> Iterator[int]:
    """From the parent up, until the top or a node seen before."""
    seen: set[int] = set()
    above = parents[node]
    while above is not None and above not in seen:
        yield above
        seen.add(above)
        above = parents[above]


def first_of_cycle(parents: list[int | None], node: int, cyclic: set[int]) -> int | None:
    """Where the cycle that this node stands in is cut."""
    return min(ancestors(parents, node)) if node in cyclic else None


def preorder(parents: list[int | None], runs: list[int]) -> list[int]:
    """Places within each run, a parent before its children and siblings by number."""
    places = [0] * len(runs)
    for run in set(runs):
        waiting = [node for node in reversed(range(len(runs))) if runs[node] == run and parents[node] is None]
        place = 0
        while waiting:
            node = waiting.pop()
            place += 1
            places[node] = place
            waiting += [child for child in reversed(range(len(runs))) if parents[child] == node]
    return places
