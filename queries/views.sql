-- Our nouns over the derived tables, with status told for the asking time `now_ns` (nanoseconds since 1970).
-- A macro of many rows has no CTE that it reads twice, unless it needs all of its columns: DuckDB would read each of them,
-- asked for or not.

-- A run's status: what its records say once it has ended; without a root it has ended when its conversation went on or
-- after 15 minutes of silence. A question that nobody answered waits until the conversation goes on without it.
create or replace macro run_status(outcome, has_root, continued, last_activity_at, now_ns) as
case
    when outcome = 'error' and has_root then 'error'
    when outcome = 'waiting' and not continued then 'waiting'
    when has_root then 'ok'
    when continued or last_activity_at < make_timestamp_ns(now_ns - 15 * 60 * 1000000000::bigint)
        then coalesce(nullif(outcome, 'waiting'), 'abandoned')
    else 'running'
end;

-- The key that the records of a run bear: a session that is cut at its prompts adds a colon and the prompt's step id.
create or replace macro run_key_of(run_id) as case when run_id[-17] = ':' then run_id[:-18] else run_id end;

-- The newest commit whose records happened in [since_ns, until_ns): when it changes, so may what is told of the time.
-- What was removed counts too, and without a time it may have been of any.
create or replace macro newest_commit(in_project, since_ns, until_ns) as (
    select max(batch_id)
    from (
        select batch_id
        from ingest_batches
        where project = in_project
            and last_at >= make_timestamp_ns(since_ns) and first_at < make_timestamp_ns(until_ns)
        union all
        select batch_id
        from removals
        where project = in_project
            and coalesce(last_at >= make_timestamp_ns(since_ns) and first_at < make_timestamp_ns(until_ns), true)
    )
);

-- How many runs have ended, and which part of them in error: null when none has. Waiting and running ones have not.
create or replace macro ended_count(status) as count(*) filter (where status in ('ok', 'error', 'abandoned'));
create or replace macro error_rate(status) as count(*) filter (where status = 'error') / nullif(ended_count(status), 0);

-- Which part of the input was read from a cache: null where nothing is told of cached tokens, or there is no input.
create or replace macro cache_hit_rate(cache_read_tokens, input_tokens) as
sum(cache_read_tokens) / nullif(sum(input_tokens), 0);

-- The bucket if it is one of the calendar, else any that is: DuckDB reads the branches of a case that it does not take.
create or replace macro calendar_bucket(bucket) as coalesce(nullif(bucket, '5 minutes'), 'hour');

-- When the bucket that a moment falls into begins, in UTC: '5 minutes', or an 'hour', 'day' or 'week' as cut in zone tz.
create or replace macro bucket_of(moment, bucket, tz) as
case
    when bucket = '5 minutes' then time_bucket(interval 5 minutes, moment::timestamp)
    when tz = 'UTC' then date_trunc(calendar_bucket(bucket), moment::timestamp)
    -- By the hour's age: when clocks are set back, one hour of a clock is two.
    when calendar_bucket(bucket) = 'hour' then moment::timestamp
        - (timezone(tz, timezone('UTC', moment::timestamp)) - date_trunc('hour', timezone(tz, timezone('UTC', moment::timestamp))))
    else timezone('UTC', timezone(tz, date_trunc(calendar_bucket(bucket), timezone(tz, timezone('UTC', moment::timestamp)))))
end;

-- When that bucket ends, which is when the next one begins: a day with a change of clocks is not 24 hours long.
create or replace macro bucket_until(bucket_at, bucket, tz) as
case
    when bucket = '5 minutes' then bucket_at + interval 5 minutes
    when calendar_bucket(bucket) = 'hour' then bucket_at + interval 1 hour
    else timezone('UTC', timezone(tz, timezone(tz, timezone('UTC', bucket_at)) + to_days(if(bucket = 'week', 7, 1))))
end;

-- Whether all, or any, of the wanted labels are among these. Looked for one by one: DuckDB's own list_has_all and
-- list_has_any take ten to twenty times as long.
create or replace macro has_labels(labels, wanted) as
len(list_filter(wanted, lambda label: not list_contains(labels, label))) = 0;
create or replace macro has_any_label(labels, wanted) as
len(list_filter(wanted, lambda label: list_contains(labels, label))) > 0;

-- The runs with their status. place: where the row is, until the run is written anew.
create or replace macro runs_at(now_ns) as table
select
    rowid as place,
    project,
    run_id,
    trace_ids,
    name,
    workflow_name,
    agent_name,
    agent_names,
    service_name,
    service_names,
    environment,
    service_version,
    conversation_id,
    user_id,
    input_preview,
    output_preview,
    run_status(outcome, has_root, continued, last_activity_at, now_ns) as status,
    started_at,
    ended_at,
    last_activity_at,
    duration_ms,
    pending_count,
    step_count,
    llm_call_count,
    tool_call_count,
    error_count,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    reasoning_tokens,
    cost_usd,
    unpriced_count,
    approval_count,
    correction_count,
    models,
    requested_models,
    tool_names,
    offered_tools,
    error_step_id,
    error_type,
    error_message,
    dialects,
    flaws,
    labels
from runs;

-- The runs with an approval or correction of this evidence.
create or replace macro runs_with_evidence(in_project, with_evidence) as table
select run_id
from approvals
where project = in_project and evidence = with_evidence
union
select run_id
from corrections
where project = in_project and evidence = with_evidence;

-- The tool calls that were refused before they could start, within [since_ns, until_ns) or since then: one row each, of
-- the step that asked, which began since asking_since_ns; it starts when it was asked for.
create or replace macro unstarted_calls(in_project, asking_since_ns, since_ns, until_ns) as table
select
    refused.run_id,
    refused.step_id,
    steps.trace_id,
    refused.tool_name as name,
    refused.workflow_name,
    refused.agent_name,
    steps.service_name,
    steps.service_version,
    steps.environment,
    refused.conversation_id,
    steps.user_id,
    refused.tool_name,
    null::varchar as tool_type,
    refused.tool_call_id,
    refused.args_before as tool_args,
    null::varchar as tool_result,
    null::varchar as mcp_server,
    case when refused.decision in ('rejected', 'auto_denied') then 'denied' else 'cancelled' end as status,
    null::varchar as error_type,
    refused.reason as error_message,
    refused.asked_at as started_at,
    null::double as duration_ms,
    refused.wait_ms,
    false as has_step
from (
    select
        *,
        coalesce(requested_at, decided_at) as asked_at
    from approvals
    where project = in_project and tool_name is not null
        and decision in ('rejected', 'auto_denied', 'aborted', 'expired')
        -- An interrupt without a call id is told by the tool that ran again to be refused.
        and (tool_call_id is not null or evidence = 'explicit')
        and asked_at >= make_timestamp_ns(since_ns)
        and (until_ns is null or asked_at < make_timestamp_ns(until_ns))
) as refused
inner join steps
    on steps.project = in_project and refused.run_id = steps.run_id and refused.step_id = steps.step_id
        and steps.started_at >= make_timestamp_ns(asking_since_ns)
-- Two conditions, not one with `or`, which would compare each with each.
where not exists (
    select 1
    from steps as executed
    where executed.project = in_project and executed.kind = 'tool' and executed.counted
        and executed.started_at >= make_timestamp_ns(since_ns) and executed.tool_call_id = refused.tool_call_id
)
and not exists (
    select 1
    from steps as executed
    where executed.project = in_project and executed.kind = 'tool' and executed.counted
        and executed.started_at >= make_timestamp_ns(since_ns)
        and executed.run_id = refused.run_id and executed.step_id = refused.step_id
);

-- The counted tool calls that started within [since_ns, until_ns), or since then.
create or replace macro started_calls(in_project, since_ns, until_ns) as table
select
    run_id,
    step_id,
    trace_id,
    name,
    workflow_name,
    agent_name,
    service_name,
    service_version,
    environment,
    conversation_id,
    user_id,
    tool_name,
    tool_type,
    tool_call_id,
    tool_args,
    tool_result,
    mcp_server,
    status,
    error_type,
    error_message,
    started_at,
    duration_ms,
    wait_ms,
    true as has_step
from steps
where project = in_project and kind = 'tool' and counted
    and started_at >= make_timestamp_ns(since_ns) and (until_ns is null or started_at < make_timestamp_ns(until_ns));

-- The tool calls that started within [since_ns, until_ns), or since then: one row per counted call, and one per call that was
-- refused before it could start (has_step is false).
create or replace macro tool_calls_at(in_project, since_ns, until_ns) as table
from started_calls(in_project, since_ns, until_ns)
union all by name
-- A step may have begun a week before it asks: that is as long as an answer is looked for.
from unstarted_calls(in_project, since_ns - 604800000000000, since_ns, until_ns);

-- Whether an error says that time ran out.
create or replace macro reads_timeout(error_type, error_message) as
coalesce(error_type in ('408', '504'), false)
or regexp_matches(
    concat_ws(' ', error_type, error_message), '(?i)time[-_]?out|timed[ _-]?out|\btime out\b|deadline[ _]?exceeded'
);

