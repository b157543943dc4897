-- What was released, rolled back or switched over in the window? One row per change, the newest first.
-- evidence: explicit for what an `oversight.change` event tells; inferred for a service's release of which the project saw
-- the first run in the window, after those of another one (changed_from), and of which no event of the 30 days before the
-- window or later tells. Where runs are narrowed, only changes to services of the asked runs are listed.
-- run_count: the asked runs of the service since then, of this release where the service itself was changed.
with asked as (
    select
        started_at,
        service_version,
        service_names
    from asked_runs(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

told as (
    select distinct
        started_at as changed_at,
        service_name,
        coalesce(change_kind, 'change') as change_kind,
        change_subject,
        change_name,
        change_from as changed_from,
        change_to as changed_to,
        'explicit' as evidence
    from spans
    where project = $project and event_name = 'oversight.change'
        and started_at >= make_timestamp_ns($since_ns) and started_at < make_timestamp_ns($until_ns)
),

seen as (
    select
        first_run_at as changed_at,
        service_name,
        'release' as change_kind,
        'service' as change_subject,
        service_name as change_name,
        lag(service_version) over (partition by service_name order by first_run_at, service_version) as changed_from,
        service_version as changed_to,
        'inferred' as evidence
    from releases_of($project)
),

changes as (
    from told
    union all by name
    from seen
    where changed_from is not null
        and changed_at >= make_timestamp_ns($since_ns) and changed_at < make_timestamp_ns($until_ns)
        and not exists (
            select 1
            from spans
            where spans.project = $project and spans.event_name = 'oversight.change'
                and spans.started_at >= make_timestamp_ns($since_ns - 30 * 86400 * 1000000000::bigint)
                and spans.service_name is not distinct from seen.service_name and spans.change_to = seen.changed_to
        )
)

select
    changes.changed_at,
    changes.service_name,
    changes.change_kind,
    changes.change_subject,
    changes.change_name,
    changes.changed_from,
    changes.changed_to,
    changes.evidence,
    (
        select count(*)
        from asked
        where list_contains(asked.service_names, changes.service_name)
            and asked.started_at >= changes.changed_at
            and (changes.change_subject is distinct from 'service' or asked.service_version = changes.changed_to)
    ) as run_count
from changes
where coalesce(
    $workflow, $agent, $service, $environment, $release, $model, $tool, $user, $conversation, $evidence,
    $statuses::varchar, $attributes::varchar, $words::varchar
) is null
or changes.service_name in (
    select unnest(service_names)
    from asked
)
order by
    changes.changed_at desc, changes.service_name, changes.change_subject, changes.change_name, changes.changed_to,
    changes.changed_from
limit $limit
