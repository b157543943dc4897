import orjson
import pytest

from ingest.paths import at_path

SENT = {
    "prompt_tokens_details": {"cached_tokens": 12},
    "choices": [{"finish_reason": "stop"}, {}, {"finish_reason": "length"}],
    "resume": {"type": "edit", "body": "x"},
    "inner": '{"action": {"action": "deny"}}',
    "zero": 0,
}
DECIDED = [
    {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
    {
        "role": "user",
        "parts": [
            {"type": "text", "content": "go on"},
            {"type": "tool_approval_response", "approved": False, "reason": "too dear"},
            {"type": "tool_approval_response", "approved": True},
        ],
    },
]


@pytest.mark.parametrize(
    ("value", "path", "found"),
    [
        (SENT, "prompt_tokens_details.cached_tokens", 12),
        (SENT, "input_tokens | zero", 0),
        (SENT, "input_tokens | output_tokens", None),
        (SENT, "choices.*.finish_reason", ["stop", "length"]),
        (SENT, "choices.2.finish_reason", "length"),
        (SENT, "choices.7.finish_reason", None),
        (SENT, "choices.x", None),
        (SENT, "resume.type=edit", SENT),
        (SENT, "resume.type=reject", None),
        (SENT, "inner.action.action", "deny"),
        (orjson.dumps(SENT).decode(), "resume.body", "x"),
        (["evaluated", '{"action": {"action": "ask"}}'], "1 → action.action", "ask"),
        (DECIDED, "role=system", DECIDED[:1]),
        (DECIDED, "role=tool", None),
        (DECIDED, "*.parts.0.content", ["Be brief.", "go on"]),
        (DECIDED, "part.type=tool_approval_response → approved", False),
        (DECIDED, "part.type=tool_approval_response → reason", "too dear"),
        (DECIDED, "part.type=text", {"type": "text", "content": "Be brief."}),
        (DECIDED, "part.type=function_approval_request", None),
        ("plain", "a.b", None),
        (None, "a", None),
        (5, "*", None),
    ],
)
def test_paths_lead_to_their_value(value: object, path: str, found: object) -> None:
    assert at_path(value, path) == found
