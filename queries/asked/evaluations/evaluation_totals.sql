-- How was the work judged, and in the window before? One row a window: asked, then before, if there was one.
-- judged_run_count runs have a judgement, bad_run_count one that says bad (judges_bad in views.sql); bad_rate =
-- bad_count / verdict_count, of the judgements that tell good from bad, null where none does.
with judged as (
    select
        run_id,
        evaluator_type,
        is_bad,
        run_started_at >= make_timestamp_ns($since_ns) as is_asked
    from asked_evaluations(
        $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

told as (
    select
        is_asked,
        count(*) as judgement_count,
        count(distinct run_id) as judged_run_count,
        count(distinct run_id) filter (where is_bad) as bad_run_count,
        count(*) filter (where evaluator_type = 'human') as human_count,
        count(*) filter (where evaluator_type = 'model') as model_count,
        count(*) filter (where evaluator_type = 'code') as code_count,
        count(is_bad) as verdict_count,
        count(*) filter (where is_bad) as bad_count,
        bad_rate(is_bad) as bad_rate
    from judged
    group by is_asked
),

counted as (
    select
        started_at >= make_timestamp_ns($since_ns) as is_asked,
        count(*) as run_count
    from asked_runs(
        $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    group by is_asked
)

select
    case when counted.is_asked then 'asked' else 'before' end as period,
    counted.run_count,
    coalesce(told.judgement_count, 0) as judgement_count,
    coalesce(told.judged_run_count, 0) as judged_run_count,
    coalesce(told.bad_run_count, 0) as bad_run_count,
    coalesce(told.human_count, 0) as human_count,
    coalesce(told.model_count, 0) as model_count,
    coalesce(told.code_count, 0) as code_count,
    coalesce(told.verdict_count, 0) as verdict_count,
    coalesce(told.bad_count, 0) as bad_count,
    told.bad_rate
from counted
left join told on counted.is_asked = told.is_asked
order by period
