-- What is kept. Every table carries `project`; times are UTC with nanoseconds; ids are bytes, hex only at the edge.
-- There are no keys or indexes: the writer drops duplicates itself, and questions prune by time.

-- One row: the key of the keyed hashes that stand for persons (ingest/pseudonyms.py). It never leaves the file.
create table pseudonym_key (key blob not null);

-- One row per API key that was ever made (access/keyring.py), without what its holder sends.
create table api_keys (
    key_id varchar not null,                -- stands in the key, to tell it by
    name varchar not null,
    secret_hash blob not null,              -- SHA-256 of the whole key
    scopes varchar[] not null,              -- ingest | read | review | admin
    projects varchar[],                     -- null: all of them
    created_at timestamp_ns not null,
    revoked_at timestamp_ns,
    last_used_at timestamp_ns               -- up to a minute late
);

-- One row per act of a person or of the holder of a key (access/audit.py). Rows are only ever added, and none is removed
-- together with what it is about.
create table audit_log (
    project varchar,                        -- null: of no one project
    done_at timestamp_ns not null,
    who varchar not null,                   -- a person, by what the identity provider says; the name of a key; or local
    via varchar not null,                   -- app: for a person | key | local: without keys | command
    role varchar,                           -- of a person
    key_id varchar,                         -- null without one
    act varchar not null,
    about varchar not null                  -- the id or name of what it was done to, cut after 500 characters
);

-- One row per view of the app that somebody named (ingest/saved_views.py).
create table saved_views (
    project varchar not null,
    view_id varchar not null,
    name varchar not null,                  -- unique within its project
    address varchar not null,               -- a page's path and query, without the project
    saved_at timestamp_ns not null
);

-- One row per time that a rule of alerts/ found a group over its threshold (alerts/episodes.py): what fires, and what did.
create table alerts (
    project varchar not null,
    alert_id varchar not null,
    rule varchar not null,
    group_name varchar not null,            -- a workflow, tool, model, service or reason; '' for what names none
    state varchar not null,                 -- pending | firing | resolved
    streak integer not null,                -- evaluations in a row: over it while pending, below it while firing
    value double not null,
    unit varchar not null,                  -- usd | rate | ms | count
    threshold double not null,
    sample_count bigint not null,           -- how much is behind the value
    sample varchar not null,                -- of what
    detail varchar not null,
    question varchar not null,
    asked varchar not null,                 -- the API's path and query that answer the same
    address varchar not null,               -- a page's path and query, without the project
    is_told boolean not null,               -- messages say that it fires, or would if there were channels
    began_at timestamp_ns not null,
    evaluated_at timestamp_ns not null,
    fired_at timestamp_ns,
    resolved_at timestamp_ns
);

-- One row per message to a channel about changes of a rule's alerts: to be sent, sent, or given up (alerts/delivery.py).
create table alert_notifications (
    project varchar not null,
    notification_id varchar not null,
    rule varchar not null,
    change varchar not null,                -- fired | resolved; told: no alert, something to be read
    severity varchar not null,              -- info | warning | critical
    alert_ids varchar[] not null,
    channel varchar not null,
    title varchar not null,
    body varchar not null,
    created_at timestamp_ns not null,
    attempt_count integer not null,
    next_attempt_at timestamp_ns,           -- null: sent, or given up
    last_error varchar,
    sent_at timestamp_ns
);

-- One row per silence that somebody asked for: of which alerts nobody is told until when.
create table alert_silences (
    project varchar not null,
    silence_id varchar not null,
    rule varchar,                           -- null: all of them
    group_name varchar,                     -- null: all of the rule
    until_at timestamp_ns not null,
    reason varchar not null,
    made_by varchar not null,
    made_at timestamp_ns not null,
    ended_at timestamp_ns                   -- ended by hand
);

-- One row per weekly report that was made: `document` is all of it as JSON, from which every form is made again.
create table weekly_reports (
    project varchar not null,
    week varchar not null,                  -- 2026-W46
    tz varchar not null,                    -- where its Monday begins
    workflow varchar,                       -- null: all together
    version integer not null,               -- the first is 1
    made_at timestamp_ns not null,          -- as of when
    is_final boolean not null,              -- the week was over then
    kept_at timestamp_ns not null,
    document varchar not null
);

