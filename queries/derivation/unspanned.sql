-- Which tool calls are known from the model's messages alone? Their results are told to a model for the first time, and
-- no step has their id, or, unless they were refused, in the run their name. One row per call. Where the run holds tool
-- steps that match no call that was asked for, any of them might be the one meant, so nothing is made up.
create or replace temp table unspanned as
with tools as (
    select
        project,
        run,
        tool_call_id,
        tool_name
    from derived_steps
    where kind in ('tool', 'approval') or (kind <> 'guardrail' and tool_call_id is not null)
),

strangers as (
    select distinct tools.run
    from tools
    anti join asked_calls on tools.run = asked_calls.run and tools.tool_name = asked_calls.tool_name
    anti join told_results on tools.run = told_results.run and tools.tool_name = told_results.tool_name
    where tools.tool_call_id is null
),

calls as (
    select
        told.run,
        told.node,
        told.start_ns,
        told.tool_call_id,
        coalesce(told.tool_name, asked.tool_name) as tool_name,
        nullif(coalesce(told.tool_args, asked.tool_args), '') as tool_args,
        told.tool_result,
        coalesce(asked.end_ns, told.start_ns) as asked_ns
    from told_results as told
    left join asked_calls as asked on told.run = asked.run and told.tool_call_id = asked.tool_call_id
    anti join tools as by_id on told.project = by_id.project and told.tool_call_id = by_id.tool_call_id
    anti join strangers on told.run = strangers.run
    -- An attempt made elsewhere after a failed one is told the same again.
    qualify length(told.tool_call_id) < 12
        or row_number() over (partition by told.project, told.tool_call_id order by told.start_ns, told.node) = 1
)

select calls.*
from calls
left join (
    select distinct
        run,
        tool_name
    from tools
) as by_name on calls.run = by_name.run and calls.tool_name = by_name.tool_name
where calls.tool_name is not null
    and (by_name.run is null or reads_refused(calls.tool_result))
    -- Hand-offs look like tool calls to the model.
    and not regexp_matches(calls.tool_name, '^(transfer_to_|transfer_back_to_|hand_?off)')
