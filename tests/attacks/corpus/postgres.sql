--! stacked write after a read
SELECT 1; DROP TABLE orders
--! stacked write behind a comment
SELECT 1 /* ok */ ; DELETE FROM orders
--! leave read-only mode, then write
SET TRANSACTION READ WRITE; INSERT INTO orders VALUES (99)
--! leave read-only mode alone
SET TRANSACTION READ WRITE
--! leave read-only mode for the session
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE
--! leave read-only mode by a setting
SET default_transaction_read_only = off
--! end the transaction, then write
COMMIT; DELETE FROM orders
--! end the transaction inside a read
SELECT 1; COMMIT; BEGIN; DROP TABLE orders; COMMIT
--! insert
INSERT INTO customers (id) VALUES (99)
--! update
UPDATE customers SET name = 'x'
--! delete
DELETE FROM orders
--! delete using
DELETE FROM orders USING customers
--! truncate
TRUNCATE orders
--! drop
DROP TABLE orders CASCADE
--! alter
ALTER TABLE orders ADD COLUMN x int
--! create
CREATE TABLE stolen AS SELECT * FROM customers
--! create temporary
CREATE TEMP TABLE t AS SELECT 1
--! create view
CREATE VIEW v AS SELECT * FROM orders
--! create function
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
--! create extension
CREATE EXTENSION dblink
--! create role
CREATE ROLE evil SUPERUSER
--! grant
GRANT ALL ON orders TO PUBLIC
--! revoke
REVOKE ALL ON orders FROM PUBLIC
--! set role
SET ROLE postgres
--! reset role
RESET ROLE
--! set session authorization
SET SESSION AUTHORIZATION postgres
--! merge
MERGE INTO orders o USING customers c ON o.customer_id = c.id WHEN MATCHED THEN DELETE
--! select into
SELECT * INTO stolen FROM customers
--! select into temp
SELECT * INTO TEMP stolen FROM customers
--! delete inside a common table expression
WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone
--! insert inside a common table expression
WITH new AS (INSERT INTO customers (id) VALUES (99) RETURNING *) SELECT * FROM new
--! update inside a common table expression
WITH u AS (UPDATE orders SET amount = 0 RETURNING *) SELECT * FROM u
--! merge inside a common table expression
WITH m AS (MERGE INTO orders o USING customers c ON false WHEN NOT MATCHED THEN DO NOTHING RETURNING 1) SELECT * FROM m
--! write in an unused common table expression
WITH gone AS (DELETE FROM orders) SELECT 1
--! write in a nested common table expression
SELECT * FROM (WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone) x
--! common table expression before a delete
WITH x AS (SELECT 1) DELETE FROM orders
--! common table expression before an insert
WITH x AS (SELECT 1) INSERT INTO orders SELECT * FROM x
--! copy out by a program
COPY customers TO PROGRAM 'cat > /tmp/stolen'
--! copy in by a program
COPY customers FROM PROGRAM 'id'
--! copy to a file
COPY customers TO '/tmp/stolen.csv'
--! copy a query to a file
COPY (SELECT * FROM customers) TO '/tmp/stolen.csv'
--! copy to the client
COPY customers TO STDOUT
--! copy of a write
COPY (DELETE FROM orders RETURNING *) TO STDOUT
--! psql copy
\copy customers to 'x'
--! psql shell
\! ls
--! psql variable
SELECT :'x'
--! anonymous block
DO $$ BEGIN DELETE FROM orders; END $$
--! call
CALL wipe()
--! user's own function that writes
SELECT wipe_orders()
--! user's own function with a schema
SELECT public.wipe_orders()
--! user's own function in FROM
SELECT * FROM wipe_orders()
--! user's own function as an aggregate
SELECT wipe_orders() OVER ()
--! user's own function by row notation
SELECT o.wipe_row FROM orders o
--! user's own function by row notation in parentheses
SELECT (o).wipe_row FROM orders o
--! user's own operator
SELECT 1 OPERATOR(public.+++) 2
--! operator with a schema
SELECT 1 OPERATOR(pg_catalog.+) 2
--! prepare
PREPARE p AS DELETE FROM orders
--! execute
EXECUTE p
--! declare a cursor
DECLARE c CURSOR FOR SELECT 1
--! cursor that outlives the transaction
DECLARE c CURSOR WITH HOLD FOR SELECT * FROM customers
--! fetch
FETCH ALL FROM c
--! listen
LISTEN x
--! notify
NOTIFY x, 'data'
--! unlisten
UNLISTEN *
--! notify by function
SELECT pg_notify('x', email) FROM customers
--! lock table
LOCK TABLE orders IN ACCESS EXCLUSIVE MODE
--! row lock
SELECT * FROM orders FOR UPDATE
--! shared row lock
SELECT * FROM orders FOR SHARE NOWAIT
--! row lock in a subquery
SELECT * FROM (SELECT * FROM orders FOR UPDATE SKIP LOCKED) x
--! key lock
SELECT * FROM orders FOR NO KEY UPDATE
--! explain analyze runs what it explains
EXPLAIN ANALYZE DELETE FROM orders
--! explain of a read
EXPLAIN (ANALYZE, BUFFERS) SELECT 1
--! vacuum
VACUUM orders
--! analyze
ANALYZE orders
--! reindex
REINDEX TABLE orders
--! cluster
CLUSTER orders
--! checkpoint
CHECKPOINT
--! discard
DISCARD ALL
--! load a library
LOAD 'plpgsql'
--! comment on
COMMENT ON TABLE orders IS 'x'
--! security label
SECURITY LABEL ON TABLE orders IS 'x'
--! refresh
REFRESH MATERIALIZED VIEW m
--! import foreign schema
IMPORT FOREIGN SCHEMA x FROM SERVER y INTO public
--! set a setting
SET statement_timeout = 0
--! set local
SET LOCAL statement_timeout = 0
--! show
SHOW ALL
--! reset
RESET ALL
--! sequence
SELECT nextval('order_ids')
--! set a sequence
SELECT setval('order_ids', 1)
--! sequence state
SELECT currval('order_ids')
--! last sequence value
SELECT lastval()
--! sequence as a table
SELECT * FROM order_ids
--! change a setting by function
SELECT set_config('statement_timeout', '0', false)
--! change a setting in a condition
SELECT 1 WHERE set_config('transaction_read_only', 'off', true) = 'off'
--! read a setting
SELECT current_setting('data_directory')
--! settings view
SELECT * FROM pg_settings
--! read a file of the server
SELECT pg_read_file('/etc/passwd')
--! read a file of the server in FROM
SELECT * FROM pg_read_file('PG_VERSION')
--! read a binary file
SELECT pg_read_binary_file('/etc/passwd')
--! list a folder of the server
SELECT pg_ls_dir('/')
--! list the logs
SELECT * FROM pg_ls_logdir()
--! list write-ahead files
SELECT * FROM pg_ls_waldir()
--! stat a file
SELECT pg_stat_file('/etc/passwd')
--! current log file
SELECT pg_current_logfile()
--! import a large object
SELECT lo_import('/etc/passwd')
--! export a large object
SELECT lo_export(1, '/tmp/x')
--! create a large object
SELECT lo_create(0)
--! write a large object
SELECT lo_from_bytea(0, 'x')
--! read a large object
SELECT lo_get(1)
--! unlink a large object
SELECT lo_unlink(1)
--! another server
SELECT * FROM dblink('host=evil', 'SELECT 1') AS t(x int)
--! another server, executed
SELECT dblink_exec('host=evil', 'DROP TABLE x')
--! connection to another server
SELECT dblink_connect('host=evil')
--! sleep
SELECT pg_sleep(60)
--! sleep with a schema
SELECT pg_catalog.pg_sleep(60)
--! sleep in quotes
SELECT "pg_sleep"(60)
--! sleep in quotes with a schema
SELECT "pg_catalog"."pg_sleep"(60)
--! sleep in FROM
SELECT * FROM pg_sleep(60)
--! sleep until
SELECT pg_sleep_until('2100-01-01')
--! sleep for
SELECT pg_sleep_for('1 hour')
--! sleep in ORDER BY
SELECT 1 ORDER BY pg_sleep(60)
--! sleep in LIMIT
SELECT 1 LIMIT (SELECT 1 FROM pg_sleep(60))
--! sleep in CASE
SELECT CASE WHEN (SELECT count(*) FROM customers) > 0 THEN pg_sleep(60) END
--! sleep in a filter
SELECT count(*) FILTER (WHERE pg_sleep(60) IS NULL) FROM orders
--! sleep in a window
SELECT sum(amount) OVER (ORDER BY pg_sleep(60)) FROM orders
--! sleep in other case
SELECT Pg_SlEeP(60)
--! sleep with a comment in it
SELECT pg_sleep/**/(60)
--! sleep with a newline in it
SELECT pg_sleep
(60)
--! sleep in DISTINCT ON
SELECT DISTINCT ON (pg_sleep(60)) 1
--! sleep in VALUES
VALUES (pg_sleep(60))
--! end another session
SELECT pg_terminate_backend(1)
--! cancel another session
SELECT pg_cancel_backend(1)
--! reload
SELECT pg_reload_conf()
--! rotate
SELECT pg_rotate_logfile()
--! switch
SELECT pg_switch_wal()
--! promote
SELECT pg_promote()
--! restore point
SELECT pg_create_restore_point('x')
--! replication slot
SELECT pg_create_physical_replication_slot('x')
--! logical message
SELECT pg_logical_emit_message(false, 'x', 'y')
--! advisory lock
SELECT pg_advisory_lock(1)
--! advisory try lock
SELECT pg_try_advisory_lock(1)
--! advisory transaction lock
SELECT pg_advisory_xact_lock(1)
--! transaction id
SELECT txid_current()
--! transaction id, new name
SELECT pg_current_xact_id()
--! export a snapshot
SELECT pg_export_snapshot()
--! statistics reset
SELECT pg_stat_reset()
--! query as xml
SELECT query_to_xml('SELECT * FROM customers', true, true, '')
--! table as xml
SELECT table_to_xml('customers', true, true, '')
--! database as xml
SELECT database_to_xml(true, true, '')
--! cursor as xml
SELECT cursor_to_xml('c', 1, true, true, '')
--! xpath
SELECT xpath('/x', '<x/>')
--! xml with an entity
SELECT xmlparse(document '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>')
--! xml cast
SELECT '<x/>'::xml
--! xml table
SELECT * FROM xmltable('/x' PASSING '<x/>' COLUMNS a int)
--! statement by text search
SELECT ts_stat('SELECT to_tsvector(name) FROM customers')
--! text search rewrite
SELECT ts_rewrite('a'::tsquery, 'SELECT 1')
--! definition of a function
SELECT pg_get_functiondef(1)
--! name to id
SELECT 'customers'::regclass
--! name to id by function
SELECT to_regclass('pg_authid')
--! cast to a function
SELECT 'pg_sleep'::regproc
--! cast to a role
SELECT 'postgres'::regrole
--! cast to a user's own type
SELECT '1'::evil_type
--! sizes
SELECT pg_total_relation_size('orders')
--! database list
SELECT * FROM pg_database
--! roles
SELECT * FROM pg_roles
--! password hashes
SELECT rolpassword FROM pg_authid
--! passwords by the old view
SELECT passwd FROM pg_shadow
--! activity
SELECT query FROM pg_stat_activity
--! classes
SELECT * FROM pg_catalog.pg_class
--! classes in quotes
SELECT * FROM "pg_catalog"."pg_class"
--! classes in other case
SELECT * FROM PG_CLASS
--! information schema
SELECT * FROM information_schema.columns
--! statistics show values
SELECT most_common_vals FROM pg_stats
--! toast table
SELECT * FROM pg_toast.pg_toast_1
--! temporary schema
SELECT * FROM pg_temp.x
--! schema the catalog does not hold
SELECT * FROM hidden.salaries
--! schema the catalog does not hold, in quotes
SELECT * FROM "hidden"."salaries"
--! another database
SELECT * FROM canary.public.orders
--! table that the catalog leaves out
SELECT * FROM salaries
--! user name
SELECT current_user
--! session user
SELECT session_user
--! user as a column
SELECT user
--! role
SELECT current_role
--! database name
SELECT current_database()
--! schema
SELECT current_schema
--! version
SELECT version()
--! server address
SELECT inet_server_addr()
--! recursion without end
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT count(*) FROM x
--! recursion with a search clause
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SEARCH DEPTH FIRST BY n SET o SELECT * FROM x
--! series bomb
SELECT count(*) FROM generate_series(1, 1000000000000)
--! series bomb in the list
SELECT generate_series(1, 1000000000)
--! series with a computed end
SELECT * FROM generate_series(1, 1000 * 1000 * 1000)
--! series by the second over a century
SELECT * FROM generate_series('1900-01-01'::timestamp, '2100-01-01', '1 second')
--! series with a zero step
SELECT * FROM generate_series(1, 10, 0)
--! series of series
SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b
--! text bomb
SELECT repeat('x', 1000000000)
--! text bomb with an expression
SELECT length(repeat('x', 100000 * 10000))
--! text bomb in layers
SELECT length(repeat(repeat('x', 10000), 10000))
--! padding bomb
SELECT lpad('x', 1000000000)
--! format bomb
SELECT format('%1000000000s', 'x')
--! format bomb with a star
SELECT format('%*s', 1000000000, 'x')
--! array bomb
SELECT array_fill(1, ARRAY[100000000])
--! big factorial
SELECT factorial(100000)
--! cross join bomb
SELECT count(*) FROM orders a, orders b, orders c, orders d, orders e, orders f
--! cross join bomb with true conditions
SELECT count(*) FROM orders a JOIN orders b ON true JOIN orders c ON true JOIN orders d ON true JOIN orders e ON true
--! pattern bomb
SELECT name LIKE '%a%a%a%a%a%a%a%a%a%a%a%a%' FROM customers
--! rows from
SELECT * FROM ROWS FROM (generate_series(1, 2), pg_sleep(60))
--! function with a column definition list
SELECT * FROM json_to_recordset('[]') AS x(a int)
--! only
SELECT * FROM ONLY orders
--! sample by a function
SELECT * FROM orders TABLESAMPLE evil(10)
--! parameter
SELECT * FROM orders WHERE id = $1
--! psycopg parameter
SELECT * FROM orders WHERE id = %s
--! named psycopg parameter
SELECT * FROM orders WHERE id = %(id)s
--! escape text
SELECT E'x\'; DROP TABLE orders; --'
--! escape text that hides a quote
SELECT E'\'' || pg_sleep(60) || '\''
--! unicode text
SELECT U&'\0027; DROP TABLE orders; --'
--! unicode text with another escape
SELECT U&'!0027' UESCAPE '!'
--! unicode name
SELECT * FROM U&"pg\005fclass"
--! dollar text around a statement
SELECT $$'; DROP TABLE orders; --$$
--! tagged dollar text
SELECT $a$ $$ ; DROP TABLE orders $a$
--! unclosed dollar text
SELECT $a$; DROP TABLE orders
--! bit text
SELECT B'1'
--! hexadecimal bit text
SELECT X'41'
--! national text
SELECT N'x'
--! continued text
SELECT 'a'
'b; DROP TABLE orders'
--! backslash before the quote
SELECT 'x\'; DROP TABLE orders; --'
--! quoted name with a stacked write
SELECT 1 AS "x""; DROP TABLE orders; --"
--! unclosed text
SELECT 'x; DROP TABLE orders
--! unclosed comment
SELECT 1 /* ; DROP TABLE orders
--! nested comment
SELECT 1 /* a /* b */ */ ; DROP TABLE orders
--! nested comment, closed once
SELECT 1 /* a /* b */ ; DROP TABLE orders; -- */
--! comment in a word
SEL/**/ECT 1
--! full-width semicolon
SELECT 1<U+FF1B> DROP TABLE orders
--! right-to-left override
SELECT 1 <U+202E> -- x
--! zero-width space in a name
SELECT * FROM or<U+200B>ders
--! byte order mark
<U+FEFF>DROP TABLE orders
--! no-break space
SELECT<U+00A0>1
--! line separator in a comment
SELECT 1 --<U+2028>; DROP TABLE orders
--! null character
SELECT 1<U+0000>; DROP TABLE orders
--! full-width letters
SELECT ｐｇ_sleep(60)
--! deep parentheses
SELECT <300*(>1<300*)>
--! unclosed parentheses
SELECT <5000*(>
--! long chain of operators
SELECT 1<9000* + 1>
--! long chain of NOT
SELECT <9000*NOT >true
--! deep subqueries
SELECT * FROM <200*(SELECT * FROM >orders<200*)>
--! huge statement
SELECT '<120000*x>'
--! many columns
SELECT 1<15000*, 1>
--! hexadecimal number with two readings
SELECT 0xFF
--! number with a suffix
SELECT 123abc
--! select nothing
SELECT
--! empty
;
--! only a comment
-- nothing
--! bare word
orders
--! error that carries data
SELECT (SELECT email FROM customers LIMIT 1)::int
--! whole row as text
SELECT customers::text FROM customers
--! replace within replace
SELECT replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(name, 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa') FROM customers
--! text that doubles by the name of a call
SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat("concat", "concat") FROM (SELECT concat(name, name) FROM customers) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q
--! an array that doubles in every layer
SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT array_cat(x, x) AS x FROM (SELECT ARRAY[1] AS x) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q
--! a lock that outlives its query
SELECT pg_advisory_lock(42)
--! a shared lock that outlives its query
SELECT pg_advisory_lock_shared(1, 2) FROM orders
--! a setting that outlives its query
SELECT set_config('statement_timeout', '0', false)
--! a sum that doubles in every layer
SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT x + x AS x FROM (SELECT id AS x FROM orders) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q) AS q
