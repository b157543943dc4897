import pytest

from ingest.values import json_or_text, python_literal, unwrap_kwargs


@pytest.mark.parametrize(
    ("wrapped", "inside"),
    [
        ({"args": [], "kwargs": {"a": 1}}, {"a": 1}),
        ({"args": [1, 2], "kwargs": {}}, [1, 2]),
        ({"kwargs": {"a": 1}}, {"a": 1}),
        ({"args": [], "sanitize_inputs_outputs": True, "kwargs": {"a": 1}}, {"a": 1}),
        ({"input_str": "{'a': (1, None)}", "tags": []}, {"a": [1, None]}),
        ({"input_str": "{'a': '1'}", "inputs": {"a": "1"}, "kwargs": {}}, {"a": "1"}),
        ({"output": "done", "kwargs": {"name": "f"}}, "done"),
        ({"outputs": {"x": 1}}, {"x": 1}),
        ("{'a': 1}", {"a": 1}),
        (
            {"args": "a value of my own", "kwargs": {}, "other": 1},
            {"args": "a value of my own", "kwargs": {}, "other": 1},
        ),
        ("plain", "plain"),
        (7, 7),
    ],
)
def test_kwargs_are_unwrapped(wrapped: object, inside: object) -> None:
    assert unwrap_kwargs(wrapped) == inside


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("{'a': [1, 2.5, None, True], 'b': ('x',)}", {"a": [1, 2.5, None, True], "b": ["x"]}),
        ("{1: 'one'}", {"1": "one"}),
        ("{3}", [3]),
        ("b'raw'", "raw"),
        ("ChatCompletion(id='x')", "ChatCompletion(id='x')"),
        ("__import__('os').getcwd()", "__import__('os').getcwd()"),
        ("'\\ud800'", "'\\ud800'"),
        ("9" * 400, "9" * 400),
        ("[" * 5000, "[" * 5000),
        ("-" * 90_000 + "1", "-" * 90_000 + "1"),
        ("[0]" + " " * 200_000, "[0]" + " " * 200_000),
        ("not 'closed", "not 'closed"),
    ],
)
def test_python_literals_are_read_and_all_else_stays_text(literal: str, value: object) -> None:
    assert python_literal(literal) == value


def test_json_or_text_reads_what_is_json() -> None:
    assert json_or_text('{"a": [1]}') == {"a": [1]}
    assert json_or_text("{a}") == "{a}"
    assert json_or_text("") == ""
    assert json_or_text({"a": 1}) == {"a": 1}
    too_deep = "[" * 600 + "]" * 600
    assert json_or_text(too_deep) == too_deep
