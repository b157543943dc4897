-- Which records repeat a call that another one tells of? One row per record that is not counted (conventions, 3.5).
-- twin_of is the record that is counted in its place and takes over what it lacks; null for a wrapper around several
-- calls, whose totals belong to none of them, and where nobody says which call was repeated.
create or replace temp table twins as
with calls as (
    select
        tree.run,
        tree.node,
        tree.parent,
        tree.depth,
        tree.boundary_node,
        tree.metered_node,
        tree.named_node,
        records.kind,
        records.signal,
        records.start_ns,
        records.end_ns,
        records.dialects,
        records.scope_name,
        records.response_id,
        records.tool_call_id,
        records.tool_name,
        records.model,
        records.input_tokens,
        records.output_tokens,
        records.reasoning_tokens,
        coalesce(records.input_tokens, records.output_tokens) is not null as has_usage,
        records.is_error,
        records.twin_rank,
        -- The one to keep: of the better signal, with a reported cost, with usage, with most fields, the deepest.
        row_number() over (
            order by
                records.twin_rank, records.signal <> 'span', not records.has_cost,
                coalesce(records.input_tokens, records.output_tokens) is null, records.field_count desc,
                tree.depth desc, tree.node
        ) as preference
    from tree
    inner join records on tree.row_id = records.row_id
    where tree.run in (select run from suspects) and records.kind in ('llm', 'tool')
),

-- Model calls within model calls, with no agent or tool between. The outer one is a wrapper if an inner one reports
-- usage, or if it has none itself; else the inner ones that came through repeat the outer.
inner_calls as (
    select
        inners.node,
        inners.has_usage or not inners.is_error as came_through,
        outers.node as outer_node
    from calls as inners
    inner join calls as outers
        on inners.boundary_node = outers.node and outers.kind = 'llm' and not outers.has_usage
    where inners.kind = 'llm' and inners.signal = 'span' and outers.signal = 'span'
    union all
    select
        inners.node,
        true as came_through,
        outers.node as outer_node
    from calls as inners
    inner join calls as outers
        on inners.metered_node = outers.node and outers.kind = 'llm'
    where inners.kind = 'llm' and inners.signal = 'span' and outers.signal = 'span' and inners.has_usage
),

wrappers as (
    select
        outer_node as node,
        case when count(*) filter (where came_through) = 1 then min(node) filter (where came_through) end as twin_of
    from inner_calls
    group by outer_node
),

echoes as (
    select
        inners.node,
        outers.node as twin_of
    from calls as inners
    inner join calls as outers on inners.metered_node = outers.node and outers.kind = 'llm' and outers.signal = 'span'
    anti join wrappers on outers.node = wrappers.node
    where inners.kind = 'llm' and inners.signal = 'span' and not inners.has_usage and not inners.is_error
),

