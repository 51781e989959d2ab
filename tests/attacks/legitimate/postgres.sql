--! count
SELECT count(*) FROM customers
--! group, order, limit
SELECT city, count(*) AS n FROM customers GROUP BY city ORDER BY n DESC, city LIMIT 3
--! join and sum
SELECT c.name, sum(o.amount) AS total FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.name ORDER BY total DESC, c.name
--! left join finds the missing
SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL ORDER BY 1
--! revenue a month
SELECT date_trunc('month', ordered_at) AS month, sum(amount) FROM orders GROUP BY 1 ORDER BY 1
--! month as text
SELECT to_char(ordered_at, 'YYYY-MM') AS month, round(avg(amount), 2) FROM orders GROUP BY month ORDER BY month
--! integer and numeric division
SELECT id / 7, id % 7, 7 / 2, -7 / 2, 7 / 2.0, id::numeric / 7, mod(id, 7), div(id, 7) FROM orders ORDER BY id
--! power and roots
SELECT id ^ 2, power(id, 2), |/ id, sqrt(id), 2 ^ 3 ^ 2 FROM products ORDER BY id
--! casts
SELECT '12'::int + 1, CAST(amount AS integer), amount::text, '2024-01-01'::date, amount::numeric(10, 1), id::double precision FROM orders ORDER BY id LIMIT 5
--! typed literals
SELECT date '2024-01-01', timestamp '2024-01-01 10:00', interval '1 day 2 hours', time '10:00'
--! text functions
SELECT lower(name), upper(name), substring(name from 1 for 4), substring(email from '[0-9]+'), left(name, 2), right(name, 2), length(name), replace(name, 'C', 'K'), name || '!', split_part(email, '@', 2), position('o' in name), strpos(name, 'o') FROM customers ORDER BY id
--! trimming
SELECT trim(both 'x' from 'xxaxx'), trim('  a '), btrim('xax', 'x'), ltrim('xxa', 'x'), rtrim('axx', 'x'), initcap('ab cd'), overlay('abcdef' placing 'zz' from 2 for 3)
--! padding
SELECT lpad(id::text, 4, '0'), repeat('ab', 3), concat_ws('-', id, status, NULL), concat(id, NULL, 'x'), format('%s of %I', id, 'A b') FROM orders ORDER BY id
--! like
SELECT name FROM customers WHERE name ILIKE 'customer 1%' AND email NOT LIKE '%9@%' AND name NOT ILIKE 'x%' ORDER BY name
--! like with escape
SELECT name FROM customers WHERE name LIKE '%!_%' ESCAPE '!' OR name LIKE 'C%' ORDER BY id
--! regular expressions
SELECT email ~ '^c1', email !~ '^c1', email ~* '^C1', email !~* '^C1', regexp_replace(email, '[0-9]+', '#', 'g'), regexp_match(email, '([0-9]+)@') FROM customers ORDER BY id
--! similar to
SELECT name SIMILAR TO '%(1|2)' FROM customers ORDER BY id
--! dates
SELECT ordered_at + interval '3 days', ordered_at - interval '1 month', extract(year from ordered_at), date_part('quarter', ordered_at), extract(epoch from ordered_at), ordered_at::date - date '2024-01-01', age(ordered_at, timestamp '2023-01-01') FROM orders ORDER BY id
--! date range
SELECT count(*) FROM orders WHERE ordered_at >= '2024-03-01' AND ordered_at < date '2024-03-01' + interval '3 months'
--! make dates
SELECT make_date(2024, 1, 2), to_date('02/03/2024', 'DD/MM/YYYY'), to_timestamp('2024-01-01 10:00', 'YYYY-MM-DD HH24:MI'), make_interval(days => 10), justify_days(interval '40 days')
--! time zone
SELECT ordered_at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Paris' FROM orders ORDER BY id
--! multiplied interval
SELECT ordered_at + id * interval '1 day', ordered_at + (id || ' days')::interval FROM orders ORDER BY id
--! case
SELECT CASE WHEN amount > 150 THEN 'big' WHEN amount > 75 THEN 'middle' ELSE 'small' END AS size, count(*) FROM orders GROUP BY 1 ORDER BY 1
--! coalesce and nullif
SELECT coalesce(discount, 0), nullif(discount, 5), greatest(id, 3), least(id, 3), discount IS NULL, discount ISNULL, discount NOTNULL FROM orders ORDER BY id
--! nulls order
SELECT id FROM orders ORDER BY discount DESC NULLS LAST, id
--! default null order
SELECT id FROM orders ORDER BY discount DESC, id
--! default null order, ascending
SELECT id FROM orders ORDER BY discount, id
--! distinct on
SELECT DISTINCT ON (customer_id) customer_id, id, amount FROM orders ORDER BY customer_id, amount DESC, id
--! count distinct
SELECT count(DISTINCT customer_id), count(DISTINCT (customer_id, status)) FROM orders
--! union
SELECT name FROM customers WHERE id < 3 UNION ALL SELECT name FROM products WHERE id < 3 ORDER BY 1
--! intersect binds tighter
SELECT id FROM products UNION SELECT 100 INTERSECT SELECT id FROM customers ORDER BY 1
--! except all
SELECT customer_id FROM orders EXCEPT ALL SELECT id FROM customers ORDER BY 1
--! parentheses and limit
(SELECT id FROM orders ORDER BY id DESC LIMIT 2) UNION ALL (SELECT id FROM products ORDER BY id LIMIT 2) ORDER BY 1
--! common table expressions
WITH spend AS (SELECT customer_id, sum(amount) AS total FROM orders GROUP BY 1), top AS MATERIALIZED (SELECT * FROM spend ORDER BY total DESC, 1 LIMIT 3) SELECT c.name, t.total FROM top t LEFT JOIN customers c ON c.id = t.customer_id ORDER BY 2 DESC
--! common table expression under the name of a table
WITH orders AS (SELECT * FROM orders WHERE status = 'paid') SELECT count(*) FROM orders
--! correlated subquery
SELECT c.name, (SELECT max(amount) FROM orders o WHERE o.customer_id = c.id) AS best FROM customers c ORDER BY c.id
--! exists
SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.amount > 180) ORDER BY name
--! in and not in
SELECT id FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE city = 'Paris') AND status NOT IN ('open', 'refunded') ORDER BY id
--! any and all
SELECT id FROM orders WHERE status = ANY (ARRAY['paid', 'open']) AND amount <> ALL (SELECT price FROM products) ORDER BY id
--! any with an array literal
SELECT id FROM orders WHERE id = ANY ('{1,2,3}'::int[]) ORDER BY id
--! row comparison
SELECT id FROM orders WHERE (customer_id, status) IN (SELECT id, 'paid' FROM customers) ORDER BY id
--! having
SELECT customer_id, count(*) FROM orders GROUP BY customer_id HAVING count(*) > 2 ORDER BY 1
--! rollup
SELECT status, count(*), grouping(status) FROM orders GROUP BY ROLLUP (status) ORDER BY 1 NULLS LAST
--! grouping sets and cube
SELECT city, segment, count(*) FROM customers GROUP BY GROUPING SETS ((city), (segment), ()) ORDER BY 1, 2
--! window
SELECT id, sum(amount) OVER (PARTITION BY status ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM orders ORDER BY id
--! range frame with an interval
SELECT id, count(*) OVER (ORDER BY ordered_at RANGE BETWEEN interval '30 days' PRECEDING AND CURRENT ROW) FROM orders ORDER BY id
--! groups frame
SELECT id, count(*) OVER (ORDER BY status GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) FROM orders ORDER BY id
--! named window
SELECT id, ntile(4) OVER w, lag(amount, 1, 0::numeric) OVER w, first_value(id) OVER w FROM orders WINDOW w AS (ORDER BY amount, id) ORDER BY id
--! filter
SELECT count(*) FILTER (WHERE status = 'paid'), sum(amount) FILTER (WHERE discount IS NULL) FROM orders
--! share of the total
SELECT status, round(100.0 * count(*) / sum(count(*)) OVER (), 2) FROM orders GROUP BY status ORDER BY status
--! statistics
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount), percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY amount), mode() WITHIN GROUP (ORDER BY status), stddev(amount), corr(id, amount), regr_slope(amount, id) FROM orders
--! aggregates of truth
SELECT bool_and(amount > 0), bool_or(amount > 190), every(id > 0), bit_or(id) FROM orders
--! text and array aggregates
SELECT city, string_agg(name, ', ' ORDER BY name DESC), array_agg(DISTINCT segment ORDER BY segment) FROM customers GROUP BY city ORDER BY city
--! arrays
SELECT id, numbers[1], numbers[2:3], array_length(numbers, 1), cardinality(numbers), numbers || 9, numbers @> ARRAY[2], numbers && ARRAY[3, 4], array_to_string(numbers, '-') FROM nested ORDER BY id
--! unnest
SELECT id, unnest(numbers) FROM nested ORDER BY 1, 2
--! unnest in FROM
SELECT n.id, u.x FROM nested n CROSS JOIN LATERAL unnest(n.numbers) AS u(x) ORDER BY 1, 2
--! array of a subquery
SELECT ARRAY(SELECT id FROM products ORDER BY id)
--! json
SELECT payload->>'kind', payload->'n', (payload->>'n')::int + 1, payload#>>'{tags,0}', payload->'tags'->>1, payload ? 'kind', payload @> '{"n": 3}', jsonb_array_length(payload->'tags') FROM events ORDER BY id
--! json elements
SELECT e.id, t.value FROM events e, jsonb_array_elements_text(e.payload->'tags') AS t(value) ORDER BY 1, 2
--! json condition
SELECT count(*) FROM events WHERE payload->>'kind' = 'k1'
--! json building
SELECT jsonb_build_object('a', id, 'b', name), to_jsonb(name), json_agg(id) OVER (ORDER BY id) FROM products ORDER BY id
--! date spine
SELECT d::date, count(o.id) FROM generate_series('2024-01-01'::date, '2024-01-31'::date, interval '1 day') AS d LEFT JOIN orders o ON o.ordered_at::date = d::date GROUP BY 1 ORDER BY 1
--! months spine
SELECT to_char(m, 'YYYY-MM') FROM generate_series(timestamp '2024-01-01', timestamp '2024-12-01', '1 month') AS g(m) ORDER BY 1
--! number series
SELECT sum(x) FROM generate_series(1, 100) AS g(x)
--! values
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v(id, letter) ORDER BY id
--! values alone
VALUES (1, 'a'), (2, 'b')
--! lateral
SELECT c.id, t.amount FROM customers c LEFT JOIN LATERAL (SELECT amount FROM orders o WHERE o.customer_id = c.id ORDER BY amount DESC, o.id LIMIT 1) t ON true ORDER BY 1
--! fetch first
SELECT id FROM orders ORDER BY id FETCH FIRST 5 ROWS ONLY
--! fetch with ties
SELECT id, status FROM orders ORDER BY status FETCH FIRST 1 ROW WITH TIES
--! limit all and offset
SELECT id FROM orders ORDER BY id LIMIT ALL OFFSET 50
--! not precedence
SELECT id FROM orders WHERE NOT status = 'paid' AND NOT (amount > 100 OR discount IS NULL) ORDER BY id
--! is distinct, is true
SELECT id, discount IS DISTINCT FROM 3, (amount > 50) IS TRUE, (discount > 2) IS UNKNOWN, (discount > 2) IS NOT FALSE FROM orders ORDER BY id
--! negative numbers
SELECT - -id, 1 - -1, -(-id), +id, 1 - (2 - 3), 8 / (4 / 2), 2 - 3 - 4, -2 ^ 2 FROM products ORDER BY id
--! boolean precedence
SELECT id FROM orders WHERE status = 'paid' OR status = 'open' AND amount > 100 ORDER BY id
--! concatenation and comparison
SELECT status || ':' || id = 'paid:3', 'a' || 1 + 1 FROM orders ORDER BY id
--! between symmetric
SELECT count(*) FROM orders WHERE amount BETWEEN SYMMETRIC 100 AND 50 AND id NOT BETWEEN 5 AND 7
--! overlaps
SELECT (date '2024-01-01', date '2024-02-01') OVERLAPS (date '2024-01-15', date '2024-03-01')
--! view and schema name
SELECT count(*) FROM public.big_orders
--! unquoted names in other case
SELECT ORDERS.ID FROM ORDERS ORDER BY Id
--! quoted alias
SELECT name AS "Customer name" FROM customers ORDER BY "Customer name"
--! apostrophes, semicolons and comments in text
SELECT 'it''s; -- not /* a */ comment' AS t, 'back\slash' FROM customers ORDER BY id -- the end
--! collation
SELECT name FROM customers ORDER BY name COLLATE "C" DESC
--! bits
SELECT id & 6, id | 8, id # 3, ~id, id << 2, id >> 1 FROM products ORDER BY id
--! three tables
SELECT p.category, sum(i.quantity * i.price) AS revenue FROM items i JOIN products p ON p.id = i.product_id JOIN orders o ON o.id = i.order_id WHERE o.status = 'paid' GROUP BY 1 ORDER BY 2 DESC
--! using and natural
SELECT count(*) FROM (SELECT id AS customer_id, name FROM customers) c JOIN orders o USING (customer_id)
--! full join
SELECT c.id, o.id FROM customers c FULL JOIN orders o ON o.customer_id = c.id AND o.status = 'paid' ORDER BY 1, 2
--! umlauts
SELECT 'Zürich' AS stadt, '東京' AS "都市", '👍🏽' AS emoji
--! width bucket
SELECT width_bucket(amount, 0, 200, 4) AS bucket, count(*) FROM orders GROUP BY 1 ORDER BY 1
--! nested replaces that escape
SELECT replace(replace(replace(name, '&', '&amp;'), '<', '&lt;'), '>', '&gt;') AS safe FROM customers ORDER BY id
--! names carried through several steps
WITH a AS (SELECT id, name || ' (' || city || ')' AS name FROM customers), b AS (SELECT id, upper(name) || ', ' || name AS name FROM a) SELECT name FROM b ORDER BY id
