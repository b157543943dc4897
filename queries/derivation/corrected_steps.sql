-- How much is there that may be a human's correction: decisions that were made, and what records say of corrections.
select
    (select count(*) from derived_approvals)
    + (select count(*) from oversight where correction_kind is not null or evaluator_type = 'human')
