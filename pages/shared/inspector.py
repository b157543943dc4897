"""Everything of one step: its conversation, arguments and result, attributes, events, logs, the raw record."""

import json
from collections.abc import Sequence
from typing import Any

import polars as pl
import streamlit as st

from pages.shared import address, data, links, price, restricted
from pages.shared.format import cost, count, duration, one_line, plain
from pages.shared.run_head import approval_line, correction_line, status_badge
from pages.shared.steps import why

# Of one text, and of one conversation, on a page; the browser would take seconds over more.
MOST_LETTERS, MOST_MESSAGES = 20_000, 60
AVATARS = {
    "user": ":material/person:",
    "assistant": ":material/smart_toy:",
    "system": ":material/tune:",
    "tool": ":material/build:",
}


def draw(project: str, run: dict[str, Any], steps: pl.DataFrame, opened: str | None) -> None:
    """The opened step, with the way to its neighbours."""
    if opened is None:
        st.caption("This run has no steps.")
        return
    step = steps.row(by_predicate=pl.col("step_id") == opened, named=True)
    _neighbours(steps if step["kind"] == "other" else steps.filter(pl.col("kind") != "other"), opened)
    facts(step)
    detail = data.answer("step", project=project, run_id=run["run_id"], step_id=opened)
    people = {name: [act for act in run[name] if act["step_id"] == opened] for name in ("approvals", "corrections")}
    error(step, detail["error_stack"])
    price.draw(detail)
    if detail["is_content_restricted"]:
        st.caption(f"{restricted.SENTENCE}.")
        return
    tabs = st.tabs(list(VIEWS), **address.bound("view", address.text("view", "Content", VIEWS), "Content"))
    for tab, view in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab:
                view(detail | people)


def _neighbours(steps: pl.DataFrame, opened: str) -> None:
    position = steps["step_id"].index_of(opened) or 0
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        for label, icon, other in (
            ("Previous step", "chevron_left", position - 1),
            ("Next step", "chevron_right", position + 1),
        ):
            inside = 0 <= other < steps.height
            st.button(
                label,
                key=label.lower().replace(" ", "_"),
                icon=f":material/{icon}:",
                disabled=not inside,
                on_click=links.open_step,
                args=(steps["step_id"][other] if inside else "",),
            )
        st.text(f"{count(position + 1)} of {count(steps.height)}")


def facts(step: dict[str, Any]) -> None:
    """Name, state and numbers of a described step."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="step_name"):
        status_badge(step["status"])
        st.text(f"{step['kind']}  {one_line(step['label'], 120)}")
    known = {
        "Duration": None if step["duration_ms"] is None else duration(step["duration_ms"]),
        "Began after": None if step["start_ms"] is None else duration(step["start_ms"]),
        "Model": " → ".join(dict.fromkeys(m for m in (step["requested_model"], step["served_model"]) if m)),
        "Provider": step["provider"],
        "Tokens": _tokens(step),
        "Cost": None if step["cost_usd"] is None else f"{cost(step['cost_usd'])} ({step['cost_source']})",
        "First token after": None if step["ttft_ms"] is None else duration(step["ttft_ms"]),
        "Human time inside": None if step["wait_ms"] is None else duration(step["wait_ms"]),
        "Finish": ", ".join(step["finish_reasons"] or []),
        "Agent": step["agent_name"],
        "Tool call": step["tool_call_id"],
        "Span name": step["name"],
        "Step": step["step_id"],
    }
    pairs({name: value for name, value in known.items() if value})
    if step["note"]:
        st.text(f"Note: {step['note']}")


def error(step: dict[str, Any], stack: str | None) -> None:
    """Why the step failed, if it did."""
    if step["status"] != "error" and not step["error_message"]:
        return
    with st.container(key="step_error"):
        st.text(why(step))
    if stack:
        with st.expander("Stack trace"):
            block(stack)


def content(detail: dict[str, Any]) -> None:
    """Who decided and corrected; a tool's arguments and result; messages as a conversation."""
    shown = _people(detail)
    for label, name in (("Arguments", "tool_args"), ("Result", "tool_result")):
        if detail.get(name):
            st.markdown(f"**{label}**")
            block(detail[name])
            shown = True
    system = _messages([{"role": "system", "parts": detail.get("system_instructions")}])
    messages = [*system, *_messages(detail.get("input_messages")), *_messages(detail.get("output_messages"))]
    if len(messages) > MOST_MESSAGES:
        st.caption(f"The last {MOST_MESSAGES} of {count(len(messages))} messages; Raw and the download have them all.")
    for message in messages[-MOST_MESSAGES:]:
        _message(message)
        shown = True
    if detail.get("tool_definitions"):
        with st.expander("Tool definitions"):
            block(detail["tool_definitions"])
        shown = True
    if not shown:
        st.caption("The telemetry of this step carries no messages, arguments or result.")


def _people(detail: dict[str, Any]) -> bool:
    for asked in detail["approvals"]:
        _change(approval_line(asked), asked["args_before"], asked["args_after"])
    for made in detail["corrections"]:
        _change(correction_line(made), made["value_before"], made["value_after"])
    return bool(detail["approvals"] or detail["corrections"])


def _change(line: str, before: str | None, after: str | None) -> None:
    st.text(line)
    for label, value in (("Before" if after else "As asked for", before), ("After", after)):
        if value:
            st.markdown(f"**{label}**")
            block(value)


