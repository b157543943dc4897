-- Where does a run's time go? One row per kind of step, the one that runs waited for longest first: llm, tool, agent …,
-- human_wait for questions put to humans, run for the time in which no step was at work. What a run waits for at a
-- moment is told in asked_paths (views.sql), so parallel steps are not counted twice and total_ms adds up to the runs'
-- durations. Of the runs that have ended (ended_count), 10,000 at most are looked at (timed_run_count), any of them.
-- share = total_ms / all; working_share is without human_wait, null for itself. run_count runs waited for the kind,
-- p50_ms and p95_ms are of those runs.
with own as (
    select
        run_id,
        kind,
        any_value(ended_count) as ended_count,
        sum(own_ns) / 1e6 as own_ms
    from asked_paths(
        10000, 'any', $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release,
        $model, $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    group by run_id, kind
),

sums as (
    select
        kind,
        count(*) filter (where own_ms > 0) as run_count,
        sum(own_ms) as total_ms,
        quantile_cont(own_ms, 0.5) filter (where own_ms > 0) as p50_ms,
        quantile_cont(own_ms, 0.95) filter (where own_ms > 0) as p95_ms
    from own
    group by kind
),

counts as (
    select
        any_value(ended_count) as ended_count,
        count(distinct run_id) as timed_run_count
    from own
)

select
    sums.kind,
    sums.run_count,
    counts.timed_run_count,
    counts.ended_count,
    sums.total_ms,
    sums.total_ms / nullif(sum(sums.total_ms) over (), 0) as share,
    case
        when sums.kind <> 'human_wait'
            then sums.total_ms / nullif(sum(sums.total_ms) filter (where sums.kind <> 'human_wait') over (), 0)
    end as working_share,
    sums.p50_ms,
    sums.p95_ms
from sums
cross join counts
order by sums.total_ms desc, sums.kind
