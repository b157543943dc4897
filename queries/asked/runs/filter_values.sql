-- What can runs be narrowed by? One row per field and value seen on runs of the window, the most frequent first,
-- at most $limit a field.
with seen as (
    select
        unnest([
            {'field': 'workflow', 'names': [workflow_name]},
            {'field': 'agent', 'names': agent_names},
            {'field': 'service', 'names': service_names},
            {'field': 'environment', 'names': [environment]},
            {'field': 'release', 'names': [service_version]},
            {'field': 'model', 'names': list_distinct(list_concat(models, requested_models))},
            {'field': 'tool', 'names': tool_names},
            {'field': 'user', 'names': [user_id]}
        ]) as entry
    from asked_runs(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

named as (
    select
        entry.field as field,
        unnest(entry.names) as value
    from seen
)

select
    field,
    value,
    count(*) as run_count
from named
where value is not null
group by field, value
qualify row_number() over (partition by field order by run_count desc, value) <= $limit
order by field, run_count desc, value
