-- Which runs were judged worst? One row per judged run of the window, those with most judgements that say bad first,
-- then those whose lowest score stands lowest among the scores of its name (lowest_share, 0 is the very lowest).
-- worst_* is the judgement that says so: a bad one if there is any, else that of the lowest score. Only judgements of this
-- $name and by this $evaluator count, where asked for.
with judged as (
    select
        run_id,
        run_started_at,
        run_status,
        run_name,
        workflow_name,
        service_version,
        step_id,
        judged_step_id,
        evaluation_name,
        evaluator_type,
        evaluation_score,
        evaluation_label,
        evaluation_explanation,
        evaluation_case,
        is_bad,
        case
            when evaluation_score is not null
                then percent_rank() over (partition by evaluation_name, evaluation_score is null order by evaluation_score)
        end as share
    from asked_evaluations(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    where ($name is null or evaluation_name = $name) and ($evaluator is null or evaluator_type = $evaluator)
),

worst as (
    from judged
    qualify row_number() over (
        partition by run_id order by coalesce(is_bad, false) desc, share nulls last, evaluation_name, step_id
    ) = 1
),

counted as (
    select
        run_id,
        count(*) as judgement_count,
        count(is_bad) as verdict_count,
        count(*) filter (where is_bad) as bad_count,
        min(share) as lowest_share
    from judged
    group by run_id
)

select
    worst.run_id,
    worst.run_started_at,
    worst.run_status,
    worst.run_name,
    worst.workflow_name,
    worst.service_version,
    counted.judgement_count,
    counted.verdict_count,
    counted.bad_count,
    counted.lowest_share,
    worst.judged_step_id as worst_step_id,
    worst.evaluation_name as worst_name,
    worst.evaluator_type as worst_evaluator_type,
    worst.evaluation_score as worst_score,
    worst.evaluation_label as worst_label,
    worst.evaluation_explanation as worst_explanation,
    worst.evaluation_case
from worst
inner join counted on worst.run_id = counted.run_id
order by counted.bad_count desc, counted.lowest_share nulls last, worst.run_started_at desc, worst.run_id
limit $limit
