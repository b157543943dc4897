"""What goes on telling of removed runs where no record is: weekly reports, alerts with their messages, saved views."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

import duckdb

_PARTS_OF_GROUP = re.compile(r" · | → ")  # as alerts/ join the names of a group


def names_of(
    connection: duckdb.DuckDBPyConnection,
    project: str,
    run_ids: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
) -> set[str]:
    """What these runs, or all of the project's, are known by: ids, and the names of their workflows, people, agents,
    services, tools and models; of these names, if some are given."""
    known = {"project": project, "run_ids": run_ids, "names": names}
    return {row[0] for row in connection.execute(_NAMES, known).fetchall()}


def drop_reports(connection: duckdb.DuckDBPyConnection, project: str, first_at: datetime) -> None:
    """Drop every report that was made of a time in which something at `first_at` or later could be told of. What is
    still there of its week is told again by whoever asks next."""
    connection.execute(_REPORTS, {"project": project, "first_at": first_at})


def drop_mentions(connection: duckdb.DuckDBPyConnection, project: str, names: Iterable[str]) -> None:
    """Drop the alerts that are about one of these names and the messages about them, the silences of such, and the
    saved views that look for one; but for names that runs still bear."""
    told = {table: connection.execute(sql, {"project": project}).fetchall() for table, sql in _TELLING.items()}
    said = {table: [(row_id, _said(group, address)) for row_id, group, address in rows] for table, rows in told.items()}
    mentioned = set(names).intersection(name for rows in said.values() for _, one in rows for name in one)
    gone = mentioned - names_of(connection, project, names=list(mentioned)) if mentioned else set()
    for table, rows in said.items():
        ids = [row_id for row_id, one in rows if gone & one]
        if ids:
            for sql in _DROP[table]:
                connection.execute(sql, {"project": project, "ids": ids})


def _said(group: str, address: str) -> set[str]:
    """The names in a group's name and in the query of an address."""
    return {group, *_PARTS_OF_GROUP.split(group), *(value for _, value in parse_qsl(urlsplit(address).query))}


_NAMES = """
    select distinct name
    from (
        select unnest(
            [run_id, conversation_id, user_id, workflow_name, name] || trace_ids || agent_names || service_names
            || tool_names || models || requested_models
        ) as name
        from runs
        where project = $project and ($run_ids is null or list_contains($run_ids::varchar[], run_id))
    )
    where name <> '' and ($names is null or list_contains($names::varchar[], name))
"""

# A week ends within a day of seven days after its Monday, wherever it begins.
_REPORTS = """
    delete from weekly_reports
    where project = $project
        and greatest(
            made_at, kept_at, (strptime(week || '-1', '%G-W%V-%u') + interval 8 days)::timestamp_ns
        ) >= $first_at::timestamp_ns
"""

# By table: id, group and address of what is told.
_TELLING = {
    "alerts": "select alert_id, group_name, address from alerts where project = $project",
    "alert_silences": "select silence_id, coalesce(group_name, ''), '' from alert_silences where project = $project",
    "saved_views": "select view_id, '', address from saved_views where project = $project",
}
_DROP = {
    "alerts": (
        "delete from alert_notifications where project = $project and list_has_any(alert_ids, $ids)",
        "delete from alerts where project = $project and list_contains($ids, alert_id)",
    ),
    "alert_silences": ("delete from alert_silences where project = $project and list_contains($ids, silence_id)",),
    "saved_views": ("delete from saved_views where project = $project and list_contains($ids, view_id)",),
}
