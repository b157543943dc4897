-- Model calls learn what was said from the log records sent under them, or, of those sent beside (Claude Code's
-- answers), the last call begun before. What the call's own record says goes first.
update records
set
    input_preview = coalesce(records.input_preview, heard.input_preview),
    output_preview = coalesce(records.output_preview, heard.output_preview),
    proposed_calls = coalesce(records.proposed_calls, nullif(heard.proposed_calls, [])),
    answered_calls = coalesce(records.answered_calls, nullif(heard.answered_calls, []))
from (
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
            row_number() over () as line,
            epoch_ns(logged_at) as said_ns,
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
    )

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
) as heard
where records.row_id = heard.row_id
