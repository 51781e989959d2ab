-- Orders of real accounts with one clock: ordered_at is UTC everywhere, order_date is the business day.
-- Tills write their own wall clock, web and app write UTC; head office counts its day in Denver.
-- Orders of people who later asked to be removed stay: the money was taken.
CREATE VIEW staging.stg_orders AS
SELECT
    o.order_id,
    o.customer_id,
    o.channel,
    o.store_id,
    o.status,
    CASE
        WHEN o.channel = 'store' THEN o.placed_at AT TIME ZONE s.time_zone AT TIME ZONE 'UTC'
        ELSE o.placed_at
    END AS ordered_at,
    CASE
        WHEN o.channel = 'store' THEN CAST(o.placed_at AS DATE)
        ELSE CAST(o.placed_at AT TIME ZONE 'UTC' AT TIME ZONE 'America/Denver' AS DATE)
    END AS order_date,
    o.promo_code,
    CAST(o.discount_cents / 100.0 AS DECIMAL(12, 2)) AS discount_amount,
    CAST(o.shipping_cents / 100.0 AS DECIMAL(12, 2)) AS shipping_amount,
    CAST(o.tax_cents / 100.0 AS DECIMAL(12, 2)) AS tax_amount
FROM raw.shop_orders AS o
INNER JOIN raw.shop_customers AS c ON c.customer_id = o.customer_id
LEFT JOIN raw.pos_stores AS s ON s.store_id = o.store_id
WHERE o.deleted_at IS NULL
    AND NOT c.is_test
    AND c.email NOT LIKE '%@test.fernhill.example';
COMMENT ON VIEW staging.stg_orders IS 'Order headers without duplicates and test orders, times in UTC, amounts in dollars. Building block of marts.orders.';