-- One row per run that somebody pinned: retention leaves it as it is.
create table pins (
    project varchar not null,
    run_id varchar not null,
    pinned_at timestamp_ns not null,
    pinned_by varchar                       -- as whoever asked said
);

-- One row per removal of records (ingest/removal.py): when, why and how much, not what.
create table removals (
    project varchar not null,
    batch_id ubigint not null,              -- numbered together with ingest_batches
    removed_at timestamp_ns not null,
    reason varchar not null,                -- run | conversation | user | retention
    run_count uinteger not null,
    record_count uinteger not null,
    first_at timestamp_ns,                  -- when what was removed had happened
    last_at timestamp_ns
);

-- The traces that were removed on demand: what still comes of them is not stored.
create table removed_traces (
    project varchar not null,
    trace_id blob not null
);

-- One row: how many steps of removals on demand there were. Who keeps what was made of records (reports, alerts) writes it
-- unchanged, so that of such a one and a removal at the same time one has to begin again.
create table removal_counter (removal_count ubigint not null);
insert into removal_counter values (0);

-- Records as they arrived: typed columns here, the whole record in `content_blocks`.

-- One row per span, and one per log record that stands for an agent's step, decision or judgement
-- (signal 'log', or 'event' for a span event; its span_id is derived from the record's identity).
create table spans (
    project varchar not null,
    signal varchar not null,                -- span | log | event
    trace_id blob,                          -- 16 bytes; null for a log record without one
    span_id blob not null,                  -- 8 bytes
    parent_span_id blob,                    -- a log record's parent is the span it was sent under
    started_at timestamp_ns,                -- a log record with a duration started that long before its time
    ended_at timestamp_ns,
    duration_ms double,
    name varchar not null,
    span_kind utinyint not null,            -- OTLP SpanKind
    status_code utinyint not null,          -- OTLP StatusCode: 0 unset, 1 ok, 2 error
    event_name varchar,                     -- log records only
    scope_name varchar not null,
    dialects varchar[] not null,
    run_key varchar,                        -- what groups records into a run where the trace id does not
    conversation_id varchar,
    user_id varchar,
    environment varchar,
    service_name varchar,
    service_version varchar,
    kind varchar not null,                  -- workflow agent llm tool retrieval embedding guardrail approval evaluation human other
    operation varchar,
    agent_name varchar,
    agent_id varchar,
    agent_version varchar,
    agent_call_id varchar,
    workflow_name varchar,
    prompt_name varchar,
    prompt_version varchar,
    provider varchar,
    framework varchar,
    requested_model varchar,
    served_model varchar,
    response_id varchar,
    finish_reasons varchar[],
    route_attempt integer,
    route_reason varchar,
    route_gateway varchar,
    server_address varchar,
    input_tokens bigint,                    -- cached tokens included
    output_tokens bigint,                   -- reasoning tokens included
    cache_read_tokens bigint,
    cache_write_tokens bigint,
    reasoning_tokens bigint,
    audio_input_tokens bigint,
    audio_output_tokens bigint,
    total_tokens bigint,                    -- as sent, to check the others
    rollup_input_tokens bigint,             -- an agent's own total, counted only without model calls below it
    rollup_output_tokens bigint,
    cost_usd double,
    cost_source varchar,                    -- reported | gateway | joined_log | price_table
    cost_input_usd double,
    cost_output_usd double,
    ttft_ms double,
    wait_ms double,                         -- human time inside the step
    tool_name varchar,
    tool_type varchar,
    tool_call_id varchar,
    tool_args varchar,                      -- JSON text, cut after 2,000 characters (see `cut`)
    tool_result varchar,                    -- cut after 500 characters
    tool_status varchar,                    -- ok | error | denied | cancelled
    tool_definitions_hash varchar,
    offered_tools varchar[],                -- the names in the definitions that a model was sent
    mcp_server varchar,
    mcp_method varchar,
    mcp_session_id varchar,
    is_error boolean not null,
    pause varchar,                          -- pending | control | cancelled: an exception that is no error
    error_type varchar,
    error_message varchar,                  -- cut after 2,000 characters
    input_preview varchar,                  -- text of the last user message, cut after 500 characters
    output_preview varchar,                 -- text of the answer, likewise
    proposed_calls struct(id varchar, name varchar, args varchar)[],     -- tool calls the model asked for
    answered_calls struct(id varchar, result varchar, name varchar, args varchar)[],                 -- tool results that its input carries
    approval_id varchar,
    approval_decision varchar,
    approval_decider_type varchar,
    approval_decider varchar,
    approval_reason varchar,
    approval_requested_at timestamp_ns,
    approval_decided_at timestamp_ns,
    approval_args_before varchar,
    approval_args_after varchar,
    gate_outcome varchar,
    gate_policy varchar,
    correction_kind varchar,
    correction_target varchar,
    correction_before varchar,
    correction_after varchar,
    correction_by varchar,
    correction_reason varchar,
    evaluation_name varchar,
    evaluation_score double,
    evaluation_label varchar,
    evaluation_explanation varchar,
    evaluator_type varchar,
    evaluation_case varchar,
    evaluation_suite varchar,
    replay_category varchar,
    change_kind varchar,
    change_subject varchar,
    change_name varchar,
    change_from varchar,
    change_to varchar,
    twin_rank utinyint not null,            -- among signals that repeat one call, the lowest rank is counted
    field_count usmallint not null,         -- canonical fields that hold a value
    labels varchar[] not null,              -- 'key=value' of every short attribute, tag and metadata key
    cut varchar[] not null,                 -- columns above that hold only a beginning
    flaws varchar[] not null,               -- end_before_start, unread:<field>, …
    resource_id ubigint not null,
    scope_id ubigint not null,
    batch_id ubigint not null,
    block_id ubigint not null,              -- where the whole record is
    block_position usmallint not null,
    record_hash ubigint not null,
    received_at timestamp_ns not null
);

create table log_records (
    project varchar not null,
    log_id ubigint not null,                -- its event id, else its content and its ordinal in the request
    trace_id blob,
    span_id blob,
    logged_at timestamp_ns,                 -- time, else observed time
    observed_at timestamp_ns,
    severity_number utinyint not null,
    severity_text varchar not null,
    event_name varchar,
    body_preview varchar,                   -- cut after 500 characters
    scope_name varchar not null,
    service_name varchar,
    conversation_id varchar,
    run_key varchar,
    tool_call_id varchar,
    response_id varchar,
    step_id blob,                           -- the row of `spans` that this record became
    input_preview varchar,                  -- records that carry messages of their span: as in `spans`
    output_preview varchar,
    proposed_calls struct(id varchar, name varchar, args varchar)[],
    answered_calls struct(id varchar, result varchar, name varchar, args varchar)[],
    labels varchar[] not null,
    resource_id ubigint not null,
    scope_id ubigint not null,
    batch_id ubigint not null,
    block_id ubigint not null,
    block_position usmallint not null,
    received_at timestamp_ns not null
);

create table metric_points (
    project varchar not null,
    metric_name varchar not null,
    metric_type varchar not null,           -- gauge | sum | histogram | exponential_histogram | summary
    unit varchar not null,
    temporality utinyint not null,          -- OTLP AggregationTemporality
    is_monotonic boolean not null,
    series_id ubigint not null,             -- resource, scope, metric and attributes
    started_at timestamp_ns,
    measured_at timestamp_ns,
    value double,                           -- gauge and sum
    point_count ubigint,                    -- histograms and summaries
    point_sum double,
    point_min double,
    point_max double,
    scope_name varchar not null,
    service_name varchar,
    labels varchar[] not null,
    resource_id ubigint not null,
    scope_id ubigint not null,
    batch_id ubigint not null,
    block_id ubigint not null,
    block_position usmallint not null,
    received_at timestamp_ns not null
);

-- Whole records as OTLP protobuf messages (Span, LogRecord, Metric with one point), zstd-compressed.
-- A block holds one project, one signal and one UTC day. What says how `data` is packed is nothing that sqlfluff can read.
create table content_blocks (  -- noqa: PRS
    project varchar not null,
    signal varchar not null,                -- span | log | metric
    day date not null,
    block_id ubigint not null,
    record_count usmallint not null,
    raw_bytes uinteger not null,
    data blob not null using compression uncompressed  -- it is packed; packed again, it is unpacked with all beside it
);

create table resources (
    project varchar not null,
    resource_id ubigint not null,           -- hash of schema_url and data
    schema_url varchar not null,
    data blob not null                      -- OTLP Resource
);

create table scopes (
    project varchar not null,
    scope_id ubigint not null,
    schema_url varchar not null,
    data blob not null                      -- OTLP InstrumentationScope
);

-- A second span with the ids of a stored one but other content: kept, never shown as a step.
create table span_conflicts (
    project varchar not null,
    trace_id blob not null,
    span_id blob not null,
    resource_id ubigint not null,
    scope_id ubigint not null,
    record_hash ubigint not null,
    batch_id ubigint not null,
    received_at timestamp_ns not null,
    data blob not null
);

-- Records that our own code failed on, raw.
create table unread_records (
    project varchar not null,
    signal varchar not null,
    reason varchar not null,
    batch_id ubigint not null,
    received_at timestamp_ns not null,
    data blob not null
);

-- The ledger: one row per committed batch, project and signal.
create table ingest_batches (
    batch_id ubigint not null,
    project varchar not null,
    signal varchar not null,                -- span | log | metric
    received_at timestamp_ns not null,      -- of the oldest request in it
    committed_at timestamp_ns not null,
    request_count uinteger not null,
    body_bytes ubigint not null,
    received_count uinteger not null,
    stored_count uinteger not null,
    duplicate_count uinteger not null,
    conflicting_count uinteger not null,
    unread_count uinteger not null,
    rejected_count uinteger not null,
    rejected_reasons struct(name varchar, count uinteger)[] not null,
    flawed_count uinteger not null,         -- stored, but marked in `flaws`
    unmapped_count uinteger not null,       -- of kind other and no known dialect
    unpriced_count uinteger not null,       -- model calls with tokens and no price
    redacted_counts struct(name varchar, count uinteger)[] not null,   -- rule@service, values replaced
    services varchar[] not null,
    first_at timestamp_ns,                  -- event time span of what was stored
    last_at timestamp_ns,
    lag_ms double                           -- commit minus the newest event time
);

-- What follows from the records; `queries/summaries.py` rebuilds it for every run that a commit touched.

-- Work still to do: written by the commit, deleted by the rebuild.
create table touched (
    project varchar not null,
    trace_id blob,
    run_key varchar,
    conversation_id varchar,
    first_at timestamp_ns,
    last_at timestamp_ns,
    batch_id ubigint not null
);

-- One row per step of a run, of every kind but `other`; queries/steps.sql says how it follows from `spans`.
create table steps (
    project varchar not null,
    run_id varchar not null,
    step_id varchar not null,               -- span id in hex; unique within a run
    parent_step_id varchar,                 -- as sent, even if it never arrived
    trace_id varchar,
    signal varchar not null,
    kind varchar not null,
    operation varchar,
    name varchar not null,
    workflow_name varchar,
    agent_name varchar,                     -- its own, else the nearest agent above it
    service_name varchar,
    service_version varchar,
    environment varchar,
    conversation_id varchar,
    user_id varchar,
    prompt_name varchar,
    prompt_version varchar,
    provider varchar,
    requested_model varchar,
    served_model varchar,
    response_id varchar,
    finish_reasons varchar[],
    route_attempt integer,
    route_reason varchar,
    route_gateway varchar,
    input_tokens bigint,
    output_tokens bigint,
    cache_read_tokens bigint,
    cache_write_tokens bigint,
    reasoning_tokens bigint,
    cost_usd double,
    cost_source varchar,
    counted boolean not null,               -- false for wrappers and repetitions of one call
    counted_as varchar,                     -- the step that counts in its place, where one does
    tool_name varchar,
    tool_type varchar,
    tool_call_id varchar,
    tool_args varchar,
    tool_result varchar,
    mcp_server varchar,
    status varchar not null,                -- ok | error | denied | cancelled | pending | running
    error_type varchar,
    error_message varchar,
    started_at timestamp_ns,
    ended_at timestamp_ns,
    duration_ms double,
    ttft_ms double,
    wait_ms double,
    input_preview varchar,
    output_preview varchar,
    depth usmallint not null,
    step_order uinteger not null,           -- the order of the waterfall: parents before children, then by time
    cut varchar[] not null,
    flaws varchar[] not null,
    record_signal varchar,                  -- where the whole record is
    block_id ubigint not null,
    block_position usmallint not null,
    resource_id ubigint not null,
    scope_id ubigint not null
);

-- The steps of kind `other`, which a run's page shows and no other question asks for.
create table plumbing as select * from steps limit 0;

-- One row per run. Status is derived from these facts and the asking time in queries/views.sql.
create table runs (
    project varchar not null,
    run_id varchar not null,
    trace_ids varchar[] not null,
    name varchar,
    workflow_name varchar,
    agent_name varchar,
    agent_names varchar[] not null,
    service_name varchar,
    service_names varchar[] not null,
    environment varchar,
    service_version varchar,
    conversation_id varchar,
    user_id varchar,
    input_preview varchar,
    output_preview varchar,
    started_at timestamp_ns,
    ended_at timestamp_ns,                  -- of the root, else null
    last_activity_at timestamp_ns,
    first_record_at timestamp_ns,           -- of all that belongs to it, what judges it too
    last_record_at timestamp_ns,
    duration_ms double,                     -- root's, else first start to last activity
    has_root boolean not null,
    outcome varchar,                        -- what the records alone say: ok | error | waiting | null
    pending_count uinteger not null,
    continued boolean not null,             -- its conversation went on after it
    step_count uinteger not null,
    llm_call_count uinteger not null,
    tool_call_count uinteger not null,
    error_count uinteger not null,
    input_tokens bigint,
    output_tokens bigint,
    cache_read_tokens bigint,
    cache_write_tokens bigint,
    reasoning_tokens bigint,
    cost_usd double,
    unpriced_count uinteger not null,
    approval_count uinteger not null,
    correction_count uinteger not null,
    models varchar[] not null,              -- served, else requested
    requested_models varchar[] not null,
    tool_names varchar[] not null,
    offered_tools varchar[] not null,
    error_step_id varchar,                  -- the failing step to open first
    error_type varchar,
    error_message varchar,
    dialects varchar[] not null,
    flaws varchar[] not null,
    labels varchar[] not null               -- union over its records
);

-- One row per question whether an action may go ahead, and its answer.
create table approvals (
    project varchar not null,
    run_id varchar not null,                -- the run that asked
    approval_id varchar not null,
    step_id varchar,
    conversation_id varchar,
    workflow_name varchar,
    agent_name varchar,
    tool_name varchar,
    tool_call_id varchar,
    gate_policy varchar,
    requested_at timestamp_ns,
    decided_at timestamp_ns,
    decision varchar,                       -- null while pending
    decider_type varchar,
    decider varchar,
    reason varchar,
    args_before varchar,
    args_after varchar,
    wait_ms double,
    evidence varchar not null               -- explicit | content | inferred
);

-- One row per act by which a human changed, refused, redid or marked down agent work.
create table corrections (
    project varchar not null,
    run_id varchar not null,
    correction_id varchar not null,
    step_id varchar,
    tool_call_id varchar,
    corrected_at timestamp_ns,
    kind varchar not null,
    strength varchar not null,              -- strong | medium | weak
    target varchar,
    value_before varchar,
    value_after varchar,
    corrected_by varchar,
    reason varchar,
    evidence varchar not null
);

-- What became of the tool calls that models asked for, as far as messages tell: one row for all calls of a tool that ended
-- well in a run, and one for each other call. Asking time adds what other runs made, and what a run's status says.
create table proposals (
    project varchar not null,
    run_id varchar not null,
    started_at timestamp_ns,                -- the run's
    tool_name varchar not null,
    call_count uinteger not null,
    status varchar,                         -- of the step that made the call in this run; null without one
    beside_ok boolean not null,             -- other calls of the tool ended well in this run
    otherwise varchar,                      -- without such a step: denied | cancelled | pending | answer
    step_id varchar,                        -- the call's, else of the model that asked; this and the rest: null if ok
    agent_name varchar,                     -- who asked
    tool_call_id varchar,
    tool_args varchar,
    error_type varchar,
    error_message varchar,
    proposed_at timestamp_ns
);
