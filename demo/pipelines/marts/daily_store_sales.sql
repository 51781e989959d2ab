-- Kept for the old store dashboard. Its job was switched off: nothing arrives after 14 March 2026.
CREATE TABLE marts.daily_store_sales AS
SELECT
    order_date AS sales_date,
    store_id,
    COUNT(*) AS order_count,
    SUM(gross_amount) AS sales_amount
FROM marts.orders
WHERE store_id IS NOT NULL AND order_date <= DATE '2026-03-14'
GROUP BY order_date, store_id
ORDER BY order_date, store_id;
COMMENT ON TABLE marts.daily_store_sales IS 'STALE: stopped loading on 2026-03-14, and counts cancelled orders. Use marts.orders.';