-- A model's name without its maker or gateway before it, and that without a snapshot's date, number or `latest` behind it.
create or replace macro bare_model(model) as regexp_replace(lower(model), '^.*/', '');
create or replace macro undated_model(model) as regexp_replace(
    bare_model(model), '([-@](\d{4}-\d{2}(-\d{2})?|\d{8}|\d{6}|\d{4}|\d{3})|[-@:]latest)$', ''
);

-- Whether the served model is the requested one: gpt-5.2 is gpt-5.2-2026-02-11, a snapshot of that name, but a snapshot
-- that was asked for is no other one. Null where one of the two is unknown.
create or replace macro is_same_model(requested, served) as
bare_model(requested) = bare_model(served)
or (
    undated_model(requested) = undated_model(served)
    and (
        bare_model(requested) in (undated_model(requested), undated_model(requested) || '-latest')
        or bare_model(served) = undated_model(served)
    )
);

-- The runs that the common filters let through: started within [since_ns, until_ns) and, where a filter is not null,
-- matching it. An agent or tool matches if any step's does, a model if it was requested or served. Words must all occur
-- in a run's names, ids, error or previews, in any case, or the run is one of those whose records mention them.
create or replace macro asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as table
select
    place,
    project,
    run_id,
    trace_ids,
    name,
    workflow_name,
    agent_name,
    agent_names,
    service_name,
    service_names,
    environment,
    service_version,
    conversation_id,
    user_id,
    input_preview,
    output_preview,
    status,
    started_at,
    ended_at,
    last_activity_at,
    duration_ms,
    pending_count,
    step_count,
    llm_call_count,
    tool_call_count,
    error_count,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    reasoning_tokens,
    cost_usd,
    unpriced_count,
    approval_count,
    correction_count,
    models,
    requested_models,
    tool_names,
    offered_tools,
    error_step_id,
    error_type,
    error_message,
    dialects,
    flaws,
    labels
from runs_at(now_ns)
where project = in_project
    and started_at >= make_timestamp_ns(since_ns)
    and started_at < make_timestamp_ns(until_ns)
    and (workflow is null or workflow_name = workflow)
    and (agent is null or list_contains(agent_names, agent))
    and (service is null or list_contains(service_names, service))
    and (in_environment is null or environment = in_environment)
    and (release is null or service_version = release)
    and (model is null or list_contains(models, model) or list_contains(requested_models, model))
    and (tool is null or list_contains(tool_names, tool))
    and (by_user is null or user_id = by_user)
    and (conversation is null or conversation_id = conversation)
    and (statuses is null or list_contains(statuses, status))
    and (attributes is null or has_labels(labels, attributes))
    and (with_evidence is null or run_id in (select evident.run_id from runs_with_evidence(in_project, with_evidence) as evident))
    and (
        words is null
        or run_id in (select unnest(mentioned))
        or len(list_filter(words, lambda word: not contains(
            lower(concat_ws(
                ' ', run_id, array_to_string(trace_ids, ' '), name, workflow_name, array_to_string(agent_names, ' '),
                array_to_string(service_names, ' '), service_version, conversation_id, user_id, input_preview,
                output_preview, error_type, error_message, array_to_string(models, ' '),
                array_to_string(tool_names, ' ')
            )),
            lower(word)
        ))) = 0
    );

-- The tool calls of the runs that the common filters let through, as tool_calls_at has them; run_place is the run's place,
-- call_place the step's, whose arguments are read there: tool_args has those of calls without a step alone. Steps later
-- than latest_ns (latest_start.sql) are none of theirs.
create or replace macro asked_tool_calls(
    latest_ns, now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool,
    by_user, conversation, statuses, with_evidence, attributes, words, mentioned
) as table
select
    steps.run_id,
    asked.place as run_place,
    asked.started_at as run_started_at,
    steps.rowid as call_place,
    steps.step_id,
    coalesce(steps.tool_name, steps.name) as tool_name,
    steps.tool_call_id,
    steps.mcp_server,
    steps.status,
    steps.error_type,
    steps.error_message,
    steps.started_at,
    steps.duration_ms,
    steps.wait_ms,
    true as has_step
from steps
inner join asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as asked on steps.run_id = asked.run_id
where steps.project = in_project and steps.kind = 'tool' and steps.counted
    -- A day of slack for clocks that are behind those of their runs' roots.
    and steps.started_at >= make_timestamp_ns(since_ns - 86400000000000)
    and steps.started_at <= make_timestamp_ns(latest_ns)
union all by name
select
    calls.run_id,
    asked.place as run_place,
    asked.started_at as run_started_at,
    calls.step_id,
    calls.tool_name,
    calls.tool_call_id,
    calls.tool_args,
    calls.status,
    calls.error_message,
    calls.started_at,
    calls.wait_ms,
    false as has_step
from unstarted_calls(in_project, since_ns - 86400000000000, since_ns - 86400000000000, null) as calls
inner join asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as asked on calls.run_id = asked.run_id;

-- The counted model calls of the runs that the common filters let through; run_place is the run's.
create or replace macro asked_model_calls(
    latest_ns, now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool,
    by_user, conversation, statuses, with_evidence, attributes, words, mentioned
) as table
select
    asked.place as run_place,
    asked.started_at as run_started_at,
    steps.run_id,
    steps.step_id,
    steps.step_order,
    steps.kind,
    steps.workflow_name,
    steps.agent_name,
    steps.requested_model,
    steps.served_model,
    steps.provider,
    steps.route_gateway as gateway,
    steps.route_attempt,
    steps.route_reason,
    steps.finish_reasons,
    steps.status,
    steps.error_type,
    steps.error_message,
    steps.cost_usd,
    steps.cost_usd is null and coalesce(steps.input_tokens, steps.output_tokens) is not null as is_unpriced,
    steps.started_at,
    steps.ended_at,
    steps.duration_ms,
    steps.ttft_ms
from steps
inner join asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as asked on steps.run_id = asked.run_id
where steps.project = in_project and steps.kind in ('llm', 'embedding') and steps.counted
    -- A day of slack for clocks that are behind those of their runs' roots.
    and steps.started_at >= make_timestamp_ns(since_ns - 86400000000000)
    and steps.started_at <= make_timestamp_ns(latest_ns);

-- The model calls of the asked runs that were tried more than once, or of which telemetry numbers or explains the attempt;
-- all others are alone in their chain, and initial. A chain goes on where
-- the call before it of the same agent in the run had failed before it started, or where telemetry numbers it as a later
-- attempt. reason is telemetry's (evidence: explicit), else initial, retry (the same model was asked) or fallback
-- another one was; evidence: inferred). A model other than the requested one that answers is no fallback by itself.
-- What else is known of an attempt is read at its call_place, which is its step's.
create or replace macro asked_attempts(
    latest_ns, now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool,
    by_user, conversation, statuses, with_evidence, attributes, words, mentioned
) as table
with tried as (
    select
        asked.place as run_place,
        asked.started_at as run_started_at,
        steps.rowid as call_place,
        steps.run_id,
        steps.step_id,
        steps.step_order,
        steps.kind,
        steps.agent_name,
        steps.requested_model,
        steps.served_model,
        steps.route_attempt,
        steps.route_reason,
        steps.status,
        steps.started_at,
        steps.ended_at
    from steps
    -- The few runs first in which a call failed, so that the calls of all others are not looked at.
    inner join (
        select
            place,
            run_id,
            started_at
        from asked_runs(
            now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool,
            by_user, conversation, statuses, with_evidence, attributes, words, mentioned
        )
        where run_id in (
            select failed.run_id
            from steps as failed
            where failed.project = in_project and failed.kind in ('llm', 'embedding') and failed.counted
                and failed.started_at >= make_timestamp_ns(since_ns - 86400000000000)
                and failed.started_at <= make_timestamp_ns(latest_ns)
                and (failed.status = 'error' or failed.route_attempt > 1 or failed.route_reason is not null)
        )
    ) as asked on steps.run_id = asked.run_id
    where steps.project = in_project and steps.kind in ('llm', 'embedding') and steps.counted
        -- A day of slack for clocks that are behind those of their runs' roots.
        and steps.started_at >= make_timestamp_ns(since_ns - 86400000000000)
        and steps.started_at <= make_timestamp_ns(latest_ns)
),

calls as (
    select
        *,
        lag(requested_model) over same_agent as requested_before,
        coalesce(
            lag(status) over same_agent = 'error'
            and (lag(ended_at) over same_agent is null or lag(ended_at) over same_agent <= started_at), false
        )
        or coalesce(route_attempt > 1 and lag(step_id) over same_agent is not null, false) as goes_on,
        coalesce(
            status = 'error' and (ended_at is null or ended_at <= lead(started_at) over same_agent)
            and lead(step_id) over same_agent is not null, false
        )
        or coalesce(lead(route_attempt) over same_agent > 1, false) as is_followed
    from tried
    window same_agent as (partition by run_place, kind, agent_name order by started_at, step_order)
),

