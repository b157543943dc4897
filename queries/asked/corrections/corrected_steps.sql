-- Which steps do humans correct most? One row per tool, or step that a correction was told under; most corrections first.
-- run_count: the runs of the window that have this step; corrected_run_count: those in which it was corrected; weak
-- signs are left out.
with corrected as (
    select *
    from asked_corrections(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
    where strength <> 'weak'
),

names as (
    select
        row_number() over () as name_no,
        step_kind,
        step_name
    from (
        select distinct
            step_kind,
            step_name
        from corrected
    )
),

-- Of all steps, those of the names that were corrected.
taken as (
    select
        names.name_no,
        corrected.run_place
    from corrected
    inner join names
        on corrected.step_name = names.step_name and corrected.step_kind is not distinct from names.step_kind
    union all
    select
        names.name_no,
        runs.place as run_place
    from steps
    inner join names
        on coalesce(steps.tool_name, steps.name) = names.step_name
            and case when steps.tool_name is null then steps.kind else 'tool' end = names.step_kind
    inner join asked_runs(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    ) as runs on steps.run_id = runs.run_id
    -- A day of slack for clocks that are behind those of their runs' roots.
    where steps.project = $project and steps.started_at >= make_timestamp_ns($since_ns - 86400000000000)
),

run_counts as (
    select
        names.step_kind,
        names.step_name,
        counts.run_count
    from (
        select
            name_no,
            count(distinct run_place) as run_count
        from taken
        group by name_no
    ) as counts
    inner join names on counts.name_no = names.name_no
)

select
    corrected.step_name,
    corrected.step_kind,
    count(*) as correction_count,
    count(distinct corrected.run_id) as corrected_run_count,
    any_value(run_counts.run_count) as run_count,
    corrected_run_count / any_value(run_counts.run_count) as corrected_share,
    list(distinct corrected.kind order by corrected.kind) as kinds
from corrected
left join run_counts
    on corrected.step_name = run_counts.step_name and corrected.step_kind is not distinct from run_counts.step_kind
group by corrected.step_name, corrected.step_kind
order by correction_count desc, corrected.step_name, corrected.step_kind
limit $limit
