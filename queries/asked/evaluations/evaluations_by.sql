-- How was the work judged, by evaluator, workflow, release, suite or category ($by)? One row per name of a judgement and
-- value, since scores of different names cannot be compared; the most frequent first. Means are of scored_count scores;
-- bad_rate = bad_count / verdict_count, of the judgements that tell good from bad. *_before is of the window before.
with judged as (
    select
        evaluation_name,
        case $by
            when 'workflow' then workflow_name
            when 'release' then service_version
            when 'suite' then evaluation_suite
            when 'category' then replay_category
            else evaluator_type
        end as value,
        run_id,
        evaluation_score,
        evaluation_label,
        is_bad,
        judged_at,
        run_started_at >= make_timestamp_ns($since_ns) as is_asked
    from asked_evaluations(
        $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
)

select
    evaluation_name,
    value,
    count(*) filter (where is_asked) as judgement_count,
    count(distinct run_id) filter (where is_asked) as run_count,
    count(evaluation_score) filter (where is_asked) as scored_count,
    avg(evaluation_score) filter (where is_asked) as mean_score,
    min(evaluation_score) filter (where is_asked) as min_score,
    max(evaluation_score) filter (where is_asked) as max_score,
    mode(evaluation_label order by evaluation_label) filter (where is_asked) as top_label,
    count(is_bad) filter (where is_asked) as verdict_count,
    count(*) filter (where is_asked and is_bad) as bad_count,
    bad_rate(case when is_asked then is_bad end) as bad_rate,
    avg(evaluation_score) filter (where not is_asked) as mean_score_before,
    bad_rate(case when not is_asked then is_bad end) as bad_rate_before,
    max(judged_at) filter (where is_asked) as last_judged_at
from judged
group by evaluation_name, value
having judgement_count > 0
order by judgement_count desc, evaluation_name, value
limit $limit