chained as (
    select
        *,
        count(*) filter (where not goes_on) over (
            partition by run_place, kind, agent_name order by started_at, step_id
            rows between unbounded preceding and current row
        ) as chain
    from calls
    where goes_on or is_followed or route_attempt is not null or route_reason is not null
)

select
    run_started_at,
    call_place,
    run_id,
    step_id,
    kind,
    requested_model,
    served_model,
    started_at,
    first_value(step_id) over whole_chain as first_step_id,
    first_value(started_at) over whole_chain as first_started_at,
    last_value(status) over whole_chain as final_status,
    count(*) over whole_chain as attempt_count,
    coalesce(route_attempt, row_number() over (
        partition by run_place, kind, agent_name, chain order by started_at, step_id
    )) as attempt,
    case
        when route_reason is not null then route_reason
        when not goes_on and coalesce(route_attempt, 1) = 1 then 'initial'
        when requested_before <> requested_model then 'fallback'
        else 'retry'
    end as reason,
    case when route_reason is not null or route_attempt is not null then 'explicit' else 'inferred' end as evidence
from chained
window whole_chain as (
    partition by run_place, kind, agent_name, chain order by started_at, step_id
    rows between unbounded preceding and unbounded following
);

-- What became of the tool calls that models asked for in the runs that the common filters let through, as far as messages
-- tell: call_count of them a row. `outcome` is the executed call's status, pending or running while that may still come,
-- and never_ran if nothing did. A call that its run did not execute is found in another by its id, if that is long enough
-- to be the only one. A final call whose arguments are the run's answer is none. The columns from step_id on are told of
-- those alone that did not end well in their run. is_well: all that did, of one tool; beside_ok: there is such a row too.
create or replace macro asked_proposals(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as table
with elsewhere as (
    select
        tool_call_id,
        arg_min(step_id, (is_stopped, made_ns)) as step_id,
        arg_min(status, (is_stopped, made_ns)) as status,
        arg_min_null(error_type, (is_stopped, made_ns)) as error_type,
        arg_min_null(error_message, (is_stopped, made_ns)) as error_message
    from (
        select
            tool_call_id,
            step_id,
            status,
            error_type,
            error_message,
            false as is_stopped,
            epoch_ns(started_at) as made_ns
        from steps
        -- A day of slack for clocks that are behind those of their runs' roots.
        where project = in_project and kind = 'tool' and counted
            and started_at >= make_timestamp_ns(since_ns - 86400000000000)
        union all
        select
            tool_call_id,
            step_id,
            case when decision in ('rejected', 'auto_denied') then 'denied' else 'cancelled' end as status,
            null as error_type,
            reason as error_message,
            true as is_stopped,
            epoch_ns(coalesce(requested_at, decided_at)) as made_ns
        from approvals
        where project = in_project and tool_name is not null
            and decision in ('rejected', 'auto_denied', 'aborted', 'expired')
            and coalesce(requested_at, decided_at) >= make_timestamp_ns(since_ns - 86400000000000)
    )
    where tool_call_id in (
        select proposals.tool_call_id
        from proposals
        where proposals.project = in_project and proposals.status is null and length(proposals.tool_call_id) >= 12
            and proposals.started_at >= make_timestamp_ns(since_ns) and proposals.started_at < make_timestamp_ns(until_ns)
    )
    group by tool_call_id
)

select
    proposals.run_id,
    asked.place as run_place,
    asked.workflow_name,
    proposals.tool_name,
    proposals.call_count,
    coalesce(proposals.status = 'ok', false) as is_well,
    proposals.beside_ok,
    case
        when proposals.status is not null then proposals.status
        when elsewhere.status is not null then elsewhere.status
        when proposals.otherwise in ('denied', 'cancelled') then proposals.otherwise
        when asked.status = 'waiting' or proposals.otherwise = 'pending' then 'pending'
        when asked.status = 'running' then 'running'
        when proposals.otherwise is null then 'never_ran'
    end as outcome,
    coalesce(elsewhere.step_id, proposals.step_id) as step_id,
    proposals.agent_name,
    proposals.tool_call_id,
    proposals.tool_args,
    coalesce(elsewhere.error_type, proposals.error_type) as error_type,
    case when elsewhere.status is null then proposals.error_message else elsewhere.error_message end as error_message,
    proposals.proposed_at
from proposals
inner join asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as asked on proposals.run_id = asked.run_id
left join elsewhere on case when proposals.status is null then proposals.tool_call_id end = elsewhere.tool_call_id
where proposals.project = in_project
    and proposals.started_at >= make_timestamp_ns(since_ns) and proposals.started_at < make_timestamp_ns(until_ns)
    and outcome is not null;

-- What the asked runs paid for: one row per counted model or embedding call, and one per run for what is in its totals
-- but in no call, as agents report that give a sum alone (kind 'agent', no model). So sums are those of the runs.
create or replace macro asked_usage(
    latest_ns, now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool,
    by_user, conversation, statuses, with_evidence, attributes, words, mentioned
) as table
select
    asked.started_at as run_started_at,
    asked.workflow_name,
    asked.conversation_id,
    asked.user_id,
    asked.place as run_place,
    steps.rowid as call_place,
    steps.run_id,
    steps.step_id,
    steps.kind,
    steps.name,
    steps.agent_name,
    coalesce(steps.served_model, steps.requested_model) as model,
    steps.provider,
    steps.started_at,
    steps.input_tokens,
    steps.output_tokens,
    steps.cost_usd,
    steps.cost_usd is null and coalesce(steps.input_tokens, steps.output_tokens) is not null as is_unpriced
from steps
inner join asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as asked on steps.run_id = asked.run_id
where steps.project = in_project and steps.counted and steps.kind in ('llm', 'embedding')
    and steps.started_at >= make_timestamp_ns(since_ns) and steps.started_at <= make_timestamp_ns(latest_ns)
union all by name
select
    asked.started_at as run_started_at,
    asked.workflow_name,
    asked.conversation_id,
    asked.user_id,
    asked.place as run_place,
    asked.run_id,
    'agent' as kind,
    asked.name,
    asked.agent_name,
    asked.started_at,
    asked.input_tokens - coalesce(called.input_tokens, 0) as input_tokens,
    asked.output_tokens - coalesce(called.output_tokens, 0) as output_tokens,
    asked.cost_usd - coalesce(called.cost_usd, 0) as cost_usd,
    asked.unpriced_count > coalesce(called.unpriced_count, 0) as is_unpriced
from asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as asked
left join (
    select
        run_id,
        sum(input_tokens) as input_tokens,
        sum(output_tokens) as output_tokens,
        sum(cost_usd) as cost_usd,
        count(*) filter (where cost_usd is null and coalesce(input_tokens, output_tokens) is not null) as unpriced_count
    from steps
    where project = in_project and counted and kind in ('llm', 'embedding')
        and started_at >= make_timestamp_ns(since_ns) and started_at <= make_timestamp_ns(latest_ns)
    group by run_id
) as called on asked.run_id = called.run_id
where asked.input_tokens > coalesce(called.input_tokens, 0)
    or asked.output_tokens > coalesce(called.output_tokens, 0)
    or asked.cost_usd > coalesce(called.cost_usd, 0) + 1e-9;

-- The tool calls that led to each model call: those of the same run and agent that started before it and after the
-- model call before; attempts that used no token are passed over. One row per model call and tool; share is the part of
-- the model call's cost that falls on the tool, and tool calls that led to the same one share it equally.
create or replace macro tools_behind_calls(in_project, since_ns, latest_ns) as table
with calls as (
    select
        run_id,
        step_id,
        coalesce(agent_name, '') as agent_name,
        started_at
    from steps
    where project = in_project and counted and kind = 'llm' and started_at >= make_timestamp_ns(since_ns)
        and started_at <= make_timestamp_ns(latest_ns)
        and coalesce(input_tokens, output_tokens, cost_usd) is not null
),

tools as (
    select
        run_id,
        coalesce(agent_name, '') as agent_name,
        tool_name,
        started_at
    from steps
    where project = in_project and counted and kind = 'tool' and started_at >= make_timestamp_ns(since_ns)
        and started_at <= make_timestamp_ns(latest_ns)
)

select
    tools.run_id,
    calls.step_id,
    tools.tool_name,
    count(*) / sum(count(*)) over (partition by tools.run_id, calls.step_id) as share
from tools
asof inner join calls
    on tools.run_id = calls.run_id and tools.agent_name = calls.agent_name and tools.started_at < calls.started_at
group by tools.run_id, calls.step_id, tools.tool_name;

-- What the asked runs paid for, summed by run and by `value`, one of workflow, agent, step, model, user or conversation, null
-- where there is none; a step is named after its agent, which agent_name tells. What is in a run's totals but in no call
-- has a row of its own, as in asked_usage, and no call_count. Of the spending_count calls (or rests) whose cost is known
-- there are priced_tokens. The calls are read once and summed first: runs are few, and looked up once for each sum.
create or replace macro asked_spending(
    grouping_by, latest_ns, now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release,
    model, tool, by_user, conversation, statuses, with_evidence, attributes, words, mentioned
) as table
with called as materialized (
    select
        run_id,
        case grouping_by
            when 'agent' then agent_name
            when 'step' then concat_ws(' › ', agent_name, name)
            when 'model' then coalesce(served_model, requested_model)
        end as value,
        case when grouping_by = 'step' then agent_name end as agent_name,
        count(*) as call_count,
        count(*) filter (where cost_usd is null and coalesce(input_tokens, output_tokens) is not null) as unpriced_count,
        count(cost_usd) as priced_count,
        sum(greatest(coalesce(input_tokens, 0) + coalesce(output_tokens, 0), 1)) filter (where cost_usd is not null)
            as priced_tokens,
        sum(input_tokens) as input_tokens,
        sum(output_tokens) as output_tokens,
        sum(cost_usd) as cost_usd
    from steps
    where project = in_project and counted and kind in ('llm', 'embedding')
        and started_at >= make_timestamp_ns(since_ns) and started_at <= make_timestamp_ns(latest_ns)
    group by all
)

select
    asked.place as run_place,
    asked.started_at as run_started_at,
    asked.workflow_name,
    case grouping_by
        when 'workflow' then asked.workflow_name
        when 'user' then asked.user_id
        when 'conversation' then asked.conversation_id
        else called.value
    end as value,
    called.agent_name,
    called.call_count,
    called.unpriced_count,
    called.priced_count as spending_count,
    called.priced_tokens,
    called.input_tokens,
    called.output_tokens,
    called.cost_usd
from called
inner join asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as asked on called.run_id = asked.run_id
union all
select
    asked.place as run_place,
    asked.started_at as run_started_at,
    asked.workflow_name,
    case grouping_by
        when 'workflow' then asked.workflow_name
        when 'user' then asked.user_id
        when 'conversation' then asked.conversation_id
        when 'agent' then asked.agent_name
        when 'step' then concat_ws(' › ', asked.agent_name, asked.name)
    end as value,
    case when grouping_by = 'step' then asked.agent_name end as agent_name,
    0 as call_count,
    (asked.unpriced_count > coalesce(sums.unpriced_count, 0))::integer as unpriced_count,
    (asked.cost_usd is not null)::integer as spending_count,
    greatest(
        coalesce(asked.input_tokens - coalesce(sums.input_tokens, 0), 0)
        + coalesce(asked.output_tokens - coalesce(sums.output_tokens, 0), 0), 1
    ) as priced_tokens,
    asked.input_tokens - coalesce(sums.input_tokens, 0) as input_tokens,
    asked.output_tokens - coalesce(sums.output_tokens, 0) as output_tokens,
    asked.cost_usd - coalesce(sums.cost_usd, 0) as cost_usd
from asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as asked
left join (
    select
        run_id,
        sum(unpriced_count) as unpriced_count,
        sum(input_tokens) as input_tokens,
        sum(output_tokens) as output_tokens,
        sum(cost_usd) as cost_usd
    from called
    group by run_id
) as sums on asked.run_id = sums.run_id
where asked.input_tokens > coalesce(sums.input_tokens, 0)
    or asked.output_tokens > coalesce(sums.output_tokens, 0)
    or asked.cost_usd > coalesce(sums.cost_usd, 0) + 1e-9;

-- The same by tool too: the tool is one whose result led to the call, and several have a row each with their share of it;
-- call_place is that call's.
create or replace macro asked_shares(
    grouping_by, latest_ns, now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release,
    model, tool, by_user, conversation, statuses, with_evidence, attributes, words, mentioned
) as table
select
    value,
    agent_name,
    run_place,
    null::bigint as call_place,
    run_started_at,
    call_count,
    unpriced_count,
    input_tokens,
    output_tokens,
    cost_usd
from asked_spending(
    grouping_by, latest_ns, now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release,
    model, tool, by_user, conversation, statuses, with_evidence, attributes, words, mentioned
)
where grouping_by <> 'tool'
union all
select
    behind.tool_name as value,
    null as agent_name,
    usage.run_place,
    usage.call_place,
    usage.run_started_at,
    if(usage.call_place is null, 0, 1) as call_count,
    usage.is_unpriced::integer as unpriced_count,
    usage.input_tokens * coalesce(behind.share, 1) as input_tokens,
    usage.output_tokens * coalesce(behind.share, 1) as output_tokens,
    usage.cost_usd * coalesce(behind.share, 1) as cost_usd
from asked_usage(
    latest_ns, now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool,
    by_user, conversation, statuses, with_evidence, attributes, words, mentioned
) as usage
left join tools_behind_calls(in_project, since_ns, latest_ns) as behind
    on usage.run_id = behind.run_id and usage.step_id = behind.step_id
where grouping_by = 'tool';

-- What a coalition of five players (its bits) weighs in the Shapley share of the player of one bit.
create or replace macro shapley_weight(coalition, player) as
case
    when coalition & player > 0 then [24, 6, 4, 6, 24][bit_count(coalition)] / 120
    else -[24, 6, 4, 6, 24][bit_count(coalition) + 1] / 120
end;

-- What a token cost, were they used as these mix_tokens tell of each model, at these prices; others where there are none.
create or replace macro token_cost(mix_tokens, cost_usd, tokens, other_cost_usd, other_tokens) as
sum(mix_tokens * coalesce(cost_usd / tokens, other_cost_usd / other_tokens)) / sum(mix_tokens);

-- What runs would have cost if only the factors of the coalition had changed: its bits are volume 1, calls per run 2,
-- tokens per call 4, model mix 8 and price 16, and each factor is told as it was and as it became.
create or replace macro coalition_cost(
    bits, run_count_0, run_count_1, calls_per_run_0, calls_per_run_1, tokens_per_call_0, tokens_per_call_1, mix0_price0,
    mix1_price0, mix0_price1, mix1_price1
) as
if(bits & 1 > 0, run_count_1, run_count_0)
* if(bits & 2 > 0, calls_per_run_1, calls_per_run_0)
* if(bits & 4 > 0, tokens_per_call_1, tokens_per_call_0)
* case bits & 24 when 0 then mix0_price0 when 8 then mix1_price0 when 16 then mix0_price1 else mix1_price1 end;

-- Each factor's share of the change, over all coalitions of them.
create or replace macro shapley_shares(cost_usd, bits) as struct_pack(
    volume_usd := sum(cost_usd * shapley_weight(bits, 1)),
    calls_per_run_usd := sum(cost_usd * shapley_weight(bits, 2)),
    tokens_per_call_usd := sum(cost_usd * shapley_weight(bits, 4)),
    model_mix_usd := sum(cost_usd * shapley_weight(bits, 8)),
    price_usd := sum(cost_usd * shapley_weight(bits, 16))
);

-- What came of a question, and by whose word: a human's (approved, approved_modified, rejected), without one
-- (auto_approved, auto_denied), nobody's (expired, aborted, ask_failed), pending while its run still waits or runs, or
-- unanswered where the run went on or ended without an answer.
create or replace macro approval_outcome(decision, decider_type, status) as
case
    when decision is null and status in ('waiting', 'running') then 'pending'
    when decision is null then 'unanswered'
    when decision in ('approved', 'approved_modified') and decider_type <> 'human' then 'auto_approved'
    when decision = 'rejected' and decider_type <> 'human' then 'auto_denied'
    else decision
end;

-- How many questions a human answered, which part of them with yes, and which part of those that went ahead or were
-- put to a human needed none (conventions, section 9). Rates are null when there is nothing to divide by.
create or replace macro human_count(outcome) as count(*) filter (where outcome in ('approved', 'approved_modified', 'rejected'));
create or replace macro approval_rate(outcome) as
count(*) filter (where outcome in ('approved', 'approved_modified')) / nullif(human_count(outcome), 0);
create or replace macro passable_count(outcome) as human_count(outcome) + count(*) filter (where outcome = 'auto_approved');
create or replace macro auto_share(outcome) as
count(*) filter (where outcome = 'auto_approved') / nullif(passable_count(outcome), 0);

-- How long humans took to answer, as a quantile, and how many answers tell; what expired or was settled by a policy is
-- no human wait.
create or replace macro human_wait_ms(wait_ms, outcome, part) as
quantile_cont(wait_ms, part) filter (where outcome in ('approved', 'approved_modified', 'rejected'));
create or replace macro waited_count(wait_ms, outcome) as
count(wait_ms) filter (where outcome in ('approved', 'approved_modified', 'rejected'));

-- How many questions came to what.
create or replace macro approval_counts(outcome) as struct_pack(
    approval_count := count(*),
    human_count := human_count(outcome),
    approved_count := count(*) filter (where outcome = 'approved'),
    modified_count := count(*) filter (where outcome = 'approved_modified'),
    rejected_count := count(*) filter (where outcome = 'rejected'),
    auto_approved_count := count(*) filter (where outcome = 'auto_approved'),
    auto_denied_count := count(*) filter (where outcome = 'auto_denied'),
    expired_count := count(*) filter (where outcome = 'expired'),
    aborted_count := count(*) filter (where outcome = 'aborted'),
    ask_failed_count := count(*) filter (where outcome = 'ask_failed'),
    pending_count := count(*) filter (where outcome = 'pending'),
    unanswered_count := count(*) filter (where outcome = 'unanswered')
);

-- The rates and waits that go with them.
create or replace macro approval_rates(outcome, wait_ms) as struct_pack(
    approval_rate := approval_rate(outcome),
    auto_share := auto_share(outcome),
    waited_count := waited_count(wait_ms, outcome),
    p50_wait_ms := human_wait_ms(wait_ms, outcome, 0.5),
    p95_wait_ms := human_wait_ms(wait_ms, outcome, 0.95)
);

-- The questions put in the runs that the common filters let through; asked for an evidence, those of that evidence.
create or replace macro asked_approvals(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as table
select
    runs.run_id,
    runs.started_at as run_started_at,
    runs.status as run_status,
    coalesce(runs.name, runs.agent_name) as run_name,
    runs.workflow_name,
    approvals.agent_name,
    approvals.approval_id,
    approvals.step_id,
    approvals.tool_name,
    approvals.tool_call_id,
    approvals.gate_policy,
    approvals.requested_at,
    approvals.decided_at,
    approvals.decision,
    approval_outcome(approvals.decision, approvals.decider_type, runs.status) as outcome,
    approvals.decider_type,
    approvals.decider,
    approvals.reason,
    approvals.args_before,
    approvals.args_after,
    approvals.wait_ms,
    approvals.evidence
from asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as runs
inner join approvals on runs.project = approvals.project and runs.run_id = approvals.run_id
where with_evidence is null or approvals.evidence = with_evidence;

-- The steps since since_ns of all runs in which something was corrected.
create or replace macro corrected_run_steps(in_project, since_ns) as table
select
    run_id,
    step_id,
    parent_step_id,
    kind,
    name,
    tool_name,
    agent_name
from steps
-- A day of slack for clocks that are behind those of their runs' roots.
where project = in_project and started_at >= make_timestamp_ns(since_ns - 86400000000000)
    and run_id in (
        select corrections.run_id
        from corrections
        where corrections.project = in_project
    );

-- What humans corrected in the runs that the common filters let through, weak signs too; asked for an evidence, what is
-- of that evidence. step_name: the tool whose call was corrected, else the step under which the correction was told,
-- else what it says it corrected; run_place is the run's place.
create or replace macro asked_corrections(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as table
select
    runs.place as run_place,
    runs.run_id,
    runs.started_at as run_started_at,
    runs.status as run_status,
    coalesce(runs.name, runs.agent_name) as run_name,
    runs.workflow_name,
    coalesce(own.agent_name, above.agent_name, runs.agent_name) as agent_name,
    corrections.correction_id,
    corrections.step_id,
    coalesce(questions.tool_name, own.tool_name, above.tool_name, above.name, corrections.target, own.name) as step_name,
    case
        when coalesce(questions.tool_name, own.tool_name, above.tool_name) is not null then 'tool'
        else above.kind
    end as step_kind,
    corrections.tool_call_id,
    corrections.corrected_at,
    corrections.kind,
    corrections.strength,
    corrections.target,
    corrections.value_before,
    corrections.value_after,
    corrections.corrected_by,
    corrections.reason,
    corrections.evidence
from asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as runs
inner join corrections on runs.project = corrections.project and runs.run_id = corrections.run_id
left join (
    select
        project,
        run_id,
        tool_call_id,
        any_value(tool_name) as tool_name
    from approvals
    where project = in_project
    group by project, run_id, tool_call_id
) as questions
    on corrections.project = questions.project and corrections.run_id = questions.run_id
        and corrections.tool_call_id = questions.tool_call_id
left join corrected_run_steps(in_project, since_ns) as own
    on corrections.run_id = own.run_id and corrections.step_id = own.step_id
left join corrected_run_steps(in_project, since_ns) as above
    on own.run_id = above.run_id and own.parent_step_id = above.step_id
where with_evidence is null or corrections.evidence = with_evidence;

-- The runs with the word of a human on them: a decision, a correction that is not weak, or feedback, good or bad; those
-- that started since since_ns are all among them.
create or replace macro reviewed_runs(in_project, since_ns, with_evidence) as table
select run_id
from approvals
where project = in_project
    and approval_outcome(decision, decider_type, 'ok') in ('approved', 'approved_modified', 'rejected')
    and (with_evidence is null or evidence = with_evidence)
union
select run_id
from corrections
where project = in_project and strength <> 'weak' and (with_evidence is null or evidence = with_evidence)
union
select steps.run_id
from spans
inner join steps
    on spans.project = steps.project and spans.block_id = steps.block_id
        and spans.block_position = steps.block_position and lower(hex(spans.span_id)) = steps.step_id
where spans.project = in_project and spans.evaluator_type = 'human' and coalesce(with_evidence, 'explicit') = 'explicit'
    -- A day of slack for clocks that are behind those of their runs' roots. Asked of the spans, which are the few.
    and coalesce(spans.started_at, spans.ended_at, spans.received_at) >= make_timestamp_ns(since_ns - 86400000000000);

-- The runs that the common filters let through, with what humans made of each: was it reviewed, was it corrected.
create or replace macro judged_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as table
select
    runs.project,
    runs.run_id,
    runs.started_at,
    runs.status,
    runs.workflow_name,
    runs.agent_names,
    runs.service_version,
    runs.models,
    runs.duration_ms,
    runs.cost_usd,
    runs.unpriced_count,
    runs.approval_count,
    runs.run_id in (select reviewed.run_id from reviewed_runs(in_project, since_ns, with_evidence) as reviewed) as is_reviewed,
    runs.run_id in (
        select corrections.run_id
        from corrections
        where corrections.project = in_project and corrections.strength <> 'weak'
            and (with_evidence is null or corrections.evidence = with_evidence)
    ) as is_corrected
from asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as runs;

-- The human correction rate: corrected runs ÷ reviewed runs; and corrected ÷ finished runs, of which both are counted
-- among the finished. Null when there is nothing to divide by.
create or replace macro correction_rate(is_corrected, is_reviewed) as
count(*) filter (where is_corrected) / nullif(count(*) filter (where is_reviewed), 0);
create or replace macro corrected_ended_count(is_corrected, status) as
count(*) filter (where is_corrected and status in ('ok', 'error', 'abandoned'));
create or replace macro corrected_share(is_corrected, status) as
corrected_ended_count(is_corrected, status) / nullif(ended_count(status), 0);

-- Which HTTP status an error's message tells, as it stands there (`status code 404`); '' if none.
create or replace macro told_http_status(message) as
regexp_extract(message, '(?i)\b(?:https?(?:/\d(?:\.\d)?)?|status|code)\W{1,3}(?:code\W{1,3})?[45]\d\d\b');

-- An error's message without what differs from case to case: addresses, paths, quoted texts, times, ids and numbers. Each
-- is replaced by what it was (<url>, <path>, <text>, <time>), ids and numbers by #, several in a row by one. What is left
-- of a word is kept: s3 and ec2 stay apart as s# and ec#. An HTTP status that it tells stays: it
-- passes in full-width digits, which no rule takes for a number. Only the first 600 letters count.
create or replace macro error_pattern(message) as
translate(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    replace(
        trim(left(message, 600)), told_http_status(message),
        translate(told_http_status(message), '0123456789', '０１２３４５６７８９')
    ),
    '[A-Za-z][A-Za-z0-9+.-]*://[^\s''"<>`)\]}]+', '<url>', 'g'),
    '[\w.+-]+@[\w-]+(\.[\w-]+)+', '<address>', 'g'),
    '"(?:[^"\\]|\\.)*"|`[^`]*`|“[^”]*”|«[^»]*»|‘[^’]*’', '<text>', 'g'),
    '(^|[^\w])[bru]?''(?:[^''\\]|\\.|\b''\b)*''', '\1<text>', 'g'),
    '\b[A-Za-z]:\\[^\s,;:)]*|\\\\[^\s,;:)]+', '<path>', 'g'),
    '(^|[\s(\[=:,])(?:~|\.{1,2})?/[\w.@%+~-][^\s,;:)\]]*', '\1<path>', 'g'),
    '[\w.~-]+(?:/[\w.~-]+)*/[\w~-][\w.~-]*\.[A-Za-z]\w{0,4}\b', '<path>', 'g'),
    '\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:[Zz]|[+-]\d\d:?\d\d)?', '<time>', 'g'),
    '\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b0x[0-9a-fA-F]+\b|\b[0-9a-fA-F]{8,}\b', '#', 'g'),
    '\d+(?:[.,:_]\d+)+[A-Za-z]{0,3}\b', '#', 'g'),
    '\b([A-Za-z_]{1,20})\d{1,4}\b', '\1#', 'g'),
    '[A-Za-z0-9]*\d[A-Za-z0-9]*', '#', 'g'),
    '#(?:[-_./:,;|+\s]+#)+', '#', 'g'),
    '<text>(?:(?:,? (?:and|or)|[,;|])\s*<text>)+', '<text>', 'g'),
    '\s+', ' ', 'g'),
    '０１２３４５６７８９', '0123456789');

