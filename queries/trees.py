"""Walks forests of steps, all runs at once: depth, order and what stands above and below each step.

A chain may be 25,000 steps deep, so nothing here follows parents one by one: pointers are doubled, which takes as many
rounds as the depth has binary digits.
"""

from collections.abc import Mapping

import polars as pl


def walk(nodes: pl.DataFrame, above: Mapping[str, str], below: Mapping[str, str]) -> pl.DataFrame:
    """Where each node stands in its tree, one row a node, in the order given.

    `nodes` has the columns `node` (0 to n-1, sorted by run and then as siblings are to be shown), `parent` (a node of
    the same run, or null), `run` (a number that rises) and boolean marks. `above` names output columns and the mark
    that the nearest ancestor must bear; `below` names output columns and the mark that descendants are counted by.
    Out come `node`, `depth` (roots have 0), `step_order` (within the run from 1: parents before children, siblings
    as given), `in_cycle` (its parents lead back to itself; the first of a cycle is taken for its root), the `above`
    columns (a node or null) and the `below` columns (counts).
    """
    count = nodes.height
    parent = _pointer(nodes["parent"], count)
    in_cycle, parent = _cut_cycles(parent)
    order, end = _preorder(nodes["run"], parent)
    columns = [
        nodes["node"],
        _depth(parent).alias("depth"),
        order.alias("step_order"),
        in_cycle.alias("in_cycle"),
        *(_nearest(parent, _marks(nodes[mark])).alias(name) for name, mark in above.items()),
        *(_count_below(nodes["run"], order, end, nodes[mark]).alias(name) for name, mark in below.items()),
    ]
    return pl.DataFrame(columns)


# Pointers are arrays of n + 1 positions; position n is "none" and points to itself.


def _pointer(values: pl.Series, count: int) -> pl.Series:
    return pl.concat([values.cast(pl.Int64).fill_null(count).alias("pointer"), pl.Series("pointer", [count])])


def _marks(values: pl.Series) -> pl.Series:
    return pl.concat([values.fill_null(False).alias("mark"), pl.Series("mark", [False])])


def _ends(pointer: pl.Series) -> bool:
    return bool((pointer == len(pointer) - 1).all())


def _rounds(count: int) -> range:
    return range(count.bit_length() + 1)


def _cut_cycles(parent: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Which nodes stand in a cycle, and the parents with each cycle cut above its first node."""
    none = len(parent) - 1
    jump, first = parent, _positions(parent)
    for _ in _rounds(none):
        if _ends(jump):
            return pl.repeat(False, none, dtype=pl.Boolean, eager=True), parent
        first = _smaller(first, first.gather(jump))
        jump = jump.gather(jump)
    # After more jumps than there are nodes, whoever has not run out stands on a cycle, and all of a cycle is reached.
    reached = _at(jump.filter(jump != none).unique(), len(parent))
    cut = reached & (first == _positions(parent))
    return reached.head(none), _replace(parent, cut, pl.repeat(none, len(parent), dtype=pl.Int64, eager=True))


def _depth(parent: pl.Series) -> pl.Series:
    none = len(parent) - 1
    jump, depth = parent, (parent != none).cast(pl.Int64)
    while not _ends(jump):
        depth = depth + depth.gather(jump)
        jump = jump.gather(jump)
    return depth.head(none)


def _nearest(parent: pl.Series, marked: pl.Series) -> pl.Series:
    """The nearest marked ancestor of each node, or null."""
    none = len(parent) - 1
    nowhere = pl.repeat(none, len(parent), dtype=pl.Int64, eager=True)
    nearest, jump = _replace(nowhere, marked.gather(parent), parent), parent
    while not _ends(jump):
        nearest = _replace(nearest, nearest == none, nearest.gather(jump))
        jump = jump.gather(jump)
    return nearest.head(none).replace(none, None)


def _preorder(run: pl.Series, parent: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Each node's place within its run when a parent comes before its children, and the last place of its subtree."""
    none = len(parent) - 1
    frame = pl.DataFrame({"node": _positions(parent).head(none), "parent": parent.head(none), "run": run})
    siblings = frame.sort("run", "parent", "node").with_columns(
        next=pl.col("node").shift(-1).over("run", "parent", mapping_strategy="group_to_rows")
    )
    next_sibling = _pointer(siblings.sort("node")["next"], none)
    children = frame.filter(pl.col("parent") != none).group_by("parent").agg(first=pl.col("node").min())
    first_child = _pointer(
        frame.select("node").join(children, left_on="node", right_on="parent", how="left", maintain_order="left")[
            "first"
        ],
        none,
    )
    after_subtree, jump = next_sibling, parent
    while not _ends(jump):
        after_subtree = _replace(after_subtree, after_subtree == none, after_subtree.gather(jump))
        jump = jump.gather(jump)
    successor = _replace(first_child, first_child == none, after_subtree)
    remaining, jump = (_positions(parent) != none).cast(pl.Int64), successor
    while not _ends(jump):
        remaining = remaining + remaining.gather(jump)
        jump = jump.gather(jump)
    size = frame.select(pl.len().over("run"))["len"].cast(pl.Int64)
    order = size - remaining.head(none) + 1
    end = size - remaining.gather(after_subtree.head(none))
    return order, end


def _count_below(run: pl.Series, order: pl.Series, end: pl.Series, mark: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"run": run, "order": order, "end": end, "mark": mark.fill_null(False).cast(pl.Int64)})
    totals = frame.sort("run", "order").select(
        "run", place="order", total=pl.col("mark").cum_sum().over("run", mapping_strategy="group_to_rows")
    )
    upto = frame.join(totals, left_on=["run", "order"], right_on=["run", "place"], how="left", maintain_order="left")
    within = frame.join(totals, left_on=["run", "end"], right_on=["run", "place"], how="left", maintain_order="left")
    return within["total"] - upto["total"]


def _positions(pointer: pl.Series) -> pl.Series:
    return pl.int_range(len(pointer), dtype=pl.Int64, eager=True)


def _at(positions: pl.Series, length: int) -> pl.Series:
    return pl.int_range(length, dtype=pl.Int64, eager=True).is_in(positions.implode())


def _replace(values: pl.Series, where: pl.Series, others: pl.Series) -> pl.Series:
    return others.zip_with(where, values)


def _smaller(left: pl.Series, right: pl.Series) -> pl.Series:
    return left.zip_with(left <= right, right)
