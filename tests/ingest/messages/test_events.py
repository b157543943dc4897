from ingest.messages.events import from_events
from tests.ingest.messages.expected import ANSWERED, ASKED, CALLED, text


def test_old_otel_events_are_read_in_order() -> None:
    tool_calls = [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Kiel"}'}}]
    events: list[tuple[str, object]] = [
        ("gen_ai.system.message", {"content": "Be brief."}),
        ("gen_ai.user.message", {"content": "Is it raining in Kiel?", "role": "user"}),
        ("gen_ai.assistant.message", {"tool_calls": tool_calls}),
        ("gen_ai.tool.message", {"content": "rain, 9 °C", "id": "c1"}),
        ("exception", {"exception.type": "ValueError"}),
        ("gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Yes."}}),
    ]
    assert from_events(events) == [
        text("system", "Be brief."),
        ASKED,
        CALLED,
        ANSWERED,
        text("assistant", "Yes.", finish_reason="stop"),
    ]


def test_calls_beside_the_message_of_a_choice_event_are_read() -> None:
    choice = {
        "index": 0,
        "finish_reason": "tool_calls",
        "message": {"content": ""},
        "tool_calls": [{"id": "c1", "function": {"name": "weather", "arguments": '{"city": "Kiel"}'}}],
    }
    assert from_events([("gen_ai.choice", choice)]) == [{**CALLED, "finish_reason": "tool_calls"}]


def test_strands_events_hold_json_text() -> None:
    events: list[tuple[str, object]] = [
        ("gen_ai.user.message", {"content": '[{"text": "Is it raining in Kiel?"}]'}),
        (
            "gen_ai.choice",
            {
                "message": '[{"toolUse": {"toolUseId": "c1", "name": "weather", "input": {"city": "Kiel"}}}]',
                "tool.result": '[{"toolResult": {"toolUseId": "c1", "content": [{"text": "rain, 9 °C"}]}}]',
                "finish_reason": "tool_use",
            },
        ),
        ("gen_ai.choice", {"message": "Yes, at 9 °C.\n", "finish_reason": "end_turn"}),
    ]
    assert from_events(events) == [
        ASKED,
        {**CALLED, "finish_reason": "tool_use"},
        ANSWERED,
        text("assistant", "Yes, at 9 °C.\n", finish_reason="end_turn"),
    ]


def test_event_bodies_sent_as_json_text_are_read() -> None:
    events: list[tuple[str, object]] = [
        ("gen_ai.user.message", '{"role": "user", "content": "Is it raining in Kiel?"}'),
        ("gen_ai.user.message", {"gen_ai.event.content": '{"content": "Kiel?"}'}),
        ("gen_ai.content.completion", {"gen_ai.completion": '[{"role": "assistant", "content": "Yes."}]'}),
    ]
    assert from_events(events) == [ASKED, text("user", "Kiel?"), text("assistant", "Yes.")]