-- What makes two failed steps one group: their kind, their tool or model, the error's type and the pattern of its message.
create or replace macro error_fingerprint(kind, tool_name, model, error_type, error_message) as
left(md5(concat_ws(
    chr(31), kind, coalesce(if(kind = 'tool', tool_name, undated_model(model)), ''), coalesce(error_type, ''),
    coalesce(error_pattern(error_message), '')
)), 16);

-- The counted steps that failed since since_ns, where the failure came from: an agent, workflow or tool that only passes
-- on what a deeper step of its time failed with is left out. One row per step, with its group's fingerprint.
create or replace macro failures_since(in_project, since_ns) as table
with failed as (
    select
        rowid as place,
        run_id,
        step_id,
        kind,
        depth,
        tool_name,
        coalesce(requested_model, served_model) as model,
        agent_name,
        error_type,
        error_message,
        started_at,
        ended_at
    from steps
    where project = in_project and counted and status = 'error' and started_at >= make_timestamp_ns(since_ns)
),

-- Patterns are dear, and most errors are told in the same words as another. The wording is an aggregate, so that a
-- fingerprint that is asked for is worked out after the grouping: it would be of each error.
worded as (
    select
        kind,
        tool_name,
        model,
        error_type,
        error_message,
        coalesce(tool_name, undated_model(model)) as subject,
        error_pattern(wording) as pattern,
        error_fingerprint(kind, tool_name, model, error_type, wording) as fingerprint
    from (
        select
            kind,
            tool_name,
            model,
            error_type,
            error_message,
            any_value(error_message) as wording
        from failed
        group by kind, tool_name, model, error_type, error_message
    )
),

