CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR, region VARCHAR, tier VARCHAR, signup DATE);
INSERT INTO customers SELECT i, 'Customer ' || i, ['North', 'South', 'East'][1 + i % 3], ['gold', 'silver'][1 + i % 2],
  DATE '2024-01-01' + INTERVAL (i) DAY FROM range(1, 31) r(i);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), order_date DATE,
  status VARCHAR, amount DECIMAL(10, 2));
INSERT INTO orders SELECT i, 1 + i % 30, DATE '2024-02-01' + INTERVAL (i * 4) DAY,
  ['shipped', 'cancelled', 'pending'][1 + i % 3], 10 + i FROM range(1, 241) r(i);
CREATE TABLE orders_2019 (id INTEGER, customer_id INTEGER, order_date DATE, status VARCHAR, amount DECIMAL(10, 2));
INSERT INTO orders_2019 SELECT i, i % 9, DATE '2019-01-01' + INTERVAL (i) DAY, 'shipped', 5 FROM range(1, 41) r(i);
CREATE TABLE order_items (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id), product VARCHAR,
  quantity INTEGER);
INSERT INTO order_items SELECT i, 1 + i % 240, ['Lamp', 'Desk', 'Pen'][1 + i % 3], 1 + i % 4 FROM range(1, 601) r(i);
CREATE TABLE letters (id INTEGER PRIMARY KEY, body VARCHAR);
INSERT INTO letters SELECT i, repeat('word ' || i || ' ', 100) FROM range(1, 51) r(i);
