-- Which step is each step's parent? One row per record of a run, numbered in the order of the list: by run, then
-- time, the longer first. A log record's parent is the span it was sent under.
create or replace temp table nodes as
with numbered as (
    select
        records.row_id,
        records.project,
        homes.run,
        records.trace_id,
        records.span_id,
        records.parent_span_id,
        records.signal,
        records.kind,
        records.pause,
        row_number() over (
            order by
                homes.run, records.start_ns, records.end_ns desc, records.signal desc, records.span_id, records.row_id
        ) - 1 as node,
        coalesce(records.input_tokens, records.output_tokens) is not null as has_usage,
        records.agent_name is not null as has_agent_name,
        records.tool_name is not null as has_tool_name
    from records
    inner join homes on records.row_id = homes.row_id
),

spans_of_traces as (
    select
        project,
        trace_id,
        span_id,
        min(node) as node
    from numbered
    where signal = 'span' and trace_id is not null
    group by project, trace_id, span_id
)

select
    numbered.row_id,
    numbered.run,
    numbered.node,
    spans_of_traces.node as parent,
    numbered.signal = 'span' and numbered.parent_span_id is not null and spans_of_traces.node is null as is_orphan,
    numbered.kind = 'agent' and numbered.has_agent_name as names_agent,
    numbered.kind in ('llm', 'tool', 'agent') as is_boundary,
    numbered.kind in ('tool', 'agent') or (numbered.kind = 'llm' and numbered.has_usage) as is_metered_boundary,
    numbered.kind in ('llm', 'agent') or (numbered.kind = 'tool' and numbered.has_tool_name) as is_named_boundary,
    numbered.kind = 'tool' as is_tool,
    numbered.kind = 'approval' as is_approval,
    numbered.kind in ('llm', 'embedding') and numbered.has_usage as has_usage,
    numbered.kind in ('agent', 'llm', 'tool') as acts,
    coalesce(numbered.pause = 'pending', false) as waits
from numbered
left join spans_of_traces
    on numbered.project = spans_of_traces.project
        and numbered.trace_id = spans_of_traces.trace_id
        and numbered.parent_span_id = spans_of_traces.span_id
order by numbered.node