passed_on as (
    select failed.place
    from failed
    inner join failed as deeper
        on failed.run_id = deeper.run_id and failed.depth < deeper.depth
            and failed.started_at <= deeper.started_at and deeper.started_at <= coalesce(failed.ended_at, deeper.started_at)
    where failed.kind in ('agent', 'workflow', 'tool')
        and coalesce(
            contains(failed.error_message, deeper.error_message)
            or contains(deeper.error_message, failed.error_message),
            failed.error_type is null or failed.error_type is not distinct from deeper.error_type
        )
)

select
    failed.run_id,
    failed.step_id,
    failed.kind,
    worded.subject,
    failed.agent_name,
    failed.error_type,
    failed.error_message,
    worded.pattern,
    worded.fingerprint,
    failed.started_at
from failed
inner join worded
    on failed.kind = worded.kind
        and failed.tool_name is not distinct from worded.tool_name
        and failed.model is not distinct from worded.model
        and failed.error_type is not distinct from worded.error_type
        and failed.error_message is not distinct from worded.error_message
where failed.place not in (select passed_on.place from passed_on);

-- The value of a key among labels; null if it is not there.
create or replace macro label_value(labels, key) as
list_filter(labels, lambda label: starts_with(label, key || '='))[1][length(key) + 2:];

