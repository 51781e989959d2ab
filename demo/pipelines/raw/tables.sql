-- Landing tables, one a source object, loaded as they come. Nothing is filtered here.
CREATE SCHEMA raw;

CREATE TABLE raw.shop_customers (
    customer_id INTEGER PRIMARY KEY,
    email VARCHAR NOT NULL,
    first_name VARCHAR,
    last_name VARCHAR,
    city VARCHAR,
    state VARCHAR,
    acquisition_channel VARCHAR,
    signed_up_at TIMESTAMP,
    segment VARCHAR,
    marketing_opt_in BOOLEAN,
    is_test BOOLEAN,
    deleted_at TIMESTAMP
);
COMMENT ON TABLE raw.shop_customers IS 'Landing copy of web shop accounts, with test accounts and deleted people. Use marts.customers for analysis.';
COMMENT ON COLUMN raw.shop_customers.signed_up_at IS 'UTC';
COMMENT ON COLUMN raw.shop_customers.segment IS 'DEPRECATED: nobody has filled this since June 2024. Use tier in marts.customers.';
COMMENT ON COLUMN raw.shop_customers.is_test IS 'True for quality assurance accounts. Not set before the flag existed: addresses at test.fernhill.example are test accounts too.';
COMMENT ON COLUMN raw.shop_customers.deleted_at IS 'Soft delete: the person asked to be removed at this time.';

CREATE TABLE raw.crm_customer_changes (
    change_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL,
    tier VARCHAR,
    state VARCHAR,
    changed_at TIMESTAMP
);
COMMENT ON TABLE raw.crm_customer_changes IS 'Change feed of the CRM: one row each time a tier or home state changes. Use marts.customer_history for analysis.';

CREATE TABLE raw.pos_stores (
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
COMMENT ON TABLE raw.pos_stores IS 'Landing copy of the till system''s shops. Use marts.stores for analysis.';

CREATE TABLE raw.shop_products (
    product_id INTEGER PRIMARY KEY,
    sku VARCHAR,
    product_name VARCHAR,
    category VARCHAR,
    brand VARCHAR,
    list_price_cents INTEGER,
    unit_cost_cents INTEGER,
    launched_on DATE,
    discontinued_on DATE,
    deleted_at TIMESTAMP
);
COMMENT ON TABLE raw.shop_products IS 'Landing copy of the product catalogue, prices in cents. Use marts.products for analysis.';
COMMENT ON COLUMN raw.shop_products.list_price_cents IS 'Current list price in cents';
COMMENT ON COLUMN raw.shop_products.deleted_at IS 'Soft delete: created by mistake';

CREATE TABLE raw.shop_orders (
    order_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL,
    channel VARCHAR,
    store_id INTEGER,
    status VARCHAR,
    placed_at TIMESTAMP,
    promo_code VARCHAR,
    discount_cents INTEGER,
    shipping_cents INTEGER,
    tax_cents INTEGER,
    deleted_at TIMESTAMP
);
COMMENT ON TABLE raw.shop_orders IS 'Landing copy of order headers, with test orders, duplicates (deleted_at) and cancelled ones. Use marts.orders for analysis.';
COMMENT ON COLUMN raw.shop_orders.placed_at IS 'UTC for web and app; the store''s own wall clock for channel store';
COMMENT ON COLUMN raw.shop_orders.discount_cents IS 'Cents';
COMMENT ON COLUMN raw.shop_orders.deleted_at IS 'Soft delete: a duplicate of another order';

CREATE TABLE raw.shop_order_items (
    order_item_id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES raw.shop_orders (order_id),
    product_id INTEGER NOT NULL,
    quantity INTEGER,
    unit_price_cents INTEGER
);
COMMENT ON TABLE raw.shop_order_items IS 'Landing copy of order lines, prices in cents. Use marts.order_items for analysis.';

CREATE TABLE raw.pay_payments (
    payment_id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL,
    method VARCHAR,
    amount_cents INTEGER,
    status VARCHAR,
    created_at TIMESTAMP
);
COMMENT ON TABLE raw.pay_payments IS 'Landing copy of the payment provider''s attempts, failed and voided ones included, in cents. Use marts.payments for analysis.';

CREATE TABLE raw.pay_refunds (
    refund_id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL,
    amount_cents INTEGER,
    reason VARCHAR,
    refunded_at TIMESTAMP
);

CREATE TABLE raw.club_memberships (
    membership_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL,
    plan VARCHAR,
    price_cents INTEGER,
    started_on DATE,
    cancelled_on DATE,
    is_trial BOOLEAN
);
COMMENT ON TABLE raw.club_memberships IS 'Landing copy of Trail Club memberships, trials and test accounts included. Use marts.memberships for analysis.';
COMMENT ON COLUMN raw.club_memberships.price_cents IS 'Cents for one billing period, so not comparable between monthly and annual plans';

CREATE TABLE raw.web_sessions (
    session_id INTEGER PRIMARY KEY,
    visitor_id INTEGER NOT NULL,
    customer_id INTEGER,
    started_at TIMESTAMP,
    device VARCHAR,
    traffic_source VARCHAR,
    page_views INTEGER,
    is_bot BOOLEAN
);
COMMENT ON TABLE raw.web_sessions IS 'One row a visit to the web shop, logged in or not, robots included.';
COMMENT ON COLUMN raw.web_sessions.customer_id IS 'Null when the visitor was not logged in';

CREATE TABLE raw.support_tickets (
    ticket_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL,
    topic VARCHAR,
    channel VARCHAR,
    opened_at TIMESTAMP,
    closed_at TIMESTAMP,
    satisfaction_score INTEGER
);
COMMENT ON TABLE raw.support_tickets IS 'One row per support ticket, straight from the help desk. There is no mart for tickets yet.';
COMMENT ON COLUMN raw.support_tickets.topic IS 'What the support ticket is about';
COMMENT ON COLUMN raw.support_tickets.closed_at IS 'Null while the ticket is open';
COMMENT ON COLUMN raw.support_tickets.satisfaction_score IS '1 (bad) to 5 (good); null if the customer gave none';
