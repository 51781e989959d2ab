-- Money that arrived: succeeded payments of real orders. An order can have two.
CREATE TABLE marts.payments AS
SELECT
    p.payment_id,
    p.order_id,
    p.method,
    CAST(p.amount_cents / 100.0 AS DECIMAL(12, 2)) AS amount,
    p.created_at AS paid_at
FROM raw.pay_payments AS p
INNER JOIN staging.stg_orders AS o ON o.order_id = p.order_id
WHERE p.status = 'succeeded'
ORDER BY p.payment_id;
COMMENT ON TABLE marts.payments IS 'One row per payment that succeeded. An order has two when a gift card paid a part, so joining it to order_items repeats amounts.';
COMMENT ON COLUMN marts.payments.method IS 'Payment method: card, paypal, gift card or cash';
COMMENT ON COLUMN marts.payments.amount IS 'Amount paid in dollars, tax and shipping included';
