-- Tier and home state over time: a row holds from valid_from up to, and not including, valid_to.
CREATE TABLE marts.customer_history AS
SELECT
    h.customer_id,
    h.tier,
    h.state,
    CAST(h.changed_at AS DATE) AS valid_from,
    CAST(LEAD(h.changed_at) OVER (PARTITION BY h.customer_id ORDER BY h.changed_at) AS DATE) AS valid_to,
    LEAD(h.changed_at) OVER (PARTITION BY h.customer_id ORDER BY h.changed_at) IS NULL AS is_current
FROM raw.crm_customer_changes AS h
INNER JOIN staging.stg_customers AS c ON c.customer_id = h.customer_id
ORDER BY h.customer_id, h.changed_at;
COMMENT ON TABLE marts.customer_history IS 'Slowly changing history of each customer''s tier and home state, several rows per customer. Today''s values stand in marts.customers.';
COMMENT ON COLUMN marts.customer_history.valid_from IS 'First day on which the row holds';
COMMENT ON COLUMN marts.customer_history.valid_to IS 'First day on which the row no longer holds; null for the current row';
