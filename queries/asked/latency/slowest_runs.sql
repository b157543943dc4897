-- Which runs took longest, and which chain of steps made each so long? One row per run and step that it waited for: the
-- twelve that worked longest, the waits for humans left out, or that took longest in all ($by working or total), of
-- those that have ended, in the order of run_place; the steps of each in the order in which they began. From began_ms
-- after the run's start it waited own_ms for the step itself, as asked_paths (views.sql) tells: kind human_wait is a
-- question put to a human, run the time without a step at work. own_ms add up to duration_ms, which is working_ms and
-- human_wait_ms; of a run with more than 60 such steps the shorter ones are one row, kind rest, of rest_count steps.
with paths as (
    select
        *,
        coalesce(sum(own_ns) filter (where kind = 'human_wait') over (partition by run_id), 0)::bigint as wait_ns,
        row_number() over (
            partition by run_id order by kind = 'human_wait' desc, own_ns desc, from_ns, level, kind, step_id
        ) > 60 as is_rest
    from asked_paths(
        12, $by, $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
        $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    where own_ns > 0
),

waited as (
    select
        run_id,
        run_ns,
        wait_ns,
        case when is_rest then 'rest' else kind end as kind,
        case when not is_rest then name end as name,
        case when not is_rest then step_id end as step_id,
        case when not is_rest then level end as level,
        case when not is_rest then from_ns end as from_ns,
        sum(own_ns)::bigint as own_ns,
        nullif(count(*) filter (where is_rest), 0) as rest_count
    from paths
    group by all
)

select
    dense_rank() over (
        order by waited.run_ns - case when $by = 'working' then waited.wait_ns else 0 end desc, waited.run_id
    ) as run_place,
    waited.run_id,
    coalesce(runs.name, runs.agent_name) as run_name,
    runs.workflow_name,
    runs.status,
    runs.started_at,
    runs.duration_ms,
    (waited.run_ns - waited.wait_ns) / 1e6 as working_ms,
    waited.wait_ns / 1e6 as human_wait_ms,
    waited.kind,
    waited.name,
    waited.step_id,
    waited.level,
    waited.from_ns / 1e6 as began_ms,
    waited.own_ns / 1e6 as own_ms,
    waited.rest_count
from waited
inner join runs_at($now_ns) as runs on runs.project = $project and waited.run_id = runs.run_id
order by run_place, waited.from_ns nulls last, waited.level, waited.step_id, waited.kind
