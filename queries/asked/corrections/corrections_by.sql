-- Which workflows, agents, releases, prompt versions or models do humans correct? One row per value, the most corrected
-- first. A run with two agents, prompts or models counts for both; null is one that names none.
-- correction_rate = corrected_count / reviewed_count, over the runs with a decision, feedback or correction by a human;
-- corrected_share = corrected_ended_count / ended_count, over all finished runs. A run corrected twice counts once.
with prompts as (
    select
        run_id,
        list(distinct concat_ws(' ', prompt_name, prompt_version)) as prompt_versions
    from steps
    where project = $project and prompt_version is not null and $by = 'prompt_version'
    group by run_id
),

valued as (
    select
        runs.status,
        runs.is_reviewed,
        runs.is_corrected,
        unnest(
            case $by
                when 'workflow' then [runs.workflow_name]
                when 'agent' then if(len(runs.agent_names) > 0, runs.agent_names, [null])
                when 'release' then [runs.service_version]
                when 'model' then if(len(runs.models) > 0, runs.models, [null])
                else coalesce(prompts.prompt_versions, [null])
            end
        ) as value
    from judged_runs(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
) as runs
    left join prompts on runs.run_id = prompts.run_id
)

select
    value,
    count(*) as run_count,
    ended_count(status) as ended_count,
    count(*) filter (where is_reviewed) as reviewed_count,
    count(*) filter (where is_corrected) as corrected_count,
    corrected_ended_count(is_corrected, status) as corrected_ended_count,
    correction_rate(is_corrected, is_reviewed) as correction_rate,
    corrected_share(is_corrected, status) as corrected_share
from valued
group by value
order by corrected_count desc, reviewed_count desc, run_count desc, value
limit $limit
