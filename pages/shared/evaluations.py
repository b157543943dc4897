"""How work was judged: the numbers, over time, by name, from best to worst, and whether models judge as humans do."""

from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import address, behind, figures_evaluations, links, oversight, rows
from pages.shared.format import count, one_line, percent

GROUPS = {
    "evaluator": "Evaluator",
    "workflow": "Workflow",
    "release": "Release",
    "suite": "Suite",
    "category": "Category",
}
UNITS = {"run": "of the same run", "step": "of the same step"}
REPLAYS = {"category": "Category", "suite": "Suite", "case": "Case", "release": "Release"}
CELLS = ("good-good", "good-bad", "bad-good", "bad-bad")  # what the human says, and the model
_CHART = {"displayModeBar": False}
_BAD = "A failing label, else a score below the middle where all scores of its name lie between 0 and 1"


def draw_numbers(asked: oversight.Counts, before: oversight.Counts | None) -> None:
    """Judgements, judged runs and how many say bad, against the window before."""
    with st.grid(5, min_column_width=150, gap="small"):
        change = f"{asked['judgement_count'] - before['judgement_count']:+,}" if before else None
        oversight.number("Judgements", count(asked["judgement_count"]), "given", change, meaning="Scores and labels")
        judged = "Runs with at least one judgement"
        oversight.rate("Judged runs", asked, before, "judged_run_count", "run_count", "off", judged)
        oversight.rate("Say bad", asked, before, "bad_count", "verdict_count", "inverse", f"Of those that tell: {_BAD}")
        bad = "Judged runs of which at least one judgement says bad"
        oversight.rate("Runs judged bad", asked, before, "bad_run_count", "judged_run_count", "inverse", bad)
        others = f"And {count(asked['model_count'])} by models, {count(asked['code_count'])} by code"
        oversight.rate("By humans", asked, before, "human_count", "judgement_count", "off", others)


