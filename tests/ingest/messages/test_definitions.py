"""Which tools a model was offered: names in every shape that definitions have."""

import json

import pytest

from ingest.messages.definitions import offered_tools


@pytest.mark.parametrize(
    "definitions",
    [
        [{"type": "function", "function": {"name": "pay", "parameters": {"name": "no tool"}}}, {"name": "ask"}],
        ['[{"name": "pay", "input_schema": {}}, {"name": "ask"}]'],
        [{"functionDeclarations": [{"name": "pay"}, {"name": "ask"}]}],
        [{"tools": {"function_declarations": [{"name": "pay"}]}}, '{"function": "{\\"name\\": \\"ask\\"}"}'],
        ['{"type": "function", "name": "ask"}', '{"type": "function", "name": "pay"}', '{"name": "ask"}'],
    ],
    ids=["OpenAI", "Anthropic", "Google", "nested texts", "a text each"],
)
def test_the_names_of_tools_are_found_in_every_shape_of_definitions(definitions: list[object]) -> None:
    assert offered_tools(definitions) == ["ask", "pay"]


@pytest.mark.parametrize(
    "definition",
    [None, 7, "no JSON", "[", [[[[[[[[[[[{"name": "deep"}]]]]]]]]]]], {"name": 7}, {"name": ""}, {"function": 7}, {}],
    ids=repr,
)
def test_what_is_no_definition_has_no_name(definition: object) -> None:
    assert offered_tools([definition]) == []


def test_names_are_bounded_in_length_and_number() -> None:
    names = offered_tools([json.dumps([{"name": f"{number:04}" + "x" * 10_000} for number in range(2_000)])])
    assert len(names) == 512
    assert all(len(name) == 128 for name in names)