-- What people said of groups of errors, one row per act: who sees to it ('' for nobody), whether it is resolved or open
-- again and in which release, a note; null where an act says nothing of it.
create or replace macro error_acts(in_project) as table
select
    label_value(labels, 'oversight.error.fingerprint') as fingerprint,
    coalesce(logged_at, received_at) as marked_at,
    log_id,
    label_value(labels, 'oversight.error.assigned_to') as assigned_to,
    label_value(labels, 'oversight.error.state') as marked_state,
    label_value(labels, 'oversight.error.release') as resolved_in,
    label_value(labels, 'oversight.error.by') as marked_by,
    nullif(body_preview, '') as note
from log_records
where project = in_project and event_name = 'oversight.error_mark'
    and label_value(labels, 'oversight.error.fingerprint') is not null;

-- What holds of each marked group now: the last word of each kind.
create or replace macro error_marks_of(in_project) as table
select
    fingerprint,
    nullif(arg_max(assigned_to, (marked_at, log_id)), '') as assigned_to,
    arg_max(marked_state, (marked_at, log_id)) = 'resolved' as is_resolved,
    max(marked_at) filter (where marked_state = 'resolved') as resolved_at,
    arg_max(coalesce(resolved_in, ''), (marked_at, log_id)) filter (where marked_state = 'resolved') as resolved_in,
    arg_max(note, (marked_at, log_id)) as note,
    count(*) as mark_count
from error_acts(in_project)
group by fingerprint;

-- Since when each release is known: one row per service and version, by the first run that bears it.
create or replace macro releases_of(in_project) as table
select
    service_name,
    service_version,
    min(started_at) as first_run_at
from runs
where project = in_project and service_version is not null
group by service_name, service_version;

-- How long the steps of the runs that the common filters let through took: one row per counted step that ended with ok
-- or error and has a duration, less the human wait inside it (working_ms); grouping_by step (value is its agent and its
-- name; all but workflows and agents, which are made of others), model (of model and embedding calls) or tool (of tool
-- calls).
create or replace macro asked_durations(
    grouping_by, now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool,
    by_user, conversation, statuses, with_evidence, attributes, words, mentioned
) as table
select
    asked.place as run_place,
    asked.started_at as run_started_at,
    steps.kind,
    steps.agent_name,
    case grouping_by
        when 'model' then coalesce(steps.served_model, steps.requested_model)
        when 'tool' then coalesce(steps.tool_name, steps.name)
        else concat_ws(' › ', steps.agent_name, steps.name)
    end as value,
    steps.status,
    greatest(steps.duration_ms - coalesce(steps.wait_ms, 0), 0) as working_ms
from asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as asked
inner join steps on asked.run_id = steps.run_id
where steps.project = in_project and steps.counted and steps.status in ('ok', 'error') and steps.duration_ms is not null
    and list_contains(
        case grouping_by
            when 'model' then ['llm', 'embedding']
            when 'tool' then ['tool']
            else ['llm', 'embedding', 'tool', 'retrieval', 'guardrail', 'evaluation', 'human', 'approval']
        end,
        steps.kind
    )
    -- A day of slack for clocks that are behind those of their runs' roots.
    and steps.started_at >= make_timestamp_ns(since_ns - 86400000000000);

-- Which step the runs that the common filters let through waited for, moment by moment: the path of steps that decided
-- when a run ended. Of the runs that have ended, most_runs at most, picked by `total` or `working`: those that took
-- longest in all, or without the waits for humans; else any (by a hash of their ids, so the same each time).
-- A step stands under the nearest step above it that ended no earlier, else under the run itself; plumbing and steps
-- without a duration are passed over, what leads back to itself is left out. A question that a human answered, or
-- nobody, is a step of kind human_wait under the one that asked. At each moment a run waits for one step: of those at
-- work under it the one that ends last, of those at work under that one again the one that ends last, until none is
-- below; what is 100 levels down counts as its step above. So parallel steps are not counted twice, and the own_ns of a
-- run's rows add up to its run_ns exactly.
-- One row per step waited for, from from_ns to to_ns after the run's start, of which it had own_ns without a step
-- below at work; and one of kind run per run, for the time in which no step was at work. step_id is what to open.
create or replace macro asked_paths(
    most_runs, picked, now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release,
    model, tool, by_user, conversation, statuses, with_evidence, attributes, words, mentioned
) as table
with recursive ended as materialized (
    select
        run_id,
        round(duration_ms * 1e6)::bigint as run_ns,
        coalesce(epoch_ns(ended_at) - round(duration_ms * 1e6)::bigint, epoch_ns(started_at)) as start_ns,
        count(*) over () as ended_count
    from asked_runs(
        now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
        conversation, statuses, with_evidence, attributes, words, mentioned
    ) as asked
    where duration_ms is not null and status in ('ok', 'error', 'abandoned')
    order by
        case picked
            when 'total' then -duration_ms
            when 'working' then coalesce((
                select sum(approvals.wait_ms)
                from approvals
                where approvals.project = in_project and approvals.run_id = asked.run_id
            ), 0) - duration_ms
            else hash(run_id)
        end,
        run_id
    limit most_runs
),

recorded as materialized (
    select
        steps.run_id,
        steps.step_id,
        steps.parent_step_id,
        steps.trace_id,
        steps.kind,
        case
            when steps.kind = 'tool' then coalesce(steps.tool_name, steps.name)
            when steps.kind in ('llm', 'embedding') then coalesce(steps.served_model, steps.requested_model, steps.name)
            when steps.kind = 'agent' then coalesce(steps.agent_name, steps.name)
            else steps.name
        end as name,
        steps.tool_call_id,
        epoch_ns(steps.started_at) - ended.start_ns as from_ns,
        epoch_ns(coalesce(steps.ended_at, steps.started_at)) - ended.start_ns as to_ns
    from steps
    inner join ended on steps.run_id = ended.run_id
    -- A day of slack for clocks that are behind those of their runs' roots.
    where steps.project = in_project and steps.started_at >= make_timestamp_ns(since_ns - 86400000000000)
),

