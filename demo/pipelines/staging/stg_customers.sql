-- Real people only: no test accounts (by flag or by address), nobody who asked to be removed.
CREATE VIEW staging.stg_customers AS
SELECT
    customer_id,
    email,
    first_name || ' ' || last_name AS customer_name,
    city,
    state,
    acquisition_channel,
    signed_up_at,
    CAST(signed_up_at AT TIME ZONE 'UTC' AT TIME ZONE 'America/Denver' AS DATE) AS signup_date,
    segment,
    marketing_opt_in
FROM raw.shop_customers
WHERE NOT is_test
    AND email NOT LIKE '%@test.fernhill.example'
    AND deleted_at IS NULL;
COMMENT ON VIEW staging.stg_customers IS 'Web shop accounts without test accounts and deleted people. Building block of marts.customers.';
