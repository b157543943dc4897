-- How were runs judged over time? One row per bucket in which runs started and name of a judgement, of the seven names
-- that are most frequent in the window; place is a name's rank among them.
-- mean_score is of scored_count scores; bad_rate = bad_count / verdict_count, null where none tells good from bad.
with judged as (
    select
        bucket_of(run_started_at, $bucket, $tz) as bucket_at,
        evaluation_name,
        evaluation_score,
        is_bad
    from asked_evaluations(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

ranked as (
    select
        evaluation_name,
        row_number() over (order by count(*) desc, evaluation_name) as place
    from judged
    group by evaluation_name
)

select
    judged.bucket_at,
    bucket_until(judged.bucket_at, $bucket, $tz) as bucket_until_at,
    ranked.place,
    judged.evaluation_name,
    count(*) as judgement_count,
    count(judged.evaluation_score) as scored_count,
    avg(judged.evaluation_score) as mean_score,
    count(judged.is_bad) as verdict_count,
    count(*) filter (where judged.is_bad) as bad_count,
    bad_rate(judged.is_bad) as bad_rate
from judged
inner join ranked on judged.evaluation_name = ranked.evaluation_name
where ranked.place <= 7
group by judged.bucket_at, ranked.place, judged.evaluation_name
order by judged.bucket_at, ranked.place
