--! count
SELECT COUNT(*) FROM customers
--! group, order, limit
SELECT city, count(*) AS n FROM customers GROUP BY city ORDER BY n DESC, city LIMIT 3
--! join and sum
SELECT c.name, sum(o.amount) AS total FROM customers AS c JOIN orders AS o ON o.customer_id = c.id GROUP BY c.name ORDER BY total DESC, c.name
--! left join finds the missing
SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL ORDER BY 1
--! comma join
SELECT T1.name, T2.amount FROM customers AS T1, orders AS T2 WHERE T1.id = T2.customer_id ORDER BY T2.id
--! revenue a month
SELECT strftime('%Y-%m', ordered_at) AS month, sum(amount) FROM orders GROUP BY month ORDER BY month
--! ratio with a cast
SELECT CAST(SUM(CASE WHEN status = 'paid' THEN 1 ELSE 0 END) AS REAL) * 100 / COUNT(*) FROM orders
--! ratio with iif
SELECT CAST(SUM(IIF(status = 'paid', 1, 0)) AS REAL) / COUNT(id) FROM orders
--! integer division
SELECT id / 7, id % 7, 7 / 2, -7 / 2, 7 / 2.0, id * 1.0 / 7 FROM orders ORDER BY id
--! dates
SELECT date(ordered_at), date(ordered_at, '+1 month', 'start of month'), julianday(ordered_at) - julianday('2024-01-01'), time(ordered_at), datetime(ordered_at, '-1 day') FROM orders ORDER BY id
--! date range
SELECT count(*) FROM orders WHERE ordered_at BETWEEN '2024-03-01' AND '2024-06-30'
--! age in years
SELECT CAST(strftime('%Y', '2024-06-01') AS INTEGER) - CAST(strftime('%Y', signed_up) AS INTEGER) FROM customers ORDER BY id
--! text functions
SELECT lower(name), upper(name), substr(name, 1, 4), substring(name, 2), length(name), replace(name, 'C', 'K'), name || '!', instr(name, 'o'), trim('  x '), ltrim('xxa', 'x') FROM customers ORDER BY id
--! like
SELECT name FROM customers WHERE name LIKE 'customer 1%' AND email NOT LIKE '%9@%' ORDER BY name
--! like with escape
SELECT name FROM customers WHERE name LIKE '%\_%' ESCAPE '\' OR name LIKE 'C%' ORDER BY id
--! glob
SELECT name FROM customers WHERE name GLOB 'Customer 1*' ORDER BY id
--! like and glob as calls
SELECT like('C%', name), glob('C*', name) FROM customers ORDER BY id
--! nulls
SELECT ifnull(discount, 0), coalesce(discount, -1), nullif(discount, 5), discount IS NULL, discount NOTNULL, discount IS 3, discount IS NOT 3 FROM orders ORDER BY id
--! nulls order
SELECT id FROM orders ORDER BY discount DESC NULLS LAST, id
--! default null order
SELECT id, discount FROM orders ORDER BY discount, id DESC
--! equality by two signs
SELECT id FROM orders WHERE status == 'paid' AND customer_id <> 3 AND amount != 10 ORDER BY id
--! case
SELECT CASE WHEN amount > 150 THEN 'big' WHEN amount > 75 THEN 'middle' ELSE 'small' END AS size, count(*) FROM orders GROUP BY 1 ORDER BY 1
--! distinct
SELECT DISTINCT city, segment FROM customers ORDER BY 1, 2
--! count distinct
SELECT count(DISTINCT customer_id), count(DISTINCT status) FROM orders
--! group concat
SELECT city, group_concat(name, '; ') FROM (SELECT city, name FROM customers ORDER BY name) GROUP BY city ORDER BY city
--! scalar max and aggregate max
SELECT max(id, 30), min(id, 30) FROM orders ORDER BY id
--! bare column beside max
SELECT id, max(amount) FROM orders GROUP BY status ORDER BY status
--! union
SELECT name FROM customers WHERE id < 3 UNION SELECT name FROM products WHERE id < 3 ORDER BY name
--! compound, left to right
SELECT id FROM products UNION SELECT 100 INTERSECT SELECT id FROM customers EXCEPT SELECT 1 ORDER BY 1
--! union with limit
SELECT id FROM orders UNION ALL SELECT id FROM products ORDER BY 1 LIMIT 7
--! common table expressions
WITH spend AS (SELECT customer_id, sum(amount) AS total FROM orders GROUP BY 1) SELECT c.name, s.total FROM spend s JOIN customers c ON c.id = s.customer_id ORDER BY s.total DESC, c.id LIMIT 4
--! common table expression with columns
WITH s(c, t) AS (SELECT customer_id, sum(amount) FROM orders GROUP BY 1) SELECT max(t) FROM s
--! correlated subquery
SELECT c.name, (SELECT max(amount) FROM orders o WHERE o.customer_id = c.id) AS best FROM customers c ORDER BY c.id
--! subquery in WHERE
SELECT name FROM customers WHERE id = (SELECT customer_id FROM orders ORDER BY amount DESC, id LIMIT 1)
--! exists
SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.amount > 180) ORDER BY name
--! in and not in
SELECT id FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE city = 'Paris') AND status NOT IN ('open', 'refunded') ORDER BY id
--! row values
SELECT id FROM orders WHERE (customer_id, status) IN (SELECT id, 'paid' FROM customers) ORDER BY id
--! having
SELECT customer_id, count(*) FROM orders GROUP BY customer_id HAVING count(*) > 2 ORDER BY 1
--! window
SELECT id, sum(amount) OVER (PARTITION BY status ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM orders ORDER BY id
--! rank in a subquery
SELECT * FROM (SELECT id, customer_id, row_number() OVER (PARTITION BY customer_id ORDER BY amount DESC, id) AS r FROM orders) WHERE r = 1 ORDER BY id
--! named window
SELECT id, ntile(4) OVER w, lag(amount, 1, 0) OVER w, first_value(id) OVER w FROM orders WINDOW w AS (ORDER BY amount, id) ORDER BY id
--! groups frame
SELECT id, count(*) OVER (ORDER BY status GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) FROM orders ORDER BY id
--! filter
SELECT count(*) FILTER (WHERE status = 'paid'), total(discount), avg(discount) FROM orders
--! rounding
SELECT round(amount, 1), round(amount), abs(-amount), CAST(amount AS INTEGER) FROM orders ORDER BY id
--! types
SELECT typeof(amount), typeof(status), typeof(NULL), CAST('12abc' AS INTEGER), CAST(3.9 AS INTEGER), CAST(5 AS TEXT) || 'x' FROM orders ORDER BY id LIMIT 2
--! text compared with numbers
SELECT '10' > 9, 10 > '9', '1' = 1, CAST('1' AS INTEGER) = 1
--! bits
SELECT id & 6, id | 8, ~id, id << 2, id >> 1 FROM products ORDER BY id
--! concatenation before arithmetic
SELECT 1 || 2 * 3, '1' + 1, 2 + 3 || 4, -1 || 2
--! format
SELECT printf('%05d', id), printf('%.2f', amount), format('%s-%s', id, status) FROM orders ORDER BY id
--! json
SELECT json_extract(payload, '$.kind'), payload->>'$.n', payload->'$.tags', payload->>'kind', json_array_length(payload, '$.tags'), payload->'tags'->>1 FROM events ORDER BY id
--! json aggregates
SELECT json_group_array(id), json_object('a', 1, 'b', 'x') FROM products
--! backticks and brackets
SELECT `name`, [city], "segment" FROM [customers] ORDER BY `id`
--! quoted table, other case
SELECT "ID" FROM "ORDERS" ORDER BY "Id"
--! alias in quotes
SELECT name AS "Customer name" FROM customers ORDER BY "Customer name"
--! alias in WHERE and GROUP BY
SELECT amount * 2 AS twice FROM orders WHERE twice > 300 ORDER BY twice
--! apostrophes, semicolons and comments in text
SELECT 'it''s; -- not /* a */ comment' AS t FROM customers ORDER BY id -- the end
--! limit with a comma
SELECT id FROM orders ORDER BY id LIMIT 10, 5
--! limit and offset
SELECT id FROM orders ORDER BY id LIMIT 5 OFFSET 10
--! limit in a subquery
SELECT avg(amount) FROM (SELECT amount FROM orders ORDER BY amount DESC, id LIMIT 10)
--! negative limit
SELECT id FROM orders ORDER BY id LIMIT -1
--! values
SELECT column1 + 1 FROM (VALUES (1), (2)) ORDER BY 1
--! values alone
VALUES (1, 'a'), (2, 'b')
--! row id
SELECT rowid, id FROM orders ORDER BY rowid
--! view and schema name
SELECT count(*) FROM main.big_orders
--! collation
SELECT name FROM customers ORDER BY name COLLATE NOCASE DESC
--! three tables
SELECT p.category, sum(i.quantity * i.price) AS revenue FROM items i JOIN products p ON p.id = i.product_id JOIN orders o ON o.id = i.order_id WHERE o.status = 'paid' GROUP BY 1 ORDER BY 2 DESC
--! natural and using
SELECT count(*) FROM orders o INNER JOIN customers c ON c.id = o.customer_id LEFT OUTER JOIN items i ON i.order_id = o.id
--! cross join with one row
SELECT o.id, o.amount / t.s FROM orders o CROSS JOIN (SELECT sum(amount) AS s FROM orders) t ORDER BY o.id
--! boolean words
SELECT TRUE, FALSE, NOT 1, NOT NULL IS NULL, 1 IS TRUE
--! negative numbers
SELECT - -id, 1 - -1, -(-id), 1 - (2 - 3), 8 / (4 / 2), 2 - 3 - 4 FROM products ORDER BY id
--! boolean precedence
SELECT id FROM orders WHERE NOT status = 'paid' AND amount > 50 OR discount IS NULL ORDER BY id
--! blob
SELECT x'4142', hex('AB'), quote('it''s'), unicode('a'), char(65, 66)
--! hexadecimal number
SELECT 0x10 + 1
--! umlauts
SELECT 'Zürich' AS stadt, '東京' AS "都市"
--! best a group by join
SELECT o.id FROM orders o JOIN (SELECT customer_id, max(amount) AS m FROM orders GROUP BY customer_id) b ON b.customer_id = o.customer_id AND b.m = o.amount ORDER BY 1
--! difference of two subqueries
SELECT (SELECT sum(amount) FROM orders WHERE status = 'paid') - (SELECT sum(amount) FROM orders WHERE status = 'open')
--! conditional sums
SELECT SUM(CASE WHEN status = 'paid' THEN amount END) - SUM(CASE WHEN status = 'refunded' THEN amount ELSE 0 END) FROM orders
--! nested functions
SELECT substr(email, instr(email, '@') + 1, length(email)) AS host, count(*) FROM customers GROUP BY host
--! nested replaces that escape
SELECT replace(replace(replace(name, '&', '&amp;'), '<', '&lt;'), '>', '&gt;') AS safe FROM customers ORDER BY id
--! names carried through several steps
WITH a AS (SELECT id, name || ' (' || city || ')' AS name FROM customers), b AS (SELECT id, upper(name) || ', ' || name AS name FROM a) SELECT name FROM b ORDER BY id
