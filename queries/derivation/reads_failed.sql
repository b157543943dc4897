-- Whether a tool's result, as a model was told it, begins like an error.
create or replace temp macro reads_failed(value) as
coalesce(regexp_matches(value, '^[\s"''\[{(]*((?i:error|exception|traceback)\b|[A-Za-z_.]*(Error|Exception)\b)'), false)