-- A tool within a tool of the same name, or without a name (an MCP client's span has only the method).
inner_tools as (
    select
        inners.node,
        outers.node as twin_of
    from calls as inners
    inner join calls as outers on inners.named_node = outers.node and outers.kind = 'tool'
    where inners.kind = 'tool' and coalesce(inners.tool_name, outers.tool_name) = outers.tool_name
    union all
    select
        outers.node,
        case when count(*) = 1 then min(inners.node) end as twin_of
    from calls as inners
    inner join calls as outers
        on inners.boundary_node = outers.node and outers.kind = 'tool' and outers.tool_name is null
    anti join calls as above on outers.named_node = above.node and above.kind = 'tool'
    where inners.kind = 'tool' and inners.tool_name is not null
    group by outers.node
),

nested as (
    select
        node,
        arg_min(twin_of, source) as twin_of
    from (
        select
            node,
            twin_of,
            1 as source
        from wrappers
        union all
        select
            node,
            twin_of,
            2 as source
        from echoes
        union all
        select
            node,
            twin_of,
            3 as source
        from inner_tools
    )
    group by node
),

-- Equal ids name one call, whoever tells of it.
named as (
    select
        calls.node,
        first_value(calls.node) over (partition by calls.run, calls.kind, calls.name order by calls.preference) as twin_of
    from (
        select
            calls.run,
            calls.kind,
            calls.node,
            calls.preference,
            case
                when calls.kind = 'llm' then calls.response_id
                else
                    calls.tool_call_id || ' '
                    || coalesce(calls.tool_name, max(calls.tool_name) over (partition by calls.run, calls.tool_call_id), '')
            end as name
        from calls
        anti join nested on calls.node = nested.node
    ) as calls
    where calls.name is not null
    qualify twin_of <> calls.node
),

-- Two instrumentations of one client: same parent, model and tokens at overlapping times, the n-th of one with the
-- n-th of the other.
siblings as (
    select
        node,
        first_value(node) over pair as twin_of
    from (
        select
            calls.run,
            calls.node,
            calls.parent,
            calls.model,
            calls.input_tokens,
            calls.output_tokens,
            calls.scope_name,
            calls.start_ns,
            calls.end_ns,
            calls.preference,
            row_number() over (
                partition by
                    calls.run, calls.parent, calls.model, calls.input_tokens, calls.output_tokens, calls.scope_name
                order by calls.start_ns, calls.node
            ) as place
        from calls
        anti join nested on calls.node = nested.node
        anti join named on calls.node = named.node
        where calls.kind = 'llm' and calls.signal = 'span' and calls.parent is not null
            and calls.input_tokens is not null and calls.output_tokens is not null
    )
    window pair as (partition by run, parent, model, input_tokens, output_tokens, place order by preference)
    qualify twin_of <> node
        and start_ns <= first_value(end_ns) over pair
        and end_ns >= first_value(start_ns) over pair
),

single as (
    select calls.*
    from calls
    anti join nested on calls.node = nested.node
    anti join named on calls.node = named.node
    anti join siblings on calls.node = siblings.node
),

-- A log and a span of one call without a common id: the log was sent under the span, or their tokens agree (Gemini's
-- span leaves the reasoning tokens out) or the tool's name does, each with the other nearest in time.
pairs as (
    select
        logs.node as log_node,
        spans.node as span_node,
        logs.parent = spans.node as is_under,
        abs(logs.end_ns - spans.end_ns) as distance,
        logs.preference < spans.preference as log_is_kept
    from single as logs
    inner join single as spans
        on logs.run = spans.run and logs.kind = spans.kind and spans.signal = 'span'
            and list_has_any(logs.dialects, spans.dialects)
            and (
                logs.parent = spans.node
                or (
                    logs.kind = 'llm'
                    and logs.input_tokens = spans.input_tokens
                    and (
                        logs.output_tokens = spans.output_tokens
                        or logs.output_tokens - logs.reasoning_tokens = spans.output_tokens
                    )
                )
                or (
                    logs.kind = 'tool'
                    and logs.tool_name = spans.tool_name
                    and (logs.tool_call_id is null or spans.tool_call_id is null)
                )
            )
    where logs.signal = 'log'
),

matched as (
    select
        case when log_is_kept then span_node else log_node end as node,
        case when log_is_kept then log_node else span_node end as twin_of
    from pairs
    qualify row_number() over (partition by log_node order by is_under desc, distance, span_node) = 1
        and row_number() over (partition by span_node order by is_under desc, distance, log_node) = 1
),

-- What is left of a signal that only repeats another one of the same dialect is not counted either.
outranked as (
    select single.node
    from single
    where single.twin_rank > 0
        and exists (
            select 1
            from single as better
            where better.run = single.run and better.kind = single.kind and better.twin_rank < single.twin_rank
                and list_has_any(better.dialects, single.dialects)
        )
)

select
    node,
    twin_of
from nested
union all
select
    node,
    twin_of
from named
union all
select
    node,
    twin_of
from siblings
union all
select
    node,
    twin_of
from matched
union all
select
    outranked.node,
    null as twin_of
from outranked
anti join matched on outranked.node = matched.node
