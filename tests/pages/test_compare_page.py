"""The page that compares two runs, without a browser, in front of a real server."""

from tests.test_app import Shown, codes, shown

__all__ = ["shown"]

PAGE = "pages/compare.py"


def test_without_a_run_the_page_says_how_to_name_one(shown: Shown) -> None:
    app = shown.open(PAGE)
    assert not app.exception
    assert app.info[0].value == "Name a run above, or open one and press Compare there."


def test_an_id_that_nothing_bears_is_named(shown: Shown) -> None:
    shown.send("works")
    app = shown.open(PAGE, a="<b>nobody</b>")
    assert not app.exception
    assert "'<b>nobody</b>'" in codes(app)[0]


def test_the_first_run_of_its_workflow_has_none_to_be_compared_with(shown: Shown) -> None:
    (good,) = shown.send("works")
    app = shown.open(PAGE, a=good)
    assert not app.exception
    assert app.info[0].value.startswith("No run of its workflow went well before it.")


def test_a_failed_run_is_shown_beside_the_last_good_one_and_each_pair_in_full(shown: Shown) -> None:
    good, failed = shown.send("works", "fails")
    app = shown.open(PAGE, a=failed, row="2")
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric}["Failed steps"] == "2"
    steps = app.dataframe[1].value
    assert steps["change"].tolist() == ["≠ changed", "= same", "+ added"]
    assert app.button(key="open_step_a").label == "Open in this run"

    app = shown.open(PAGE, a=good, b=failed, row="99", same="false")
    assert codes(app)[0] == "99"
    assert app.dataframe[1].value["change"].tolist() == ["≠ changed", "− dropped"]


def test_the_run_page_offers_to_compare_it(shown: Shown) -> None:
    (good,) = shown.send("works")
    assert shown.open("pages/run.py", run=good).button(key="compare_run").label == "Compare"
