-- One row a line of every order that was not cancelled. Net revenue spreads the order's discount and refunds
-- over its lines by value, so lines add up to the order (to a hundredth of a cent).
CREATE TABLE marts.order_items (
    order_item_id INTEGER PRIMARY KEY,
    order_id INTEGER REFERENCES marts.orders (order_id),
    product_id INTEGER,
    order_date DATE,
    units INTEGER,
    unit_price DECIMAL(12, 2),
    gross_amount DECIMAL(12, 2),
    net_revenue DECIMAL(14, 4),
    cost_amount DECIMAL(12, 2)
);
INSERT INTO marts.order_items
SELECT
    i.order_item_id,
    i.order_id,
    i.product_id,
    o.order_date,
    i.quantity AS units,
    i.unit_price_cents / 100.0,
    i.quantity * i.unit_price_cents / 100.0,
    i.quantity * i.unit_price_cents / 100.0 * (o.net_revenue / o.gross_amount),
    i.quantity * p.unit_cost
FROM raw.shop_order_items AS i
INNER JOIN marts.orders AS o ON o.order_id = i.order_id
INNER JOIN marts.products AS p ON p.product_id = i.product_id
WHERE o.status <> 'cancelled'
ORDER BY i.order_item_id;
COMMENT ON TABLE marts.order_items IS 'One row per product line of each order that was not cancelled. The place for units sold and revenue by product, category or brand.';
COMMENT ON COLUMN marts.order_items.units IS 'Units sold on this line';
COMMENT ON COLUMN marts.order_items.order_date IS 'Business day of the order';
COMMENT ON COLUMN marts.order_items.unit_price IS 'Price of one unit at the time of sale in dollars';
COMMENT ON COLUMN marts.order_items.gross_amount IS 'Units times unit price in dollars, before discounts and refunds';
COMMENT ON COLUMN marts.order_items.net_revenue IS 'Revenue of the line in dollars: after its share of the order''s discount and refunds';
COMMENT ON COLUMN marts.order_items.cost_amount IS 'Cost of the goods on this line in dollars';
