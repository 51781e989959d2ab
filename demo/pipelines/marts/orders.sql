-- One row an order of a real customer. Revenue follows documents/revenue.md: goods less discounts less
-- refunds; no tax, no shipping, nothing for cancelled orders.
CREATE TABLE marts.orders (
    order_id INTEGER PRIMARY KEY,
    customer_id INTEGER,
    store_id INTEGER REFERENCES marts.stores (store_id),
    channel VARCHAR,
    status VARCHAR,
    order_date DATE,
    ordered_at TIMESTAMP,
    promo_code VARCHAR,
    gross_amount DECIMAL(12, 2),
    discount_amount DECIMAL(12, 2),
    refund_amount DECIMAL(12, 2),
    net_revenue DECIMAL(12, 2),
    shipping_amount DECIMAL(12, 2),
    tax_amount DECIMAL(12, 2)
);
INSERT INTO marts.orders
WITH goods AS (
    SELECT order_id, CAST(SUM(quantity * unit_price_cents) / 100.0 AS DECIMAL(12, 2)) AS gross_amount
    FROM raw.shop_order_items
    GROUP BY order_id
),

refunds AS (
    SELECT order_id, CAST(SUM(amount_cents) / 100.0 AS DECIMAL(12, 2)) AS refund_amount
    FROM raw.pay_refunds
    GROUP BY order_id
)

SELECT
    o.order_id,
    o.customer_id,
    o.store_id,
    o.channel,
    o.status,
    o.order_date,
    o.ordered_at,
    o.promo_code,
    g.gross_amount,
    o.discount_amount,
    COALESCE(r.refund_amount, 0),
    CASE
        WHEN o.status = 'cancelled' THEN 0
        ELSE g.gross_amount - o.discount_amount - COALESCE(r.refund_amount, 0)
    END,
    o.shipping_amount,
    o.tax_amount
FROM staging.stg_orders AS o
INNER JOIN goods AS g ON g.order_id = o.order_id
LEFT JOIN refunds AS r ON r.order_id = o.order_id
ORDER BY o.order_id;
COMMENT ON TABLE marts.orders IS 'One row per order placed by a real customer, cancelled orders included (their net revenue is 0). The place to count orders and to sum revenue.';
COMMENT ON COLUMN marts.orders.store_id IS 'Store of the sale; null for web and app orders';
COMMENT ON COLUMN marts.orders.channel IS 'Sales channel: web, app or store';
COMMENT ON COLUMN marts.orders.status IS 'completed, processing, cancelled, or returned (everything sent back)';
COMMENT ON COLUMN marts.orders.order_date IS 'Business day of the order: the store''s local day, Denver''s day for web and app. Use this for any period.';
COMMENT ON COLUMN marts.orders.ordered_at IS 'Moment of the order in UTC. For days and months use order_date.';
COMMENT ON COLUMN marts.orders.gross_amount IS 'Value of the goods before discounts and refunds in dollars, cancelled orders included. Not revenue.';
COMMENT ON COLUMN marts.orders.discount_amount IS 'Discount given in dollars';
COMMENT ON COLUMN marts.orders.refund_amount IS 'Refunded so far in dollars';
COMMENT ON COLUMN marts.orders.net_revenue IS 'Revenue in dollars: goods less discounts less refunds, without tax and shipping, 0 for cancelled orders';
COMMENT ON COLUMN marts.orders.shipping_amount IS 'Shipping charged in dollars';
