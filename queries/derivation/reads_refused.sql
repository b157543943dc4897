-- Whether a tool's result says that a human refused the call (conventions, map rejection_text, and its kin).
create or replace temp macro reads_refused(value) as
coalesce(
    regexp_matches(
        value,
        '(?i)\b((rejected|denied|refused) by (the |a )?(user|human|operator)|(user|human|operator) (rejected|denied|refused)'
        || '|manually rejected|was not approved|tool call is rejected)\b'
    ),
    false
)
