-- In which ways do humans correct agents? One row per kind, the most frequent first.
-- Weak signs, such as edits that did not last, are listed but counted in no rate.
select
    kind,
    strength,
    count(*) as correction_count,
    count(distinct run_id) as run_count
from asked_corrections(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by kind, strength
order by correction_count desc, kind, strength
