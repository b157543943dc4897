-- Which records go when these runs, this conversation and these users are removed? One row per span, log record and
-- metric point: all of the runs' traces and of those that name the conversation or a user; without a trace, what bears
-- the key of a run, or its conversation, while it ran; and what has one of these labels or came from one of these
-- resources.
with traces as (
    select unhex(unnest($trace_ids::varchar[])) as trace_id
    union
    select trace_id
    from spans
    where project = $project and trace_id is not null
        and (conversation_id = $conversation_id or list_contains($user_ids::varchar[], user_id))
),

untraced as (
    select
        unnest($run_keys::varchar[]) as run_key,
        unnest($conversation_ids::varchar[]) as conversation_id,
        make_timestamp_ns(unnest($sinces::bigint[])) as since,
        make_timestamp_ns(unnest($untils::bigint[])) as until
),

span_rows as (
    select rowid as row_id
    from spans
    semi join traces using (trace_id)
    where project = $project
    union
    select rowid
    from spans
    where project = $project
        and (
            conversation_id = $conversation_id
            or list_contains($user_ids::varchar[], user_id)
            or list_contains($resource_ids::ubigint[], resource_id)
        )
    union
    select rowid
    from spans
    where project = $project and has_any_label(labels, $labels::varchar[])
    union
    select spans.rowid
    from spans
    inner join untraced
        on (spans.run_key = untraced.run_key or spans.conversation_id = untraced.conversation_id)
            and coalesce(spans.started_at, spans.received_at) between untraced.since and untraced.until
    where spans.project = $project and spans.trace_id is null
),

log_rows as (
    select rowid as row_id
    from log_records
    semi join traces using (trace_id)
    where project = $project
    union
    select rowid
    from log_records
    where project = $project
        and (
            conversation_id = $conversation_id
            or list_contains($resource_ids::ubigint[], resource_id)
            or has_any_label(labels, $labels::varchar[])
        )
    union
    select log_records.rowid
    from log_records
    inner join untraced
        on (log_records.run_key = untraced.run_key or log_records.conversation_id = untraced.conversation_id)
            and coalesce(log_records.logged_at, log_records.received_at) between untraced.since and untraced.until
    where log_records.project = $project and log_records.trace_id is null
)

select
    record_signal,
    block_id,
    block_position,
    min(trace_id) as trace_id,
    min(happened_at) as happened_at
from (
    select
        case when signal = 'log' then 'log' else 'span' end as record_signal,
        block_id,
        block_position,
        lower(hex(trace_id)) as trace_id,
        coalesce(started_at, received_at) as happened_at
    from spans
    where rowid in (select row_id from span_rows)
    union all
    select
        'log' as record_signal,
        block_id,
        block_position,
        lower(hex(trace_id)) as trace_id,
        coalesce(logged_at, received_at) as happened_at
    from log_records
    where rowid in (select row_id from log_rows)
    union all
    select
        'metric' as record_signal,
        block_id,
        block_position,
        null as trace_id,
        measured_at as happened_at
    from metric_points
    where project = $project
        and (
            list_contains($resource_ids::ubigint[], resource_id)
            or has_any_label(labels, $labels::varchar[])
        )
    union all
    select
        case when signal = 'log' then 'log' else 'span' end as record_signal,
        block_id,
        block_position,
        trace_id,
        started_at as happened_at
    from steps
    where project = $project and list_contains($run_ids::varchar[], run_id) and signal <> 'message'
)
group by record_signal, block_id, block_position
order by block_id, block_position
