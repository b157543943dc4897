-- Our nouns over the derived tables, with status told for the asking time `now_ns` (nanoseconds since 1970).

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
create or replace macro newest_commit(in_project, since_ns, until_ns) as (
    select max(batch_id)
    from ingest_batches
    where project = in_project
        and last_at >= make_timestamp_ns(since_ns) and first_at < make_timestamp_ns(until_ns)
);

-- How many runs have ended, and which part of them in error: null when none has. Waiting and running ones have not.
create or replace macro ended_count(status) as count(*) filter (where status in ('ok', 'error', 'abandoned'));
create or replace macro error_rate(status) as count(*) filter (where status = 'error') / nullif(ended_count(status), 0);

-- When the bucket that a moment falls into begins, in UTC: '5 minutes', or an 'hour', 'day' or 'week' as cut in zone tz.
create or replace macro bucket_of(moment, bucket, tz) as
case
    when bucket = '5 minutes' then time_bucket(interval 5 minutes, moment::timestamp)
    when tz = 'UTC' then date_trunc(bucket, moment::timestamp)
    else timezone('UTC', timezone(tz, date_trunc(bucket, timezone(tz, timezone('UTC', moment::timestamp)))))
end;

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
    and (attributes is null or list_has_all(labels, attributes))
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
