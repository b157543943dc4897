-- Which scores and labels were given how often? One row per name of a judgement and label, and per name and tenth of the
-- range of its scores (from score_from up to score_to, which belongs to the last): 0 to 1 where all lie in it, else from
-- the lowest to the highest; one row where they are all the same. Only what was given; by name, labels first.
with judged as (
    select
        evaluation_name,
        evaluation_score,
        evaluation_label,
        run_id
    from asked_evaluations(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

ranges as (
    select
        evaluation_name,
        case when min(evaluation_score) >= 0 and max(evaluation_score) <= 1 then 0 else min(evaluation_score) end as low,
        case when min(evaluation_score) >= 0 and max(evaluation_score) <= 1 then 1 else max(evaluation_score) end as high
    from judged
    where isfinite(evaluation_score)
    group by evaluation_name
),

binned as (
    select
        judged.evaluation_name,
        judged.run_id,
        ranges.low,
        ranges.high,
        case
            when ranges.high > ranges.low
                then least(9, floor(10 * (judged.evaluation_score - ranges.low) / (ranges.high - ranges.low)))::integer
            else 0
        end as tenth
    from judged
    inner join ranges on judged.evaluation_name = ranges.evaluation_name
    where isfinite(judged.evaluation_score)
)

select
    evaluation_name,
    evaluation_label,
    null::double as score_from,
    null::double as score_to,
    count(*) as judgement_count,
    count(distinct run_id) as run_count
from judged
where evaluation_label is not null
group by evaluation_name, evaluation_label
union all
select
    evaluation_name,
    null as evaluation_label,
    low + tenth * (high - low) / 10 as score_from,
    low + (tenth + 1) * (high - low) / 10 as score_to,
    count(*) as judgement_count,
    count(distinct run_id) as run_count
from binned
group by evaluation_name, low, high, tenth
order by evaluation_name, evaluation_label nulls last, score_from
limit $limit