questions as (
    select
        approvals.run_id,
        approvals.approval_id,
        approvals.step_id,
        approvals.tool_call_id,
        coalesce(approvals.tool_name, 'question') as name,
        epoch_ns(approvals.requested_at) - ended.start_ns as from_ns,
        coalesce(epoch_ns(approvals.decided_at) - ended.start_ns, ended.run_ns) as to_ns
    from approvals
    inner join ended on approvals.run_id = ended.run_id
    where approvals.project = in_project and approvals.requested_at is not null
        and approval_outcome(approvals.decision, approvals.decider_type, 'ok') not in ('auto_approved', 'auto_denied', 'ask_failed')
),

waits as (
    select
        questions.run_id,
        'question ' || questions.approval_id as node,
        coalesce(arg_max(calls.step_id, calls.from_ns), any_value(questions.step_id)) as above,
        'human_wait' as kind,
        any_value(questions.name) as name,
        any_value(questions.step_id) as step_id,
        any_value(questions.from_ns) as from_ns,
        any_value(questions.to_ns) as to_ns
    from questions
    left join recorded as calls
        on questions.run_id = calls.run_id and questions.tool_call_id = calls.tool_call_id and calls.kind = 'tool'
            and calls.from_ns <= questions.from_ns and calls.to_ns >= questions.to_ns
    group by questions.run_id, questions.approval_id
),

nodes as materialized (
    select
        run_id,
        step_id as node,
        parent_step_id as above,
        kind,
        name,
        step_id,
        from_ns,
        to_ns
    from recorded
    where to_ns > from_ns
    union all
    select
        run_id,
        node,
        above,
        kind,
        name,
        step_id,
        from_ns,
        to_ns
    from waits
    where to_ns > from_ns
),

traces as (
    select distinct
        run_id,
        unhex(trace_id) as trace_id
    from recorded
    where trace_id is not null
),

-- Who is above whom. Under plumbing nobody can stand: as if it ended before everything.
parents as materialized (
    select
        run_id,
        step_id,
        parent_step_id as above,
        to_ns
    from recorded
    union all
    select
        traces.run_id,
        lower(hex(spans.span_id)) as step_id,
        lower(hex(spans.parent_span_id)) as above,
        null as to_ns
    from spans
    inner join traces on spans.trace_id = traces.trace_id
    where spans.project = in_project and spans.kind = 'other' and spans.parent_span_id is not null
        and spans.started_at >= make_timestamp_ns(since_ns - 86400000000000)
),

climbed as (
    select
        run_id,
        node,
        to_ns,
        above,
        false as is_found,
        0 as level
    from nodes
    where above is not null
    union
    select
        climbed.run_id,
        climbed.node,
        climbed.to_ns,
        case when parents.to_ns >= climbed.to_ns then climbed.above else parents.above end as above,
        coalesce(parents.to_ns >= climbed.to_ns, false) as is_found,
        climbed.level + 1 as level
    from climbed
    inner join parents on climbed.run_id = parents.run_id and climbed.above = parents.step_id
    where not climbed.is_found and climbed.level < 100
),

-- Until when its siblings leave a step to be waited for: one that ends later takes over when it begins.
placed as materialized (
    select
        nodes.run_id,
        nodes.node,
        found.above,
        nodes.kind,
        nodes.name,
        nodes.step_id,
        nodes.from_ns,
        least(nodes.to_ns, min(nodes.from_ns) over (
            partition by nodes.run_id, found.above order by nodes.to_ns desc, nodes.from_ns, nodes.node
            rows between unbounded preceding and 1 preceding
        )) as to_ns
    from nodes
    left join climbed as found on nodes.run_id = found.run_id and nodes.node = found.node and found.is_found
),

walked as (
    select
        placed.run_id,
        placed.node,
        placed.above,
        placed.kind,
        placed.name,
        placed.step_id,
        greatest(placed.from_ns, 0) as from_ns,
        least(placed.to_ns, ended.run_ns) as to_ns,
        1 as level
    from placed
    inner join ended on placed.run_id = ended.run_id
    where placed.above is null and greatest(placed.from_ns, 0) < least(placed.to_ns, ended.run_ns)
    union all
    select
        placed.run_id,
        placed.node,
        placed.above,
        placed.kind,
        placed.name,
        placed.step_id,
        greatest(placed.from_ns, walked.from_ns) as from_ns,
        least(placed.to_ns, walked.to_ns) as to_ns,
        walked.level + 1 as level
    from walked
    inner join placed on walked.run_id = placed.run_id and walked.node = placed.above
    where greatest(placed.from_ns, walked.from_ns) < least(placed.to_ns, walked.to_ns) and walked.level < 100
),

below as (
    select
        run_id,
        above,
        sum(to_ns - from_ns)::bigint as taken_ns
    from walked
    group by run_id, above
)

select
    walked.run_id,
    ended.run_ns,
    ended.ended_count,
    walked.kind,
    walked.name,
    walked.step_id,
    walked.level,
    walked.from_ns,
    walked.to_ns,
    walked.to_ns - walked.from_ns - coalesce(below.taken_ns, 0) as own_ns
from walked
inner join ended on walked.run_id = ended.run_id
left join below on walked.run_id = below.run_id and walked.node = below.above
union all
select
    ended.run_id,
    ended.run_ns,
    ended.ended_count,
    'run' as kind,
    null as name,
    null as step_id,
    0 as level,
    0 as from_ns,
    ended.run_ns as to_ns,
    ended.run_ns - coalesce(below.taken_ns, 0) as own_ns
from ended
left join below on ended.run_id = below.run_id and below.above is null;

