-- One row a product that was really offered; prices in dollars.
CREATE TABLE marts.products (
    product_id INTEGER PRIMARY KEY,
    sku VARCHAR,
    product_name VARCHAR,
    category VARCHAR,
    brand VARCHAR,
    list_price DECIMAL(12, 2),
    unit_cost DECIMAL(12, 2),
    launched_on DATE,
    discontinued_on DATE
);
INSERT INTO marts.products
SELECT
    product_id, sku, product_name, category, brand,
    list_price_cents / 100.0, unit_cost_cents / 100.0, launched_on, discontinued_on
FROM raw.shop_products
WHERE deleted_at IS NULL
ORDER BY product_id;
COMMENT ON TABLE marts.products IS 'Product catalogue: one row per product.';
COMMENT ON COLUMN marts.products.category IS 'Product category, for example Tents or Footwear';
COMMENT ON COLUMN marts.products.brand IS 'Brand of the product';
COMMENT ON COLUMN marts.products.list_price IS 'Current list price in dollars';
COMMENT ON COLUMN marts.products.unit_cost IS 'What one unit costs us, in dollars';
COMMENT ON COLUMN marts.products.discontinued_on IS 'Null while the product is still sold';
