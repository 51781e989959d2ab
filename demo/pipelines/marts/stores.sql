-- One row a shop, open or closed.
CREATE TABLE marts.stores (
    store_id INTEGER PRIMARY KEY,
    store_name VARCHAR,
    city VARCHAR,
    state VARCHAR,
    region VARCHAR,
    time_zone VARCHAR,
    opened_on DATE,
    closed_on DATE,
    square_feet INTEGER
);
INSERT INTO marts.stores
SELECT store_id, store_name, city, state, region, time_zone, opened_on, closed_on, square_feet
FROM raw.pos_stores
ORDER BY store_id;
COMMENT ON TABLE marts.stores IS 'One row per store, open or closed.';
COMMENT ON COLUMN marts.stores.region IS 'Sales region of the store: West, Mountain, Midwest, South or East';
COMMENT ON COLUMN marts.stores.opened_on IS 'Day the store opened';
COMMENT ON COLUMN marts.stores.closed_on IS 'Day the store closed for good; null while it is open';
COMMENT ON COLUMN marts.stores.square_feet IS 'Floor area of the store in square feet';