def attributes(detail: dict[str, Any]) -> None:
    """The step's attributes as sent, then those of resource and scope."""
    _attribute_table("Step", detail["attributes"])
    _attribute_table("Resource", (detail["resource"] or {}).get("attributes", []))
    scope = detail["scope"] or {}
    st.text(f"Scope  {one_line(scope.get('name'))} {one_line(scope.get('version') or '')}")
    _attribute_table("Scope", scope.get("attributes", []))
    if detail["links"]:
        st.markdown("**Links**")
        block(detail["links"])


def events(detail: dict[str, Any]) -> None:
    """The span's events, each with its attributes."""
    if not detail["events"]:
        st.caption("This step has no events.")
    for event in detail["events"]:
        _attribute_table_of_event(event)


def logs(detail: dict[str, Any]) -> None:
    """The log records that belong to the step."""
    if not detail["logs"]:
        st.caption("No log records belong to this step.")
    for record in detail["logs"]:
        block(record)


def raw(detail: dict[str, Any]) -> None:
    """The record as OTLP/JSON."""
    block(detail["record"])


def block(value: Any) -> None:
    """JSON or text of any length as it is, wrapped, with a word where it is cut."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    language = None
    if len(text) <= MOST_LETTERS and (parsed := _as_json(text)) is not None:
        text, language = json.dumps(parsed, ensure_ascii=False, indent=2), "json"
    shown = plain(text[:MOST_LETTERS])
    st.code(
        shown,
        language=language,
        wrap_lines=True,
        height=420 if shown.count("\n") > 24 or len(shown) > 2400 else "content",
    )
    _say_cut(len(text))


def pairs(values: dict[str, Any]) -> None:
    """Names and values as a small two-column table of text."""
    frame = pl.DataFrame({"name": list(values), "value": [one_line(str(value), 400) for value in values.values()]})
    st.dataframe(
        frame,
        hide_index=True,
        height="content",
        row_height=28,
        alt="Facts of the step",
        column_config={
            "name": st.column_config.TextColumn("Fact", width=130),
            "value": st.column_config.TextColumn("Value"),
        },
    )


def _attribute_table(title: str, items: Sequence[dict[str, Any]]) -> None:
    if not items:
        return
    st.markdown(f"**{title}**")
    frame = pl.DataFrame(
        {
            "key": [one_line(item["key"], 200) for item in items],
            "value": [one_line(_value_text(item["value"]), 2000) for item in items],
        }
    )
    st.dataframe(
        frame,
        hide_index=True,
        height="content" if frame.height <= 20 else 640,
        row_height=28,
        alt=f"{title} attributes",
        column_config={
            "key": st.column_config.TextColumn("Key", width=230),
            "value": st.column_config.TextColumn("Value"),
        },
    )


def _attribute_table_of_event(event: dict[str, Any]) -> None:
    with st.container(border=True, gap="xsmall"):
        st.text(one_line(event.get("name"), 200))
        block({item["key"]: _plain_value(item["value"]) for item in event.get("attributes", [])})


def _tokens(step: dict[str, Any]) -> str | None:
    if step["input_tokens"] is None and step["output_tokens"] is None:
        return None
    parts = [f"{count(step['input_tokens'])} in", f"{count(step['output_tokens'])} out"]
    for name, label in (
        ("cache_read_tokens", "cached"),
        ("cache_write_tokens", "cache write"),
        ("reasoning_tokens", "reasoning"),
    ):
        if step[name]:
            parts.append(f"{count(step[name])} {label}")
    return ", ".join(parts)


def _messages(messages: Any) -> list[dict[str, Any]]:
    return [message for message in messages or [] if message.get("parts")]


def _message(message: dict[str, Any]) -> None:
    role = message.get("role")
    with st.chat_message(role if role in AVATARS else "message", avatar=AVATARS.get(role or "", ":material/chat:")):
        st.text(one_line(role, 40) + (f"  ({one_line(message['name'], 60)})" if message.get("name") else ""))
        for part in message["parts"]:
            _part(part)


def _part(part: dict[str, Any]) -> None:
    match part.get("type"):
        case "text":
            _text(part.get("content"))
        case "reasoning":
            with st.expander("Reasoning", icon=":material/psychology:"):
                _text(part.get("content"))
        case "tool_call":
            st.text(f"calls {one_line(part.get('name'), 120)}  {one_line(part.get('id') or '', 80)}")
            block(part.get("arguments"))
        case "tool_call_response":
            st.text(f"result of call {one_line(part.get('id'), 80)}")
            block(part.get("response", part.get("result")))
        case _:
            block(part)


def _text(value: Any) -> None:
    if not isinstance(value, str):
        block(value)
        return
    if len(value) > 3000:
        with st.container(height=420):
            st.text(plain(value[:MOST_LETTERS]))
    else:
        st.text(plain(value))
    _say_cut(len(value))


def _say_cut(letters: int) -> None:
    if letters > MOST_LETTERS:
        st.caption(f"The first {count(MOST_LETTERS)} of {count(letters)} characters; the download has them all.")


def _as_json(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _value_text(value: Any) -> str:
    plain_value = _plain_value(value)
    return plain_value if isinstance(plain_value, str) else json.dumps(plain_value, ensure_ascii=False)


def _plain_value(value: Any) -> Any:
    """An OTLP/JSON AnyValue as a plain one."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    kind, inner = next(iter(value.items()))
    if kind == "arrayValue":
        return [_plain_value(item) for item in inner.get("values", [])]
    if kind == "kvlistValue":
        return {item["key"]: _plain_value(item.get("value")) for item in inner.get("values", [])}
    return inner


VIEWS = {"Content": content, "Attributes": attributes, "Events": events, "Logs": logs, "Raw": raw}
