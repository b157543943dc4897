-- What do model calls learn from the log records sent under them, or, of those sent beside (Claude Code's answers), as
-- the last call begun before? One row per model call that was spoken for. What a call's own record says goes first, so
-- lists that it has are left out; for texts steps.sql and twin_records.sql see to it.
insert into heard
with models as (
    select
        row_id,
        project,
        trace_id,
        span_id,
        signal,
        coalesce(run_key, hex(trace_id)) as place,
        start_ns
    from records
    where kind = 'llm'
),

lines as (
    select
        *,
        coalesce(run_key, hex(trace_id)) as place
    from speech
),

under as (
    select
        lines.line,
        models.row_id
    from lines
    inner join models
        on lines.project = models.project and lines.trace_id = models.trace_id
            and lines.span_id = models.span_id and models.signal = 'span'
),

beside as (
    select
        lines.line,
        models.row_id
    from (
        select *
        from lines
        anti join under on lines.line = under.line
        where lines.output_preview is not null or lines.proposed_calls is not null
    ) as lines
    asof inner join models
        on lines.project = models.project and lines.place = models.place and lines.said_ns >= models.start_ns
),

told as (
    select
        listeners.row_id,
        arg_max(lines.input_preview, lines.said_ns) as input_preview,
        arg_max(lines.output_preview, lines.said_ns) as output_preview,
        flatten(list(coalesce(lines.proposed_calls, []) order by lines.said_ns, lines.line)) as proposed_calls,
        flatten(list(coalesce(lines.answered_calls, []) order by lines.said_ns, lines.line)) as answered_calls
    from (
        from under
        union all
        from beside
    ) as listeners
    inner join lines on listeners.line = lines.line
    group by listeners.row_id
)

select
    told.row_id,
    told.input_preview,
    told.output_preview,
    case when not records.has_proposed then nullif(told.proposed_calls, []) end as proposed_calls,
    case when not records.has_answered then nullif(told.answered_calls, []) end as answered_calls
from told
inner join records on told.row_id = records.row_id
