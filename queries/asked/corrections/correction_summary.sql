-- How often do humans correct what agents did? One row for the window, one for that before it; none for an empty one.
-- correction_rate = corrected_count / reviewed_count, over the runs with a decision, feedback or correction by a human;
-- corrected_share = corrected_ended_count / ended_count, over all finished runs. A run corrected twice counts once.
select
    case when started_at >= make_timestamp_ns($since_ns) then 'asked' else 'before' end as period,
    count(*) as run_count,
    ended_count(status) as ended_count,
    count(*) filter (where is_reviewed) as reviewed_count,
    count(*) filter (where is_corrected) as corrected_count,
    corrected_ended_count(is_corrected, status) as corrected_ended_count,
    correction_rate(is_corrected, is_reviewed) as correction_rate,
    corrected_share(is_corrected, status) as corrected_share
from judged_runs(
    $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by period
order by period
