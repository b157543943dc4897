-- Do models judge as humans do, of the same run or of the same step ($by)? One row per run or step that both judged, where
-- both tell good from bad; those on which they differ first, the newest first. Bad is what at least one of them says of
-- it. cell_count is how many rows have these two verdicts, pair_count and agreed_count are of all rows, also those beyond
-- the limit; agreement = agreed_count / pair_count; kappa is Cohen's: how much of what chance leaves over they agree on,
-- null where chance leaves nothing.
with judged as (
    select
        run_id,
        case when $by = 'step' then judged_step_id end as judged_step_id,
        any_value(run_name) as run_name,
        any_value(workflow_name) as workflow_name,
        max(run_started_at) as run_started_at,
        bool_or(is_bad) filter (where evaluator_type = 'human') as human_says_bad,
        bool_or(is_bad) filter (where evaluator_type = 'model') as model_says_bad,
        list(distinct evaluation_name order by evaluation_name) as evaluation_names
    from asked_evaluations(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    where is_bad is not null and evaluator_type in ('human', 'model') and ($by = 'run' or judged_step_id is not null)
    group by run_id, case when $by = 'step' then judged_step_id end
    having human_says_bad is not null and model_says_bad is not null
),

counted as (
    select
        count(*) as pair_count,
        count(*) filter (where human_says_bad = model_says_bad) as agreed_count,
        count(*) filter (where human_says_bad) / count(*) as human_bad_rate,
        count(*) filter (where model_says_bad) / count(*) as model_bad_rate
    from judged
)

select
    judged.run_id,
    judged.judged_step_id,
    judged.run_name,
    judged.workflow_name,
    judged.run_started_at,
    judged.human_says_bad,
    judged.model_says_bad,
    judged.evaluation_names,
    count(*) over (partition by judged.human_says_bad, judged.model_says_bad) as cell_count,
    counted.pair_count,
    counted.agreed_count,
    counted.agreed_count / counted.pair_count as agreement,
    (
        counted.agreed_count / counted.pair_count
        - counted.human_bad_rate * counted.model_bad_rate - (1 - counted.human_bad_rate) * (1 - counted.model_bad_rate)
    ) / nullif(
        1 - counted.human_bad_rate * counted.model_bad_rate - (1 - counted.human_bad_rate) * (1 - counted.model_bad_rate),
        0
    ) as kappa
from judged
cross join counted
order by
    judged.human_says_bad = judged.model_says_bad, judged.human_says_bad desc, judged.run_started_at desc, judged.run_id,
    judged.judged_step_id
limit $limit
