--! Every block is one attempt of ana's to learn what is kept from her; read as in `tests/attacks/corpus`.

--! everything of a filtered table
SELECT * FROM orders
--! a filter that would undo the policy's
SELECT * FROM orders WHERE region = 'US' OR 1 = 1
--! the other region by a union
SELECT note FROM orders WHERE region = 'EU' UNION ALL SELECT note FROM orders WHERE region <> 'EU'
--! the set difference with oneself
SELECT note FROM orders EXCEPT SELECT note FROM orders WHERE region = 'EU' ORDER BY 1
--! intersect
SELECT note FROM orders INTERSECT SELECT note FROM orders ORDER BY 1
--! default schema, DuckDB and SQLite
SELECT count(*) FROM main.orders
--! default schema, PostgreSQL
SELECT count(*) FROM public.orders
--! quoted in another case
SELECT count(*), max(note) FROM "ORDERS"
--! mixed case without quotes
SELECT max(NoTe) FROM OrDeRs
--! a name in full-width letters
SELECT * FROM ｏｒｄｅｒｓ
--! a name with a Cyrillic o
SELECT * FROM оrders
--! a comment inside of the name
SELECT * FROM or/**/ders
--! a comment that would end the rewriting
SELECT * FROM orders -- ) gnomon_rows WHERE 1=1
--! the alias of the rewriting as a user's alias
SELECT gnomon_rows.note FROM orders AS gnomon_rows
--! the alias of the rewriting as a name that nobody gave
SELECT gnomon_rows.note FROM orders
--! the alias of a lookup as a user's alias
SELECT gnomon_lookup.* FROM orders AS gnomon_lookup
--! the unit column of a rewriting, plain
SELECT gnomon_unit FROM salaries
--! the unit column, as a figure
SELECT avg(gnomon_unit) AS a FROM salaries
--! the unit column, from within a query whose sources are unknown
WITH c AS (SELECT 1 AS x) SELECT (SELECT sum(gnomon_unit) FROM salaries) AS s FROM c
--! the unit column as a group
SELECT gnomon_unit, count(*) FROM salaries GROUP BY gnomon_unit
--! a common table expression of the table's name
WITH orders AS (SELECT * FROM orders) SELECT max(note) FROM orders
--! a common table expression named like the schema
WITH main AS (SELECT 1 AS x) SELECT max(note) FROM orders, main
--! a common table expression of the rewriting's alias
WITH gnomon_rows AS (SELECT 'US' AS region, 1 AS order_id) SELECT max(note) FROM orders, gnomon_rows
--! a common table expression of a table that a view reads
WITH orders AS (SELECT 1 AS order_id, 'US' AS region, 'n' AS note, 1 AS amount, 'open' AS status) SELECT * FROM open_orders
--! shadowing a hidden table by a common table expression
WITH zq_vault AS (SELECT 1 AS zq_id, 'mine' AS zq_codeword) SELECT * FROM codes
--! a whole row as a struct
SELECT orders FROM orders
--! a whole row as text
SELECT CAST(customers AS VARCHAR) FROM customers
--! a whole row through a row constructor
SELECT row(customers.*) FROM customers
--! a whole row as JSON, DuckDB
SELECT to_json(customers) FROM customers
--! a whole row as JSON, PostgreSQL
SELECT row_to_json(c) FROM customers c
--! a struct of everything
SELECT struct_pack(a := customers) FROM customers
--! keys of a struct
SELECT json_keys(to_json(c)) FROM customers c LIMIT 1
--! a list of rows
SELECT list(o) FROM orders o
--! an aggregate of text
SELECT string_agg(note, ',') FROM orders
--! an aggregate of text, SQLite
SELECT group_concat(note) FROM orders
--! exclude what is visible
SELECT * EXCLUDE (customer_id, name, email, phone, born, region) FROM customers
--! exclude the hidden column by name
SELECT * EXCLUDE (zq_card) FROM customers
--! replace in a star
SELECT * REPLACE (zq_card AS name) FROM customers
--! rename in a star
SELECT * RENAME (zq_card AS x) FROM customers
--! columns by a pattern
SELECT COLUMNS('zq.*') FROM customers
--! columns by a lambda
SELECT COLUMNS(c -> c LIKE 'zq%') FROM customers
--! all columns unpacked
SELECT concat(*COLUMNS(*)) FROM customers
--! the hidden column by name
SELECT zq_card FROM customers
--! the hidden column in a condition
SELECT count(*) FROM customers WHERE zq_card LIKE 'CANARY%'
--! the hidden column in an order
SELECT name FROM customers ORDER BY zq_card
--! the hidden column in a group
SELECT count(*) FROM customers GROUP BY zq_card
--! the hidden column by USING
SELECT count(*) FROM customers a JOIN customers b USING (zq_card)
--! the hidden column by a natural join
SELECT count(*) FROM customers a NATURAL JOIN customers b
--! the hidden column by position
SELECT * FROM customers ORDER BY 7
--! the hidden column through renamed columns
SELECT g FROM customers AS c (a, b, c, d, e, f, g)
--! the hidden column from within a correlated query of unknown sources
WITH x AS (SELECT 1 AS y) SELECT (SELECT max(zq_card) FROM customers) FROM x
--! the hidden column through a lateral join
SELECT l.v FROM customers c, LATERAL (SELECT c.zq_card AS v) l
--! the hidden column through a qualified star
SELECT c.* FROM customers c
--! the row's address
SELECT rowid, name FROM customers
--! the row's address, PostgreSQL
SELECT ctid, xmin FROM orders
--! the system's count of rows by the highest address
SELECT max(rowid) FROM orders
--! a masked column plain
SELECT email FROM customers ORDER BY customer_id
--! a masked column by LIKE
SELECT count(*) FROM customers WHERE email LIKE 'CANARY%'
--! a masked column by a pattern
SELECT count(*) FROM customers WHERE regexp_matches(email, 'CANARY.*')
--! a masked column by a pattern, PostgreSQL
SELECT count(*) FROM customers WHERE email ~ '^CANARY'
--! a masked column by a prefix of characters
SELECT substr(email, 1, 3) FROM customers WHERE customer_id = 7
--! a masked column by its length
SELECT DISTINCT length(email) FROM customers
--! a masked column compared with a dictionary
SELECT g.m FROM (VALUES ('CANARY-MAIL@acme.test'), ('c1@acme.test')) AS g (m) JOIN customers c ON c.email = g.m
--! a masked column in an IN list
SELECT customer_id FROM customers WHERE email IN ('CANARY-MAIL@acme.test', 'c1@acme.test')
--! a dictionary of hashes without the key
SELECT c.customer_id FROM customers c WHERE c.email = substr(sha256('CANARY-MAIL@acme.test'), 1, 16)
--! a dictionary of hashes with a guessed key
SELECT c.customer_id FROM customers c WHERE c.email = substr(sha256('gnomon_key' || 'CANARY-MAIL@acme.test'), 1, 16)
--! a dictionary of hashes, PostgreSQL
SELECT customer_id FROM customers WHERE email = substr(encode(sha256('CANARY-MAIL@acme.test'), 'hex'), 1, 16)
--! the mask's function called by hand
SELECT gnomon_hash('x', 'CANARY-MAIL@acme.test')
--! a masked column cast so that the error quotes it
SELECT CAST(email AS INTEGER) FROM customers WHERE customer_id = 7
--! a masked column cast to a date
SELECT CAST(email AS DATE) FROM customers
--! a masked phone by its beginning
SELECT phone FROM customers WHERE phone LIKE 'CANARY%'
--! a masked date to the day
SELECT customer_id, born FROM customers WHERE born = DATE '1967-08-17'
--! the parts of a masked date
SELECT DISTINCT extract(day FROM born), extract(month FROM born) FROM customers
--! a mask in an order
SELECT customer_id FROM customers ORDER BY email LIMIT 3
--! a mask through a union with guesses
SELECT email FROM customers WHERE customer_id = 7 UNION SELECT 'CANARY-MAIL@acme.test' ORDER BY 1
--! a mask through a view
SELECT email FROM order_mails ORDER BY order_id LIMIT 5
--! a mask through a view, by LIKE
SELECT count(*) FROM order_mails WHERE email LIKE 'CANARY%'
--! the smallest value of a mask
SELECT min(email), max(email) FROM customers
--! rows of others through a view
SELECT * FROM open_orders ORDER BY order_id
--! rows of others through a view, counted
SELECT region, count(*) FROM open_orders GROUP BY region
--! rows of others through a view in a subquery
SELECT (SELECT max(note) FROM open_orders) AS m
--! rows of others through a view that joins
SELECT count(*), max(note) FROM order_mails
--! a hidden table
SELECT * FROM zq_vault
--! a hidden table that nobody permits
SELECT * FROM zq_bribes
--! a hidden table with its schema
SELECT * FROM main.zq_vault
--! a hidden table by a near miss
SELECT * FROM zq_vaul
--! a hidden table by another near miss
SELECT * FROM zq_bribe
--! a hidden table through a view
SELECT * FROM codes
--! a hidden table through a view, counted
SELECT count(*) FROM codes
--! a hidden table's existence by a view
SELECT 1 FROM codes LIMIT 1
--! a hidden table in a subquery that never runs
SELECT count(*) FROM orders WHERE false AND EXISTS (SELECT 1 FROM zq_vault)
--! a hidden table in a join
SELECT count(*) FROM orders o JOIN zq_vault v ON v.zq_id = o.order_id
--! a hidden table as a column's qualifier
SELECT zq_vault.zq_codeword FROM orders
--! a hidden column of a hidden table in a correlated query
SELECT (SELECT zq_codeword) FROM orders
--! what only a view may read
SELECT n FROM payees
--! a query made of text
SELECT * FROM query('SELECT * FROM zq_vault')
--! a table named by text
SELECT * FROM query_table('zq_vault')
--! the engine's list of tables
SELECT table_name FROM information_schema.tables
--! the engine's list of tables, DuckDB
SELECT table_name, estimated_size FROM duckdb_tables()
--! the engine's list of columns, DuckDB
SELECT column_name FROM duckdb_columns()
--! the engine's list of tables, SQLite
SELECT name, sql FROM sqlite_master
--! a table's columns, SQLite
SELECT * FROM pragma_table_info('customers')
--! the engine's list of tables, PostgreSQL
SELECT relname, reltuples FROM pg_class
--! the engine's statistics, PostgreSQL
SELECT most_common_vals FROM pg_stats
--! a view's text
SELECT pg_get_viewdef('payees')
--! a view's text, DuckDB
SELECT sql FROM duckdb_views()
--! a table's statistics, DuckDB
SELECT stats(note) FROM orders LIMIT 1
--! storage, DuckDB
SELECT * FROM pragma_storage_info('orders')
--! a summary as a statement
SUMMARIZE orders
--! describe as a statement
DESCRIBE zq_vault
--! the size of a table, PostgreSQL
SELECT pg_relation_size('zq_vault')
--! a name made an address, PostgreSQL
SELECT 'zq_vault'::regclass
--! a query made of text, PostgreSQL
SELECT query_to_xml('SELECT * FROM zq_vault', true, true, '')
--! single rows of a table of figures
SELECT * FROM salaries
--! single rows of a small table of figures
SELECT * FROM bonuses
--! the count of a small table of figures
SELECT count(*) FROM bonuses
--! whether a small table of figures holds anything
SELECT EXISTS (SELECT count(*) FROM bonuses) AS e
--! a figure over one person
SELECT sum(pay) FROM salaries WHERE employee_id = 3
--! a figure over one person, by name
SELECT avg(pay) FROM salaries WHERE employee = 'CANARY-UNIT'
--! the largest
SELECT max(pay) FROM salaries
--! the largest by an order
SELECT pay FROM salaries ORDER BY pay DESC LIMIT 1
--! a list
SELECT list(employee) FROM salaries
--! a figure with a condition within
SELECT sum(CASE WHEN employee_id = 3 THEN pay ELSE 0 END) FROM salaries
--! a figure with a filter
SELECT sum(pay) FILTER (WHERE employee_id = 3) FROM salaries
--! groups of one
SELECT employee, sum(pay) FROM salaries GROUP BY employee
--! subtotals
SELECT dept, employee, sum(pay) FROM salaries GROUP BY ROLLUP (dept, employee)
--! a window
SELECT sum(pay) OVER (ORDER BY employee_id) FROM salaries
--! a named window
SELECT sum(pay) OVER w FROM salaries WINDOW w AS (ORDER BY employee_id)
--! QUALIFY
SELECT count(*) FROM salaries QUALIFY row_number() OVER (ORDER BY pay) = 1
--! DISTINCT
SELECT DISTINCT pay FROM salaries
--! HAVING that singles out
SELECT dept, count(*) FROM salaries GROUP BY dept HAVING max(pay) > 7000
--! rows repeated by a join until they are ten
SELECT sum(s.pay) FROM salaries s, orders o WHERE s.employee_id = 3
--! rows repeated by a join, the table second
SELECT sum(s.pay) FROM orders o JOIN salaries s ON s.employee_id = 3
--! single rows through a view
SELECT * FROM pay_list
--! a figure through a view
SELECT sum(pay) FROM pay_list WHERE employee = 'CANARY-UNIT'
--! single rows through a subquery
SELECT sum(p) FROM (SELECT pay AS p FROM salaries WHERE employee_id = 3) AS x
--! single rows by a scalar subquery
SELECT (SELECT pay FROM salaries WHERE employee_id = 3) AS p
--! single rows by IN
SELECT count(*) FROM orders WHERE amount IN (SELECT pay FROM salaries)
--! single rows by EXISTS
SELECT count(*) FROM regions WHERE EXISTS (SELECT 1 FROM salaries WHERE pay > 7000)
--! single rows by a list of a subquery
SELECT array(SELECT pay FROM salaries)
--! a list comprehension over a subquery
SELECT [x FOR x IN (SELECT list(pay) FROM salaries)]
--! a lambda that captures a hidden row's cell
SELECT list_transform([1, 2], x -> (SELECT max(note) FROM orders WHERE region = 'US'))
--! an error that quotes a cell of a table of figures
SELECT count(*) FROM salaries WHERE CAST(employee AS INTEGER) = 1
--! an error that quotes one person's cell
SELECT count(*) FROM salaries WHERE employee_id <> 3 OR CAST(employee AS INTEGER) = 1
--! an error that is a bit about one person
SELECT count(*) FROM salaries WHERE CAST(CASE WHEN employee_id = 3 AND pay > 7000 THEN 'x' ELSE '1' END AS INTEGER) = 1
--! a division that is a bit about one person
SELECT count(*) FROM salaries WHERE 1 / (CASE WHEN employee_id = 3 AND pay > 7000 THEN 0 ELSE 1 END) > 0 OR dept = 'a'
--! an overflow that is a bit about one person
SELECT count(*) FROM salaries WHERE CASE WHEN employee_id = 3 THEN pay ELSE 0 END * 9000000000000000 < 0
--! an error in the group's key
SELECT CAST(employee AS INTEGER) AS k, count(*) FROM salaries GROUP BY CAST(employee AS INTEGER)
--! an error in the group's key, in a view
SELECT count(*) FROM pay_list WHERE CAST(employee AS INTEGER) = 1
--! a sum that overflows, or does not
SELECT sum(pay) FROM salaries HAVING sum(pay) / (count(*) - 30) > 0
--! an error about hidden rows
SELECT sum(CAST(note AS INTEGER)) FROM orders WHERE note NOT LIKE 'fine%'
--! an error about hidden rows in a condition
SELECT count(*) FROM orders WHERE CAST(note AS INTEGER) > 0
--! an error about hidden rows that names the cell
SELECT CAST(note AS DATE) FROM orders WHERE region = 'US'
--! a division by zero on hidden rows
SELECT count(*) FROM orders WHERE 1 / (CASE WHEN region = 'US' THEN 0 ELSE 1 END) > 0
--! a division by zero on hidden rows, in a join
SELECT count(*) FROM orders o JOIN customers c ON 1 / (CASE WHEN o.region = 'US' THEN 0 ELSE 1 END) = c.customer_id
--! an error about hidden rows through a view
SELECT count(*) FROM open_orders WHERE CAST(note AS INTEGER) > 0
--! an error about hidden rows of a correlated query
SELECT (SELECT CAST(o.note AS INTEGER) FROM orders o WHERE o.order_id = c.customer_id) FROM customers c
--! an engine's own error function
SELECT error(note) FROM orders WHERE region = 'US'
--! the count by a limit from a subquery
SELECT order_id FROM regions, orders LIMIT (SELECT count(*) FROM orders)
--! a sample of all rows
SELECT * FROM orders TABLESAMPLE 100 PERCENT
--! a sample of all rows, other words
SELECT count(*), max(note) FROM orders USING SAMPLE 1000 ROWS
--! a positional join
SELECT * FROM orders POSITIONAL JOIN regions
--! an AS OF join
SELECT count(*) FROM orders a ASOF JOIN orders b ON a.placed >= b.placed
--! a self join
SELECT count(*) FROM orders a JOIN orders b ON a.order_id = b.order_id + 1
--! a semi join
SELECT count(*) FROM regions r SEMI JOIN orders o ON o.region = r.region
--! an anti join
SELECT r.region FROM regions r ANTI JOIN orders o ON o.region = r.region
--! a right join
SELECT r.region, count(o.order_id) FROM orders o RIGHT JOIN regions r ON o.region = r.region GROUP BY r.region ORDER BY 1
--! a full join
SELECT count(*) FROM orders a FULL JOIN orders b ON a.order_id = b.order_id
--! whether another region has orders
SELECT r.region FROM regions r WHERE EXISTS (SELECT 1 FROM orders o WHERE o.region = r.region)
--! whether nobody else has orders
SELECT r.region FROM regions r WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.region = r.region)
--! all of them
SELECT 1 WHERE 'EU' = ALL (SELECT region FROM orders)
--! any of them
SELECT 1 WHERE 'US' = ANY (SELECT region FROM orders)
--! deep correlation
SELECT (SELECT (SELECT (SELECT max(o.note) FROM orders o WHERE o.customer_id = c.customer_id AND r.region = 'US') FROM customers c WHERE c.customer_id = 2) FROM regions r WHERE r.region = 'US') AS deep
--! deep nesting
SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT note FROM orders) a) b) c ORDER BY 1 DESC LIMIT 3
--! a parenthesised join
SELECT count(*) FROM (orders o JOIN regions r ON o.region = r.region)
--! grouping sets
SELECT region, status, count(*) FROM orders GROUP BY GROUPING SETS ((region), (status), ())
--! a pivot
SELECT * FROM orders PIVOT (count(*) FOR region IN ('EU', 'US'))
--! an unpivot
SELECT * FROM customers UNPIVOT (v FOR k IN (name, zq_card))
--! VALUES that read
VALUES ((SELECT max(note) FROM orders))
--! a table as a statement
TABLE orders
--! FROM first
FROM orders
--! FROM first of a hidden table
FROM zq_vault
--! parts of another schema
SELECT * FROM temp.orders
--! another database
SELECT * FROM shop.main.orders
--! the rows that changed last, PostgreSQL
SELECT pg_xact_commit_timestamp(xmin) FROM orders
--! only the table itself, PostgreSQL
SELECT count(*) FROM ONLY orders
--! distinct on
SELECT DISTINCT ON (region) note FROM orders ORDER BY region DESC
--! the rows behind a lookup's key
SELECT c.name, (SELECT max(amount) FROM orders o WHERE o.customer_id = c.customer_id) FROM customers c ORDER BY 2 DESC NULLS LAST LIMIT 3
--! an old table that looks alike
SELECT max(note) FROM old_orders
--! the key of the mask from the statement's own text
SELECT current_query()
--! the settings
SELECT current_setting('policy')
--! an error in a condition on groups, whatever their size
SELECT dept, count(*) FROM salaries GROUP BY dept, employee HAVING CAST(employee AS INTEGER) > 0
--! an error that is a bit about one person, in a condition on groups
SELECT count(*) FROM salaries GROUP BY employee_id HAVING CAST(CASE WHEN employee_id = 3 AND sum(pay) > 7000 THEN 'x' ELSE '1' END AS INTEGER) = 1
--! a comparison that converts one person's cell
SELECT count(*) FROM salaries WHERE employee_id = 3 AND employee = 1
--! an error in a correlated query over one person
SELECT count(*) FROM salaries s WHERE EXISTS (SELECT 1 FROM regions r WHERE CAST(CASE WHEN s.employee_id = 3 AND s.pay > 7000 THEN r.region ELSE '1' END AS INTEGER) = 1)
--! an error in the condition of a join with a parent
SELECT count(*) FROM salaries s JOIN bonuses b ON s.employee_id = b.employee_id
--! the least size met by another table's units
SELECT count(*) FROM bonuses b LEFT JOIN salaries s ON s.employee_id = b.employee_id
--! a join that converts one person's cell
SELECT count(*) FROM salaries s JOIN bonuses b ON s.employee = b.employee_id
--! a bare cell as a condition
SELECT count(*) FROM salaries WHERE employee
--! a cell asked whether it is true
SELECT count(*) FROM salaries WHERE employee IS TRUE
--! a cell as the unit of a date
SELECT count(*) FROM salaries GROUP BY date_trunc(employee, DATE '2024-01-01')
--! a cell as the pattern of an expression
SELECT count(*) FROM salaries WHERE regexp_matches('x', employee || '(')
--! honest figures
SELECT dept, count(*), sum(pay), avg(pay) FROM salaries WHERE pay >= 1000 AND dept IN ('a', 'b') GROUP BY dept HAVING sum(pay) > 10 ORDER BY dept
