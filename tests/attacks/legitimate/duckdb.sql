--! count
SELECT count(*) FROM customers
--! group, order, limit
SELECT city, count(*) AS n FROM customers GROUP BY city ORDER BY n DESC, city LIMIT 3
--! join and sum
SELECT c.name, sum(o.amount) AS total FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.name ORDER BY total DESC, c.name
--! left join finds the missing
SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL ORDER BY 1
--! revenue a month
SELECT date_trunc('month', ordered_at) AS month, sum(amount) AS revenue FROM orders GROUP BY 1 ORDER BY 1
--! from first
FROM orders SELECT status, count(*) GROUP BY ALL ORDER BY ALL
--! from first, all
FROM products ORDER BY id
--! group by all
SELECT status, year(ordered_at) AS y, avg(amount) FROM orders GROUP BY ALL ORDER BY ALL
--! exclude and replace
SELECT * EXCLUDE (email) REPLACE (upper(name) AS name) FROM customers ORDER BY id
--! qualify
SELECT customer_id, id, amount FROM orders QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY amount DESC, id) = 1 ORDER BY 1
--! running total
SELECT id, sum(amount) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM orders ORDER BY id
--! moving average
SELECT id, avg(amount) OVER (ORDER BY ordered_at, id ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING) FROM orders ORDER BY id
--! lag
SELECT id, amount - lag(amount) OVER (ORDER BY id) AS change FROM orders ORDER BY id
--! lag ignoring nulls
SELECT id, lag(discount IGNORE NULLS) OVER (ORDER BY id) FROM orders ORDER BY id
--! named window
SELECT id, rank() OVER w, dense_rank() OVER w FROM orders WINDOW w AS (ORDER BY amount DESC) ORDER BY id
--! groups frame
SELECT id, sum(amount) OVER (ORDER BY status GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) FROM orders ORDER BY id
--! filter
SELECT count(*) FILTER (WHERE status = 'paid') AS paid, count(*) AS everything FROM orders
--! share of the total
SELECT status, round(100.0 * count(*) / sum(count(*)) OVER (), 2) AS share FROM orders GROUP BY status ORDER BY status
--! integer and true division
SELECT id // 7, id / 7, id % 7, -7 // 2, 7 / 2 FROM orders ORDER BY id
--! power
SELECT id ** 2, id ^ 2, pow(id, 2), 2 ** 3 ** 2 FROM products ORDER BY id
--! casts
SELECT '12'::int + 1, CAST(amount AS INTEGER), TRY_CAST('x' AS INT), amount::varchar, '2024-01-01'::date FROM orders ORDER BY id LIMIT 5
--! text functions
SELECT lower(name), upper(name), substr(name, 1, 4), left(name, 2), right(name, 2), length(name), replace(name, 'C', 'K'), name || '!' FROM customers ORDER BY id
--! like
SELECT name FROM customers WHERE name ILIKE 'customer 1%' AND email NOT LIKE '%9@%' ORDER BY name
--! like with escape
SELECT name FROM customers WHERE name LIKE '%!_%' ESCAPE '!' OR name LIKE 'C%'
--! regular expressions
SELECT regexp_extract(email, '(\w+)@', 1), regexp_matches(email, '^c1'), regexp_replace(email, '[0-9]+', '#', 'g') FROM customers ORDER BY id
--! tilde
SELECT name, name ~ 'Customer', name ~ 'Customer.*', name SIMILAR TO 'C.*' FROM customers ORDER BY id
--! dates
SELECT ordered_at + INTERVAL 3 DAY, ordered_at - INTERVAL '1 month', date_diff('day', ordered_at, TIMESTAMP '2025-01-01'), extract(year FROM ordered_at), strftime(ordered_at, '%Y-%m'), dayname(ordered_at) FROM orders ORDER BY id
--! interval of a column
SELECT ordered_at + INTERVAL (id) DAY, ordered_at + to_days(id) FROM orders ORDER BY id
--! date literals
SELECT count(*) FROM orders WHERE ordered_at >= DATE '2024-03-01' AND ordered_at < DATE '2024-03-01' + INTERVAL 3 MONTH
--! date parts
SELECT date_part('quarter', ordered_at), month(ordered_at), week(ordered_at), last_day(ordered_at), epoch(ordered_at) FROM orders ORDER BY id
--! parse a date
SELECT strptime('2024-02-03', '%Y-%m-%d'), make_date(2024, 1, 2)
--! case
SELECT CASE WHEN amount > 150 THEN 'big' WHEN amount > 75 THEN 'middle' ELSE 'small' END AS size, count(*) FROM orders GROUP BY 1 ORDER BY 1
--! simple case
SELECT CASE status WHEN 'paid' THEN 1 ELSE 0 END FROM orders ORDER BY id
--! coalesce and nullif
SELECT coalesce(discount, 0), nullif(discount, 5), ifnull(discount, -1), greatest(id, 3), least(id, 3) FROM orders ORDER BY id
--! nulls order
SELECT id, discount FROM orders ORDER BY discount DESC NULLS LAST, id
--! nulls first
SELECT id, discount FROM orders ORDER BY discount NULLS FIRST, id
--! distinct
SELECT DISTINCT city, segment FROM customers ORDER BY 1, 2
--! distinct on
SELECT DISTINCT ON (customer_id) customer_id, id FROM orders ORDER BY customer_id, id DESC
--! union
SELECT name FROM customers WHERE id < 3 UNION ALL SELECT name FROM products WHERE id < 3 ORDER BY 1
--! intersect and except
SELECT customer_id FROM orders INTERSECT SELECT id FROM customers EXCEPT SELECT 1 ORDER BY 1
--! union by name
SELECT id, name FROM customers WHERE id < 3 UNION ALL BY NAME SELECT name, price, id FROM products WHERE id < 3 ORDER BY name
--! common table expressions
WITH spend AS (SELECT customer_id, sum(amount) AS total FROM orders GROUP BY 1), top AS (SELECT * FROM spend ORDER BY total DESC LIMIT 3) SELECT c.name, t.total FROM top t JOIN customers c ON c.id = t.customer_id ORDER BY 2 DESC
--! common table expression under the name of a table
WITH orders AS (SELECT * FROM orders WHERE status = 'paid') SELECT count(*) FROM orders
--! correlated subquery
SELECT c.name, (SELECT max(amount) FROM orders o WHERE o.customer_id = c.id) AS best FROM customers c ORDER BY c.id
--! exists
SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.amount > 180) ORDER BY name
--! in and not in
SELECT id FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE city = 'Paris') AND status NOT IN ('open', 'refunded') ORDER BY id
--! any and all
SELECT id FROM orders WHERE amount >= ALL (SELECT amount FROM orders) OR id = ANY (SELECT 5)
--! row comparison
SELECT id FROM orders WHERE (customer_id, status) IN (SELECT id, 'paid' FROM customers) ORDER BY id
--! having
SELECT customer_id, count(*) FROM orders GROUP BY customer_id HAVING count(*) > 2 ORDER BY 1
--! rollup
SELECT status, count(*), grouping(status) FROM orders GROUP BY ROLLUP (status) ORDER BY 1 NULLS LAST
--! grouping sets
SELECT city, segment, count(*) FROM customers GROUP BY GROUPING SETS ((city), (segment), ()) ORDER BY ALL
--! statistics
SELECT median(amount), quantile_cont(amount, 0.9), stddev(amount), mode(status), var_pop(amount), corr(id, amount) FROM orders
--! percentile within group
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) FROM orders
--! arg max
SELECT arg_max(id, amount), min_by(id, amount), any_value(status IS NOT NULL), first(id ORDER BY id) FROM orders
--! text aggregate
SELECT city, string_agg(name, ', ' ORDER BY name DESC) FROM customers GROUP BY city ORDER BY city
--! lists
SELECT list(id ORDER BY id), array_agg(DISTINCT status ORDER BY status), len(list(id)) FROM orders
--! nested columns
SELECT id, numbers[1], numbers[2:3], numbers[-1], pair.a, pair['b'], len(numbers) FROM nested ORDER BY id
--! unnest
SELECT id, unnest(numbers) AS n FROM nested ORDER BY 1, 2
--! unnest in FROM
SELECT n.id, u.x FROM nested n, unnest(n.numbers) u(x) ORDER BY 1, 2
--! lambda
SELECT list_transform(numbers, lambda x: x * 2), list_filter(numbers, lambda x: x % 2 = 0), [y + 1 FOR y IN numbers IF y > 2] FROM nested ORDER BY id
--! struct and map
SELECT {'a': id, 'b': name}, MAP {'k': id}, struct_pack(x := id) FROM products ORDER BY id
--! json
SELECT payload->>'$.kind', payload->'n', json_extract_string(payload, '$.kind'), json_array_length(payload, '$.tags'), (payload->>'n')::int + 1 FROM events ORDER BY id
--! json condition
SELECT count(*) FROM events WHERE (payload->>'kind') = 'k1'
--! pivot
SELECT * FROM (SELECT customer_id, status, amount FROM orders) PIVOT (sum(amount) FOR status IN ('paid', 'open')) ORDER BY customer_id
--! date spine
SELECT d.day::date, count(o.id) FROM generate_series(DATE '2024-01-01', DATE '2024-01-31', INTERVAL 1 DAY) d(day) LEFT JOIN orders o ON date_trunc('day', o.ordered_at) = d.day GROUP BY 1 ORDER BY 1
--! range
SELECT sum(x) FROM range(1, 101) t(x)
--! values
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(id, letter) ORDER BY id
--! values alone
VALUES (1, 'a'), (2, 'b')
--! asof join
SELECT e.id, o.id FROM events e ASOF JOIN orders o ON e.happened_at >= o.ordered_at ORDER BY 1
--! semi and anti join
SELECT c.id FROM customers c ANTI JOIN orders o ON o.customer_id = c.id ORDER BY 1
--! lateral
SELECT c.id, t.amount FROM customers c, LATERAL (SELECT amount FROM orders o WHERE o.customer_id = c.id ORDER BY amount DESC, o.id LIMIT 1) t ORDER BY 1
--! alias reused in the list
SELECT amount * 2 AS twice, twice + 1 AS more FROM orders WHERE twice > 100 ORDER BY id
--! not precedence
SELECT id FROM orders WHERE NOT status = 'paid' AND NOT (amount > 100 OR discount IS NULL) ORDER BY id
--! is distinct
SELECT id, discount IS DISTINCT FROM 3, discount IS NOT DISTINCT FROM NULL FROM orders ORDER BY id
--! negative numbers
SELECT - -id, 1 - -1, -(-id), +id, 1 - (2 - 3), 8 / (4 / 2), 2 - 3 - 4 FROM products ORDER BY id
--! boolean precedence
SELECT id FROM orders WHERE status = 'paid' OR status = 'open' AND amount > 100 ORDER BY id
--! between
SELECT count(*) FROM orders WHERE amount BETWEEN 50 AND 100 AND ordered_at NOT BETWEEN '2024-01-01' AND '2024-02-01'
--! view and schema name
SELECT count(*) FROM main.big_orders
--! quoted names and case
SELECT "Orders"."ID" FROM "ORDERS" AS "Orders" ORDER BY 1
--! apostrophes, semicolons and comments in text
SELECT 'it''s; -- not /* a */ comment' AS t, "name" AS "a;b" FROM customers ORDER BY id -- the end
--! limit and offset
SELECT id FROM orders ORDER BY id LIMIT 5 OFFSET 10
--! limit of a percentage
SELECT count(*) FROM (SELECT id FROM orders LIMIT 10%)
--! set operation in parentheses with limit
(SELECT id FROM orders ORDER BY id DESC LIMIT 2) UNION ALL (SELECT id FROM products ORDER BY id LIMIT 2) ORDER BY 1
--! sum of a product
SELECT p.category, sum(i.quantity * i.price) AS revenue FROM items i JOIN products p ON p.id = i.product_id GROUP BY 1 ORDER BY 2 DESC
--! natural join and using
SELECT count(*) FROM orders o JOIN items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id JOIN customers c ON c.id = o.customer_id
--! columns expression
SELECT min(COLUMNS('id|amount')) FROM orders
--! time bucket
SELECT time_bucket(INTERVAL '1 week', ordered_at) AS w, count(*) FROM orders GROUP BY w ORDER BY w
--! umlauts
SELECT 'Zürich' AS stadt, '東京' AS "都市", '👍🏽' AS emoji
--! nested replaces that escape
SELECT replace(replace(replace(name, '&', '&amp;'), '<', '&lt;'), '>', '&gt;') AS safe FROM customers ORDER BY id
--! a running sum of a list
SELECT id, list_reduce(numbers, lambda a, b: a + b) AS total FROM nested ORDER BY id
--! a list joined step by step
SELECT id, list_reduce(list_transform(numbers, lambda x: CAST(x AS VARCHAR)), lambda a, b: a || ', ' || b) AS shown FROM nested ORDER BY id
--! names carried through several steps
WITH a AS (SELECT id, name || ' (' || city || ')' AS name FROM customers), b AS (SELECT id, upper(name) || ', ' || name AS name FROM a) SELECT name FROM b ORDER BY id
