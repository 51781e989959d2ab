-- One row a real customer, with today's tier and a summary of their orders.
CREATE TABLE marts.customers (
    customer_id INTEGER PRIMARY KEY,
    customer_name VARCHAR,
    email VARCHAR,
    city VARCHAR,
    state VARCHAR,
    acquisition_channel VARCHAR,
    signup_date DATE,
    tier VARCHAR,
    segment VARCHAR,
    marketing_opt_in BOOLEAN,
    first_order_date DATE,
    last_order_date DATE,
    lifetime_orders INTEGER,
    lifetime_revenue DECIMAL(12, 2),
    is_active BOOLEAN
);
INSERT INTO marts.customers
WITH bought AS (
    SELECT
        customer_id,
        MIN(order_date) AS first_order_date,
        MAX(order_date) AS last_order_date,
        COUNT(*) AS lifetime_orders,
        SUM(net_revenue) AS lifetime_revenue
    FROM marts.orders
    WHERE status <> 'cancelled'
    GROUP BY customer_id
)

SELECT
    c.customer_id,
    c.customer_name,
    c.email,
    c.city,
    h.state,
    c.acquisition_channel,
    c.signup_date,
    h.tier,
    c.segment,
    c.marketing_opt_in,
    b.first_order_date,
    b.last_order_date,
    COALESCE(b.lifetime_orders, 0),
    COALESCE(b.lifetime_revenue, 0),
    COALESCE(b.last_order_date > DATE '2025-10-31', FALSE)
FROM staging.stg_customers AS c
INNER JOIN marts.customer_history AS h ON h.customer_id = c.customer_id AND h.is_current
LEFT JOIN bought AS b ON b.customer_id = c.customer_id
ORDER BY c.customer_id;
COMMENT ON TABLE marts.customers IS 'One row per customer: real people only, without test accounts and people who asked to be removed. The place to count customers.';
COMMENT ON COLUMN marts.customers.state IS 'Home state of the customer today';
COMMENT ON COLUMN marts.customers.acquisition_channel IS 'How the customer first found us';
COMMENT ON COLUMN marts.customers.signup_date IS 'Day the customer signed up';
COMMENT ON COLUMN marts.customers.tier IS 'Customer tier today: Explorer, Ranger or Summit';
COMMENT ON COLUMN marts.customers.segment IS 'DEPRECATED: not filled since June 2024. Use tier.';
COMMENT ON COLUMN marts.customers.first_order_date IS 'Day of the first order that was not cancelled; null if there is none';
COMMENT ON COLUMN marts.customers.lifetime_orders IS 'Orders ever placed, without cancelled ones';
COMMENT ON COLUMN marts.customers.lifetime_revenue IS 'Net revenue ever earned with this customer in dollars';
COMMENT ON COLUMN marts.customers.is_active IS 'Active customer: ordered within the 365 days up to the last load (2026-10-31)';
