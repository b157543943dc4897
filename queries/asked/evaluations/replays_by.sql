-- How did replayed cases go, by category, suite, case or release ($by)? One row per value, those with most failed runs
-- first; null stands for replays that name none. A replay is a run of which a record names a case, suite or category; it
-- failed if it ended in an error or a judgement says bad. failure_rate = failed_count / run_count.
with records as materialized (
    select *
    from evaluating_records($project, $since_ns)
),

replays as (
    select
        run_id,
        arg_min(evaluation_case, told_at) as evaluation_case,
        arg_min(evaluation_suite, told_at) as evaluation_suite,
        arg_min(replay_category, told_at) as replay_category
    from records
    group by run_id
    having coalesce(max(evaluation_case), max(evaluation_suite), max(replay_category)) is not null
),

judged as (
    select
        run_id,
        count(*) as judgement_count,
        avg(evaluation_score) as mean_score,
        bool_or(is_bad) as is_bad
    from asked_evaluations(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    group by run_id
)

select
    case $by
        when 'suite' then replays.evaluation_suite
        when 'case' then replays.evaluation_case
        when 'release' then runs.service_version
        else replays.replay_category
    end as value,
    count(distinct replays.evaluation_case) as case_count,
    count(*) as run_count,
    count(*) filter (where runs.status = 'error' or coalesce(judged.is_bad, false)) as failed_count,
    count(*) filter (where runs.status = 'error' or coalesce(judged.is_bad, false)) / count(*) as failure_rate,
    count(*) filter (where runs.status = 'error') as error_count,
    coalesce(sum(judged.judgement_count), 0)::bigint as judgement_count,
    avg(judged.mean_score) as mean_score,
    sum(runs.cost_usd) as cost_usd,
    arg_max(runs.run_id, (runs.status = 'error' or coalesce(judged.is_bad, false), runs.started_at, runs.run_id)) as run_id,
    max(runs.started_at) as last_started_at
from asked_runs(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool, $user,
    $conversation, $statuses, $evidence, $attributes, $words, $mentioned
) as runs
inner join replays on runs.run_id = replays.run_id
left join judged on runs.run_id = judged.run_id
group by value
order by failed_count desc, run_count desc, value
limit $limit
