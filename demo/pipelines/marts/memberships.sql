-- Paid Trail Club memberships of real customers, at one comparable monthly price.
CREATE TABLE marts.memberships AS
SELECT
    m.membership_id,
    m.customer_id,
    m.plan,
    CAST(CASE m.plan WHEN 'annual' THEN m.price_cents / 1200.0 ELSE m.price_cents / 100.0 END AS DECIMAL(12, 2))
        AS monthly_price,
    m.started_on,
    m.cancelled_on,
    m.cancelled_on IS NULL AS is_active
FROM raw.club_memberships AS m
INNER JOIN staging.stg_customers AS c ON c.customer_id = m.customer_id
WHERE NOT m.is_trial
ORDER BY m.membership_id;
COMMENT ON TABLE marts.memberships IS 'One row per paid Trail Club membership, without trials. A customer who left and came back has several.';
COMMENT ON COLUMN marts.memberships.plan IS 'Membership plan: monthly or annual';
COMMENT ON COLUMN marts.memberships.monthly_price IS 'Membership fee in dollars a month; annual plans divided by twelve';
COMMENT ON COLUMN marts.memberships.started_on IS 'Day the membership started';
COMMENT ON COLUMN marts.memberships.cancelled_on IS 'Day the membership was cancelled; null while it runs';
COMMENT ON COLUMN marts.memberships.is_active IS 'True while the membership runs';
