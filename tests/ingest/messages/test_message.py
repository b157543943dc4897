"""Parts inside one message."""

from ingest.messages.canonical import tool_calls
from ingest.messages.envelopes import to_messages
from tests.ingest.messages.expected import CALLED, answer, call, text


def test_pydantic_ai_names_the_result_and_gives_it_to_the_user() -> None:
    sent = [{"role": "user", "parts": [{"type": "tool_call_response", "id": "c1", "name": "weather", "result": [9]}]}]
    assert to_messages(sent) == [{"role": "user", "parts": [answer([9])]}]


def test_arguments_sent_as_json_text_are_read() -> None:
    sent = [{"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "f", "arguments": '{"a": 1}'}]}]
    assert tool_calls(to_messages(sent)) == [{"id": "c1", "name": "f", "args": '{"a":1}'}]


def test_arguments_that_are_no_json_stay_text() -> None:
    sent = {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": '{"a": '}}]}
    assert to_messages(sent) == [{"role": "assistant", "parts": [call("f", '{"a": ')]}]


def test_parts_of_other_types_are_kept_as_they_are() -> None:
    approval = {"type": "tool_approval_response", "approvalId": "a1", "approved": False, "reason": "too dear"}
    picture = {"type": "blob", "mime_type": "image/png", "content": "aGk="}
    sent = [{"role": "user", "parts": [picture]}, {"role": "tool", "content": [approval, answer("late")]}]
    assert to_messages(sent) == [
        {"role": "user", "parts": [picture]},
        {"role": "tool", "parts": [approval, answer("late")]},
    ]


def test_reprs_of_response_items_are_read_inside_text_parts() -> None:
    shown = (
        "ResponseFunctionToolCall(arguments='{\"city\": \"Kiel\"}', call_id='c1', name='weather', "
        "type='function_call', id='fc1', status=None)"
    )
    sent = [{"role": "assistant", "parts": [{"type": "text", "content": shown}]}]
    assert to_messages(sent) == [CALLED]


def test_a_refusal_is_what_the_assistant_said() -> None:
    sent = {"role": "assistant", "content": None, "refusal": "I can't."}
    assert to_messages(sent) == [text("assistant", "I can't.")]