-- The asked runs, each with how its counted steps ended: of all kinds, tool calls and model calls, those that ended (ok or
-- error) and those that failed.
create or replace macro run_outcomes(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as table
with stepped as (
    select
        run_id,
        count(*) filter (where status in ('ok', 'error')) as step_ended_count,
        count(*) filter (where status = 'error') as step_error_count,
        count(*) filter (where kind = 'tool' and status in ('ok', 'error')) as tool_ended_count,
        count(*) filter (where kind = 'tool' and status = 'error') as tool_error_count,
        count(*) filter (where kind = 'llm' and status in ('ok', 'error')) as llm_ended_count,
        count(*) filter (where kind = 'llm' and status = 'error') as llm_error_count
    from steps
    -- A day of slack for clocks that are behind those of their runs' roots.
    where project = in_project and counted and started_at >= make_timestamp_ns(since_ns - 86400000000000)
    group by run_id
)

select
    runs.run_id,
    runs.started_at,
    runs.status,
    runs.service_name,
    runs.service_version,
    coalesce(stepped.step_ended_count, 0) as step_ended_count,
    coalesce(stepped.step_error_count, 0) as step_error_count,
    coalesce(stepped.tool_ended_count, 0) as tool_ended_count,
    coalesce(stepped.tool_error_count, 0) as tool_error_count,
    coalesce(stepped.llm_ended_count, 0) as llm_ended_count,
    coalesce(stepped.llm_error_count, 0) as llm_error_count,
    if(runs.status in ('waiting', 'running'), runs.pending_count, 0) as pending_count
from asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as runs
left join stepped on runs.run_id = stepped.run_id;

-- How many runs, steps, tool calls and model calls ended, and how many of them in an error: of run_outcomes.
create or replace macro failure_counts(
    status, step_ended_count, step_error_count, tool_ended_count, tool_error_count, llm_ended_count, llm_error_count
) as struct_pack(
    run_count := count(*),
    ended_count := ended_count(status),
    error_count := count(*) filter (where status = 'error'),
    error_rate := error_rate(status),
    abandoned_count := count(*) filter (where status = 'abandoned'),
    step_ended_count := sum(step_ended_count)::bigint,
    step_error_count := sum(step_error_count)::bigint,
    step_error_rate := sum(step_error_count) / nullif(sum(step_ended_count), 0),
    tool_ended_count := sum(tool_ended_count)::bigint,
    tool_error_count := sum(tool_error_count)::bigint,
    tool_error_rate := sum(tool_error_count) / nullif(sum(tool_ended_count), 0),
    llm_ended_count := sum(llm_ended_count)::bigint,
    llm_error_count := sum(llm_error_count)::bigint,
    llm_error_rate := sum(llm_error_count) / nullif(sum(llm_ended_count), 0)
);

-- Whether a judgement says that the work was bad: by its label if that is one of the words for it, else by its score, if
-- all scores of its name (the highest is top_score) lie within 0 and 1: below the middle is bad. Null where neither tells.
create or replace macro judges_bad(label, score, top_score) as
case
    when lower(label) in (
        'fail', 'failed', 'negative', 'bad', 'thumbs_down', 'down', 'false', 'no', 'incorrect', 'wrong'
    ) then true
    when lower(label) in (
        'pass', 'passed', 'positive', 'good', 'thumbs_up', 'up', 'true', 'yes', 'correct', 'right'
    ) then false
    when score >= 0 and top_score <= 1 then score < 0.5
end;

-- Which part of the judgements that tell good from bad say bad: null where none does.
create or replace macro bad_rate(is_bad) as count(*) filter (where is_bad) / nullif(count(is_bad), 0);

-- The records since since_ns that judge work or belong to a replayed case, each with its run: that of its step, else
-- that of its trace (plumbing, which has no step) if it began since since_ns. judged_step_id is what was judged: the step
-- above a judgement, or the step itself that carries one.
create or replace macro evaluating_records(in_project, since_ns) as table
with told as (
    select
        trace_id,
        span_id,
        case when kind = 'evaluation' then parent_span_id else span_id end as judged_span_id,
        block_id,
        block_position,
        evaluation_name,
        evaluator_type,
        evaluation_score,
        evaluation_label,
        evaluation_explanation,
        evaluation_case,
        evaluation_suite,
        replay_category,
        coalesce(ended_at, started_at, received_at) as told_at
    from spans
    where project = in_project
        -- Each column alone: the store knows where all of one is null, and does not read it there.
        and (
            evaluation_name is not null or evaluation_label is not null or evaluation_score is not null
            or evaluation_case is not null or evaluation_suite is not null or replay_category is not null
        )
        -- A day of slack for clocks that are behind those of their runs' roots.
        and coalesce(started_at, ended_at, received_at) >= make_timestamp_ns(since_ns - 86400000000000)
),

stepped as (
    select
        steps.run_id,
        told.*
    from told
    inner join steps
        on steps.project = in_project and told.block_id = steps.block_id and told.block_position = steps.block_position
            and lower(hex(told.span_id)) = steps.step_id
),

traced as (
    select
        run_id,
        unnest(trace_ids) as trace_hex
    from runs
    where project = in_project and started_at >= make_timestamp_ns(since_ns)
),

unstepped as (
    select
        traced.run_id,
        told.*
    from told
    inner join traced on lower(hex(told.trace_id)) = traced.trace_hex
    anti join stepped
        on told.block_id = stepped.block_id and told.block_position = stepped.block_position
            and told.span_id = stepped.span_id
),

placed as (
    from stepped
    union all by name
    from unstepped
)

select
    run_id,
    lower(hex(span_id)) as step_id,
    lower(hex(judged_span_id)) as judged_step_id,
    evaluation_name,
    evaluator_type,
    evaluation_score,
    evaluation_label,
    evaluation_explanation,
    evaluation_case,
    evaluation_suite,
    replay_category,
    told_at
from placed;

-- The judgements of the runs that the common filters let through: one row each, with its case if the run is a replay.
create or replace macro asked_evaluations(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as table
with records as materialized (
    select *
    from evaluating_records(in_project, since_ns)
),

cases as (
    select
        run_id,
        arg_min(evaluation_case, told_at) as evaluation_case,
        arg_min(evaluation_suite, told_at) as evaluation_suite,
        arg_min(replay_category, told_at) as replay_category
    from records
    group by run_id
)

select
    runs.run_id,
    runs.started_at as run_started_at,
    runs.status as run_status,
    coalesce(runs.name, runs.agent_name) as run_name,
    runs.workflow_name,
    runs.service_version,
    records.step_id,
    records.judged_step_id,
    coalesce(records.evaluation_name, 'unnamed') as evaluation_name,
    coalesce(records.evaluator_type, 'unknown') as evaluator_type,
    records.evaluation_score,
    records.evaluation_label,
    records.evaluation_explanation,
    cases.evaluation_case,
    cases.evaluation_suite,
    cases.replay_category,
    records.told_at as judged_at,
    judges_bad(
        records.evaluation_label, records.evaluation_score,
        max(records.evaluation_score) over (partition by records.evaluation_name)
    ) as is_bad
from asked_runs(
    now_ns, in_project, since_ns, until_ns, workflow, agent, service, in_environment, release, model, tool, by_user,
    conversation, statuses, with_evidence, attributes, words, mentioned
) as runs
inner join records on runs.run_id = records.run_id
inner join cases on runs.run_id = cases.run_id
where coalesce(records.evaluation_name, records.evaluation_label, records.evaluation_score::varchar) is not null;

-- By how much a metric's running total grew up to a point: all of a delta point; of a cumulative one the difference to
-- the point before of its series, or all of it where the series began anew since. Of the first point that is known all
-- counts if its series began since seen_since, else how much is new is unknown.
create or replace macro added_since(told, told_before, temporality, began_at, began_at_before, seen_since) as
case
    when temporality = 1 then told
    when told_before is null then case when began_at >= seen_since then told end
    when began_at > began_at_before or told < told_before then told
    else told - told_before
end;

-- The points of one metric measured within [since_ns, until_ns), with what each adds to the totals before it: `added` to
-- a sum, added_count and added_sum to a histogram or summary. The series' points of the day before are looked at for
-- where they stood.
create or replace macro metric_growth(in_project, metric, of_type, in_unit, since_ns, until_ns) as table
with points as (
    select
        series_id,
        service_name,
        labels,
        measured_at,
        temporality,
        value,
        point_count,
        point_sum,
        point_min,
        point_max,
        added_since(
            value, lag(value) over in_time, temporality, started_at, lag(started_at) over in_time,
            make_timestamp_ns(since_ns - 86400000000000)
        ) as added,
        added_since(
            point_count::double, lag(point_count::double) over in_time, temporality, started_at,
            lag(started_at) over in_time, make_timestamp_ns(since_ns - 86400000000000)
        ) as added_count,
        case
            when temporality = 1 then point_sum
            -- A sum of values below zero falls without a new beginning; the count tells.
            when lag(point_count) over in_time is null
                then case when started_at >= make_timestamp_ns(since_ns - 86400000000000) then point_sum end
            when started_at > lag(started_at) over in_time or point_count < lag(point_count) over in_time then point_sum
            else point_sum - lag(point_sum) over in_time
        end as added_sum
    from metric_points
    where project = in_project and metric_name = metric and (of_type is null or metric_type = of_type)
        and (in_unit is null or unit = in_unit)
        and measured_at >= make_timestamp_ns(since_ns - 86400000000000) and measured_at < make_timestamp_ns(until_ns)
    window in_time as (partition by series_id order by measured_at, block_id, block_position)
)

select
    series_id,
    service_name,
    labels,
    measured_at,
    temporality,
    value,
    added,
    added_count,
    added_sum,
    case when temporality = 1 then point_min end as point_min,
    case when temporality = 1 then point_max end as point_max
from points
where measured_at >= make_timestamp_ns(since_ns);

-- Which services sent in the batches committed within [since_ns, until_ns), by signal, with their rhythm. A service is
-- silent if nothing has come from it for 15 minutes and for twice its longest pause in the window, provided that it sent
-- over an hour or more: no rhythm follows from one burst. Pauses are between minutes with commits, shorter ones are 0.
create or replace macro sending_services(of_project, of_projects, since_ns, until_ns) as table
with gathered as (
    select
        project,
        signal,
        services,
        epoch_ns(committed_at) // 60000000000 as minute,
        count(*) as batch_count,
        min(committed_at) as first_commit_at,
        max(committed_at) as last_commit_at
    from ingest_batches
    where (of_project is null or project = of_project)
        and (of_projects is null or list_contains(of_projects, project))
        and committed_at >= make_timestamp_ns(since_ns) and committed_at < make_timestamp_ns(until_ns)
    group by project, signal, services, minute
),

minutes as (
    select
        project,
        service_name,
        signal,
        sum(batch_count) as batch_count,
        min(first_commit_at) as first_commit_at,
        max(last_commit_at) as last_commit_at
    from (
        select
            project,
            signal,
            unnest(services) as service_name,
            minute,
            batch_count,
            first_commit_at,
            last_commit_at
        from gathered
    )
    group by project, service_name, signal, minute
),

paused as (
    select
        project,
        service_name,
        signal,
        batch_count,
        first_commit_at,
        last_commit_at,
        (epoch_ns(first_commit_at) - epoch_ns(lag(last_commit_at) over in_time)) / 1e9 as pause_s
    from minutes
    window in_time as (partition by project, service_name, signal order by first_commit_at)
),

sending as (
    select
        project,
        service_name,
        signal,
        sum(batch_count)::bigint as batch_count,
        min(first_commit_at) as first_commit_at,
        max(last_commit_at) as last_commit_at,
        coalesce(max(pause_s), 0) as longest_pause_s,
        (until_ns - epoch_ns(max(last_commit_at))) / 1e9 as silent_s
    from paused
    group by project, service_name, signal
)

select
    project,
    service_name,
    signal,
    batch_count,
    first_commit_at,
    last_commit_at,
    longest_pause_s,
    silent_s,
    silent_s > greatest(900, 2 * longest_pause_s)
    and epoch_ns(last_commit_at) - epoch_ns(first_commit_at) >= 3600000000000 as is_silent
from sending;
