"""Content, and who is shown it: what agents were told, answered and passed on, and what people wrote about it.

In projects whose content is restricted it is shown to those alone who may review. Every answer passes here on its way
out of the query layer. Numbers, times and truth values are never content; a column of text is, unless it is listed as
plain here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from queries.filters import BadFilter, read_project
from settings import Settings, SettingsError, variable

ALL_PROJECTS = "*"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# By name, or as `question.name` where a name means something else there.
CONTENT = _names("""
    args_after args_before body_preview document error_message example input_preview label_values.value labels note
    output_preview pattern proposed_calls reason route_reason tool_args tool_result value_after value_before
    worst_explanation
""")
_IDS_AND_PERSONS = _names("""
    about act alert_id alert_ids approval_id assigned_to conversation_id corrected_by correction_id counted_as decider
    decider_type error_step_id fingerprint first_step_id id judged_step_id key_id last_run_id made_by marked_by
    notification_id parent_step_id pinned_by project response_id role run_id silence_id sort_name span_id step_id
    tool_call_id trace_id trace_ids user_id via view_id who worst_step_id
""")
_NAMES = _names("""
    agent_name agent_names agents change_kind change_name change_subject changed_from changed_to environment
    evaluation_case evaluation_name evaluation_names event_name gate_policy gateway group_name key keys label mcp_server
    mcp_servers metric_name model models name offered_tools operation previous_version prompt_name prompt_version
    provider releases requested_model requested_models resolved_in route_gateway rule run_name scope_name served_model
    service_name service_names service_version services silent_service step_name subject tool_name tool_names tool_type
    value workflow workflow_name workflows worst_name
""")
_KINDS_AND_STATES = _names("""
    approval_decision change cost_source cut decision dialects error_type evaluation_label evidence field final_status
    finish_reasons flaws kind kinds marked_state metric_type outcome pause period record_signal run_status severity_text
    signal silent_signal state status step_kind strength target temporalities top_label unit window worst_evaluator_type
    worst_label
""")
# Alerts, views and the ledger.
_OF_RUNLIGHT_ITSELF = _names("""
    address alert_silences.reason asked body channel detail ingest_rejections.reason last_error question redacted_counts
    rejected_reasons sample title tz week
""")
PLAIN = _IDS_AND_PERSONS | _NAMES | _KINDS_AND_STATES | _OF_RUNLIGHT_ITSELF


class ContentRestricted(Exception):
    """What was asked for holds content, and whoever asks is not shown it; its text says so in a sentence."""

    def __init__(self, project: str) -> None:
        super().__init__(
            f"content is restricted in the project {project}: this is for those who may review (an API key with scope "
            "review or admin, or a person with such a role)"
        )


def is_content(question: str, column: pa.Field) -> bool:
    """Whether a column of this question's answer holds content, as far as is known."""
    if not _is_text(column.type):
        return False
    here = f"{question}.{column.name}"
    return here in CONTENT or (here not in PLAIN and column.name not in PLAIN)


def restricted_projects(settings: Settings) -> frozenset[str]:
    """Those that the setting names. Raises SettingsError for what no project is called."""
    names = frozenset(name.strip() for name in settings.restricted_content.split(",") if name.strip())
    for name in names - {ALL_PROJECTS}:
        try:
            read_project(name)
        except BadFilter:
            raise SettingsError(f"{variable('restricted_content')}: no project is called {name[:80]!r}") from None
    return names


def _nobody_hears(_: str | None) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Sight:
    """What one request is shown. `looked` hears of each project whose restricted content is shown, `withheld` of each
    of which it is not; None is several projects at once."""

    restricted: frozenset[str] = frozenset()
    may_see: bool = True
    looked: Callable[[str | None], None] = _nobody_hears
    withheld: Callable[[str | None], None] = _nobody_hears

    def withholds(self, project: str | None) -> bool:
        """Whether content of this project is not shown."""
        return not self.may_see and self._restricts(project)

    def expect(self, project: str) -> None:
        """Raises ContentRestricted if the project's content is not shown; else it is about to be."""
        if self.withholds(project):
            self.withheld(project)
            raise ContentRestricted(project)
        self.look(project)

    def look(self, project: str | None) -> None:
        """Content of this project is about to be shown."""
        if self._restricts(project):
            self.looked(project)

    def shown(self, question: str, project: str | None, rows: pa.Table) -> pa.Table:
        """The answer of a question, with null for all content that is not shown."""
        if not self._restricts(project) or not rows.num_rows:
            return rows
        content = [place for place, column in enumerate(rows.schema) if is_content(question, column)]
        if not content:
            return rows
        if self.may_see:
            self.looked(project)
            return rows
        self.withheld(project)
        for place in content:
            column = rows.schema.field(place).with_nullable(True)
            rows = rows.set_column(place, column, pa.nulls(rows.num_rows, column.type))
        return rows

    def _restricts(self, project: str | None) -> bool:
        if project is None:
            return bool(self.restricted)
        return project in self.restricted or ALL_PROJECTS in self.restricted


EVERYTHING = Sight()
_NO_TEXT = (
    *(pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean, pa.types.is_temporal),
    pa.types.is_null,
)


def _is_text(kind: pa.DataType) -> bool:
    """Whether a value of this type can be a text, or have one in it."""
    if pa.types.is_list(kind):
        return _is_text(kind.value_type)
    return not any(is_of(kind) for is_of in _NO_TEXT)
