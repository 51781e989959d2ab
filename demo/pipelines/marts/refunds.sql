-- Money that went back, for real orders.
CREATE TABLE marts.refunds AS
SELECT
    r.refund_id,
    r.order_id,
    r.reason,
    CAST(r.amount_cents / 100.0 AS DECIMAL(12, 2)) AS amount,
    CAST(r.refunded_at AS DATE) AS refund_date
FROM raw.pay_refunds AS r
INNER JOIN staging.stg_orders AS o ON o.order_id = r.order_id
ORDER BY r.refund_id;
COMMENT ON TABLE marts.refunds IS 'One row per refund paid back to a customer.';
COMMENT ON COLUMN marts.refunds.reason IS 'Reason the customer gave for the refund';
COMMENT ON COLUMN marts.refunds.amount IS 'Amount refunded in dollars';
COMMENT ON COLUMN marts.refunds.refund_date IS 'Day the refund was paid; not the day of the order';