def draw_trend(trend: pl.DataFrame, zone: str) -> None:
    """Two charts: which part says bad, and mean scores; a line a name."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader("Say bad, over time")
        _chart_if(trend, "verdict_count", figures_evaluations.bad_over_time, zone, "No judgement tells good from bad.")
    with right:
        st.subheader("Mean score, over time")
        _chart_if(trend, "scored_count", figures_evaluations.score_over_time, zone, "No judgement gives a score.")
    behind.draw("evaluation_trend", trend)


def _chart_if(trend: pl.DataFrame, column: str, figure: Any, zone: str, otherwise: str) -> None:
    if not trend[column].sum():
        st.caption(otherwise)
        return
    st.plotly_chart(figure(trend, zone), config=_CHART, alt="A line a name of a judgement; the same as a table below")


def draw_names(judged: pl.DataFrame, by: str) -> None:
    """One row per name and value; a click narrows the page to it."""
    shown = judged.select(
        rows.words(judged, "evaluation_name", 120),
        rows.words(judged, pl.col("value").fill_null(f"no {by}"), 120),
        "judgement_count",
        "run_count",
        pl.col("bad_rate") * 100,
        "bad_count",
        "verdict_count",
        "mean_score",
        pl.col("mean_score").sub(pl.col("mean_score_before")).alias("change"),
        rows.words(judged, "top_label", 60),
        "min_score",
        "max_score",
    )
    score = partial(st.column_config.NumberColumn, format="%.3f", width=80)
    columns = {
        "evaluation_name": rows.text("Judgement", 150),
        "value": rows.text(GROUPS[by], 120),
        "judgement_count": rows.number("Count", "Judgements"),
        "run_count": rows.number("Runs", "Runs that were judged so"),
        "mean_score": score("Mean"),
        "change": score("Change", format="%+.3f", help="Of the mean, against the window before"),
        "min_score": score("Lowest"),
        "max_score": score("Highest"),
        "top_label": rows.text("Top label", 120),
        "bad_count": rows.number("Bad", _BAD),
        "verdict_count": rows.number("Of", "Judgements that tell good from bad"),
        "bad_rate": rows.percent("Bad rate", "Bad / of"),
    }

    def narrow(place: int) -> None:
        row = judged.row(place, named=True)
        further: dict[str, Any] = {}
        if by == "evaluator":
            further = {"evaluator": row["value"]}
        elif by in ("workflow", "release") and row["value"]:
            further = {by: row["value"]}
        address.change(name=row["evaluation_name"], **further)

    rows.choosing(f"evaluations_by_{by}", "judgements; choosing a cell narrows the page to it", shown, columns, narrow)
    behind.draw(f"evaluations_by_{by}", judged)


def draw_distribution(given: pl.DataFrame, name: str) -> None:
    """How often each score and label of one name was given."""
    st.subheader("Scores and labels")
    st.text(one_line(name, 120))
    of_name = given.filter(evaluation_name=name)
    is_label = of_name["evaluation_label"].is_not_null()
    for part in (of_name.filter(is_label), of_name.filter(~is_label)):
        if part.height:
            st.plotly_chart(
                figures_evaluations.distribution(part),
                config=_CHART,
                alt="How often each was given; the same as a table below",
            )
    behind.draw("evaluation_distribution", of_name)


def draw_worst(worst: pl.DataFrame, project: str, zone: str) -> None:
    """The judged runs, the worst first; a click opens the run at the step that was judged."""
    if worst.is_empty():
        st.caption("No run was judged so.")
        return
    shown = worst.select(
        rows.words(worst, "run_name", 120),
        "run_started_at",
        "bad_count",
        "judgement_count",
        rows.words(worst, "worst_name", 80),
        rows.words(worst, "worst_evaluator_type", 40),
        "worst_score",
        rows.words(worst, "worst_label", 80),
        rows.words(worst, "worst_explanation", 300),
        rows.words(worst, "evaluation_case", 80),
        rows.words(worst, "service_version", 60),
    )
    columns = {
        "run_name": rows.text("Run", 150),
        "run_started_at": rows.time("Started", zone),
        "bad_count": rows.number("Bad", _BAD),
        "judgement_count": rows.number("Of", "Its judgements"),
        "worst_name": rows.text("Worst", 130),
        "worst_evaluator_type": rows.text("By", 70),
        "worst_score": st.column_config.NumberColumn("Score", format="%.3f", width=70),
        "worst_label": rows.text("Label", 110),
        "worst_explanation": rows.text("Because", 260),
        "evaluation_case": rows.text("Case", 110),
        "service_version": rows.text("Release", 90),
    }

    def open_row(place: int) -> None:
        links.open_run(project, worst["run_id"][place], worst["worst_step_id"][place])

    rows.choosing("evaluation_runs", "judged runs; choosing a cell opens one", shown, columns, open_row)
    behind.draw("evaluation_runs", worst)


def draw_agreement(pairs: pl.DataFrame, unit: str, project: str, zone: str) -> None:
    """Whether models judge as humans do: four cells, and the runs on which they differ."""
    if pairs.is_empty():
        st.caption(f"No human and model both judged the same {unit}, with a verdict each.")
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        first = pairs.row(0, named=True)
        kappa = "" if first["kappa"] is None else f", kappa {first['kappa']:.2f}"
        agreed = percent(first["agreed_count"], first["pair_count"])
        st.text(
            f"They agree on {agreed}: {count(first['agreed_count'])} of {count(first['pair_count'])} {unit}s{kappa}"
        )
        st.plotly_chart(
            figures_evaluations.agreement(pairs),
            key="agreement",
            on_select=_choose_cell,
            selection_mode="points",
            config=_CHART,
            alt="Human against model verdicts, four counts; choosing one lists its runs",
        )
    with right:
        _draw_pairs(pairs, unit, project, zone)
    behind.draw(f"evaluation_agreement_{unit}", pairs)


def _choose_cell() -> None:
    points = st.session_state["agreement"].selection.points
    if points:
        address.change(cell=points[0]["customdata"])


def _draw_pairs(pairs: pl.DataFrame, unit: str, project: str, zone: str) -> None:
    """Those of the chosen cell, else those on which they differ; a click opens the run."""
    verdict = pl.when(pl.col("^(human|model)_says_bad$")).then(pl.lit("bad")).otherwise(pl.lit("good")).name.keep()
    told = pairs.with_columns(verdict)
    cell = address.text("cell", among=CELLS)
    if cell:
        human, _, model = cell.partition("-")
        found = told.filter(human_says_bad=human, model_says_bad=model)
        number = count(found["cell_count"][0] if found.height else 0)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"Human says {human}, model says {model}: {number} {unit}s")
            lift = {"cell": None}
            st.button(
                "Where they differ", icon=":material/close:", type="tertiary", on_click=address.change, kwargs=lift
            )
        if found.height and found.height < found["cell_count"][0]:
            st.caption(f"The newest {count(found.height)} of them.")
    else:
        found = told.filter(pl.col("human_says_bad") != pl.col("model_says_bad"))
    if found.is_empty():
        st.caption("There are none." if cell else "They never differ.")
    else:
        _draw_pairs_table(found, project, zone)


def _draw_pairs_table(found: pl.DataFrame, project: str, zone: str) -> None:
    shown = found.select(
        rows.words(found, "run_name", 120),
        "run_started_at",
        "human_says_bad",
        "model_says_bad",
        rows.words(found, pl.col("evaluation_names").list.join(", "), 120),
    )
    columns = {
        "run_name": rows.text("Run", 150),
        "run_started_at": rows.time("Started", zone),
        "human_says_bad": rows.text("Human", 75),
        "model_says_bad": rows.text("Model", 75),
        "evaluation_names": rows.text("Judgements", 220),
    }

    def open_row(place: int) -> None:
        links.open_run(project, found["run_id"][place], found["judged_step_id"][place])

    rows.choosing("pairs", "runs that both judged; choosing a cell opens one", shown, columns, open_row)


def draw_replays(replays: pl.DataFrame, by: str, project: str, zone: str) -> None:
    """Replayed cases; a click opens the newest run, a failed one if there is any."""
    shown = replays.select(
        rows.words(replays, pl.col("value").fill_null(f"no {by}"), 120),
        "case_count",
        "run_count",
        "failed_count",
        pl.col("failure_rate") * 100,
        "error_count",
        "judgement_count",
        "mean_score",
        "cost_usd",
        "last_started_at",
    )
    columns = {
        "value": rows.text(REPLAYS[by], 200),
        "case_count": rows.number("Cases", "Different cases"),
        "run_count": rows.number("Runs", "Replays"),
        "failed_count": rows.number("Failed", "Ended in an error, or a judgement says bad"),
        "failure_rate": rows.percent("Failure rate", "Failed / runs"),
        "error_count": rows.number("Errors", "Ended in an error"),
        "judgement_count": rows.number("Judged", "Judgements"),
        "mean_score": st.column_config.NumberColumn("Mean score", format="%.3f", width=90),
        "cost_usd": st.column_config.NumberColumn("Cost", format="$%.4f", width=90),
        "last_started_at": rows.time("Newest", zone),
    }

    def open_row(place: int) -> None:
        links.open_run(project, replays["run_id"][place])

    rows.choosing(f"replays_by_{by}", "rows; choosing a cell opens the newest failed run", shown, columns, open_row)
    behind.draw(f"replays_by_{by}", replays)


def choose(name: str, known: dict[str, str], default: str) -> str:
    """One of several ways to group, kept in the address."""
    chosen = address.text(name, default, known)
    st.segmented_control(
        name,
        list(known),
        format_func=known.__getitem__,
        required=True,
        label_visibility="collapsed",
        **address.bound(name, chosen, default),
    )
    return chosen
