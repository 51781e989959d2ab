--! stacked write after a read
SELECT 1; DROP TABLE orders
--! stacked write behind a comment
SELECT 1 /* harmless */ ; DELETE FROM orders
--! stacked write after a line comment
SELECT 1 -- ok
; UPDATE orders SET amount = 0
--! stacked in one line
SELECT 1;DELETE FROM customers;SELECT 2
--! insert
INSERT INTO customers VALUES (99, 'x', 'x', 'x', '2024-01-01', 'x')
--! insert or replace
INSERT OR REPLACE INTO customers (id) VALUES (1)
--! replace
REPLACE INTO customers (id) VALUES (1)
--! update
UPDATE customers SET name = 'x'
--! update from
UPDATE orders SET amount = 0 FROM customers
--! delete
DELETE FROM orders
--! delete returning
DELETE FROM orders RETURNING *
--! drop table
DROP TABLE orders
--! drop view
DROP VIEW big_orders
--! alter
ALTER TABLE orders ADD COLUMN x
--! rename
ALTER TABLE orders RENAME TO o
--! create
CREATE TABLE stolen AS SELECT * FROM customers
--! create temporary
CREATE TEMP TABLE t AS SELECT 1
--! create view
CREATE VIEW v AS SELECT * FROM orders
--! create trigger
CREATE TRIGGER t AFTER INSERT ON orders BEGIN DELETE FROM customers; END
--! create virtual table
CREATE VIRTUAL TABLE f USING fts5(x)
--! create a table over a file
CREATE VIRTUAL TABLE temp.t USING csv(filename='secret.txt')
--! create index
CREATE INDEX i ON orders (id)
--! insert inside a common table expression
WITH x AS (INSERT INTO orders DEFAULT VALUES RETURNING *) SELECT * FROM x
--! delete inside a common table expression
WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x
--! common table expression before a delete
WITH x AS (SELECT 1) DELETE FROM orders
--! common table expression before an insert
WITH x AS (SELECT 1) INSERT INTO orders SELECT * FROM x
--! common table expression before a replace
WITH x AS (SELECT 1) REPLACE INTO customers (id) SELECT 1
--! common table expression before an update
WITH x AS (SELECT 1) UPDATE orders SET amount = 0
--! attach a file
ATTACH DATABASE 'other.db' AS other
--! attach that would create a file
ATTACH 'new.db' AS n
--! attach by uri
ATTACH 'file:secret.txt?mode=ro' AS s
--! attach by an expression
ATTACH ('oth' || 'er.db') AS o
--! detach
DETACH DATABASE main
--! read table of an attached database
SELECT * FROM other.accounts
--! pragma
PRAGMA table_info(orders)
--! pragma that writes
PRAGMA user_version = 7
--! pragma that makes the schema writable
PRAGMA writable_schema = ON
--! pragma that ends read-only
PRAGMA query_only = OFF
--! pragma for the journal
PRAGMA journal_mode = DELETE
--! pragma for the temporary folder
PRAGMA temp_store_directory = '/tmp'
--! pragma heap limit
PRAGMA hard_heap_limit = 1
--! pragma with a schema
PRAGMA main.integrity_check
--! pragma as a table
SELECT * FROM pragma_table_info('orders')
--! pragma list as a table
SELECT * FROM pragma_database_list
--! pragma functions as a table
SELECT * FROM pragma_function_list()
--! pragma compile options
SELECT * FROM pragma_compile_options
--! vacuum
VACUUM
--! vacuum into a file
VACUUM INTO 'copy.db'
--! vacuum main into
VACUUM main INTO 'copy.db'
--! reindex
REINDEX
--! analyze
ANALYZE
--! begin
BEGIN IMMEDIATE
--! begin exclusive
BEGIN EXCLUSIVE
--! commit
COMMIT
--! end
END
--! savepoint
SAVEPOINT s
--! release
RELEASE s
--! rollback
ROLLBACK
--! explain
EXPLAIN SELECT 1
--! explain query plan of a write
EXPLAIN QUERY PLAN DELETE FROM orders
--! load an extension
SELECT load_extension('./evil.so')
--! load an extension with an entry point
SELECT load_extension('./evil.so', 'init')
--! read a file (shell function)
SELECT readfile('secret.txt')
--! write a file (shell function)
SELECT writefile('out.txt', 'x')
--! edit (shell function)
SELECT edit('x', 'sh')
--! list a folder (shell function)
SELECT * FROM fsdir('.')
--! csv file as a table
SELECT * FROM csv('secret.txt')
--! lines of a file
SELECT * FROM lines_read('secret.txt')
--! zip file
SELECT * FROM zipfile('x.zip')
--! file name as a table
SELECT * FROM 'secret.txt'
--! file name in double quotes
SELECT * FROM "secret.txt"
--! file name in brackets
SELECT * FROM [secret.txt]
--! file name in backticks
SELECT * FROM `secret.txt`
--! tokenizer pointer
SELECT fts3_tokenizer('simple')
--! tokenizer pointer written
SELECT fts3_tokenizer('x', x'4141414141414141')
--! sql from a shell
SELECT shell_exec('ls')
--! eval extension
SELECT eval('DROP TABLE orders')
--! random blob bomb
SELECT randomblob(1000000000)
--! zero blob bomb
SELECT zeroblob(2000000000)
--! zero blob in hex
SELECT hex(zeroblob(100000000))
--! zero blob with an expression
SELECT length(zeroblob(1000 * 1000 * 1000))
--! format bomb
SELECT printf('%1000000000d', 1)
--! format bomb with a star
SELECT printf('%*d', 1000000000, 1)
--! format bomb as text
SELECT format('%.*c', 1000000000, 'x')
--! format from data
SELECT printf(name, 1) FROM customers
--! format hidden in a concatenation
SELECT printf('%' || '999999999' || 'd', 1)
--! recursion without end
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT count(*) FROM x
--! recursion without the word
WITH x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT count(*) FROM x
--! recursion under the name of a table
WITH orders(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM orders) SELECT count(*) FROM orders
--! recursion in a subquery
SELECT * FROM (WITH x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM X) SELECT n FROM x)
--! recursion in quotes
WITH "x"(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM [x]) SELECT count(*) FROM `x`
--! series bomb
SELECT count(*) FROM generate_series(1, 1000000000000)
--! cross join bomb
SELECT count(*) FROM orders a, orders b, orders c, orders d, orders e, orders f
--! cross join bomb with words
SELECT count(*) FROM orders a CROSS JOIN orders b CROSS JOIN orders c CROSS JOIN orders d CROSS JOIN orders e
--! join bomb without conditions
SELECT count(*) FROM orders a JOIN orders b JOIN orders c JOIN orders d JOIN orders e
--! join bomb with true conditions
SELECT count(*) FROM orders a JOIN orders b ON 1 JOIN orders c ON 1 JOIN orders d ON 1 JOIN orders e ON 1
--! pattern bomb
SELECT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' LIKE '%a%a%a%a%a%a%a%a%a%a%a%a%b'
--! glob bomb
SELECT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' GLOB '*a*a*a*a*a*a*a*a*a*a*a*b'
--! pattern bomb as a call
SELECT like('%a%a%a%a%a%a%a%a%a%a%a%a%b', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')
--! pattern bomb put together
SELECT 'aaaaaaaaaaaaaaaaaaaaaaaa' LIKE '%a%a%a%a%a' || '%a%a%a%a%a%b'
--! the table in IN reads a table
SELECT 'table' IN sqlite_master
--! IN with a table
SELECT name FROM customers WHERE 1 IN orders
--! IN with a qualified table
SELECT 1 IN main.sqlite_master
--! IN with a table function
SELECT 1 IN pragma_database_list()
--! master table
SELECT * FROM sqlite_master
--! master table in other case
SELECT * FROM SQLite_Master
--! master table by its new name
SELECT * FROM sqlite_schema
--! temporary master table
SELECT * FROM sqlite_temp_master
--! master table with a schema
SELECT * FROM main.sqlite_master
--! master table in quotes
SELECT sql FROM "sqlite_master"
--! master table in backticks
SELECT sql FROM `sqlite_master`
--! master table in brackets
SELECT sql FROM [sqlite_master]
--! master table in text quotes
SELECT sql FROM 'sqlite_master'
--! master table in a subquery
SELECT name FROM customers UNION SELECT sql FROM sqlite_master
--! sequence table
SELECT * FROM sqlite_sequence
--! statistics table
SELECT * FROM sqlite_stat1
--! page statistics
SELECT * FROM dbstat
--! raw pages
SELECT * FROM sqlite_dbpage
--! statements
SELECT * FROM sqlite_stmt
--! bytecode
SELECT * FROM bytecode('SELECT 1')
--! version
SELECT sqlite_version()
--! source id
SELECT sqlite_source_id()
--! compile option
SELECT sqlite_compileoption_get(1)
--! log
SELECT sqlite_log(1, 'x')
--! changes
SELECT changes()
--! total changes
SELECT total_changes()
--! last row id
SELECT last_insert_rowid()
--! offset into the file
SELECT sqlite_offset(id) FROM orders
--! full-text commands
SELECT optimize(x) FROM orders
--! match info
SELECT matchinfo(orders) FROM orders
--! rtree
SELECT rtreecheck('main', 'orders')
--! subtype
SELECT subtype(name) FROM customers
--! parameter
SELECT * FROM orders WHERE id = ?
--! numbered parameter
SELECT * FROM orders WHERE id = ?1
--! colon parameter
SELECT * FROM orders WHERE id = :id
--! at parameter
SELECT * FROM orders WHERE id = @id
--! dollar parameter
SELECT * FROM orders WHERE id = $id
--! dollar parameter with a suffix
SELECT $x::y(z)
--! double-quoted text that is no column
SELECT name FROM customers WHERE city = "Paris"
--! double-quoted text in the list
SELECT "secret" FROM customers
--! backslash before the quote
SELECT 'x\'; DROP TABLE orders; --'
--! quoted name with a stacked write
SELECT 1 AS "x""; DROP TABLE orders; --"
--! bracket name with a stacked write
SELECT 1 AS [x]; DROP TABLE orders; --]
--! backtick name with a stacked write
SELECT 1 AS `x``; DROP TABLE orders; --`
--! unclosed text
SELECT 'x; DROP TABLE orders
--! unclosed bracket
SELECT [x; DROP TABLE orders
--! unclosed comment, which SQLite accepts
SELECT 1 /* ; DROP TABLE orders
--! comment that looks nested
SELECT 1 /* a /* b */ ; DROP TABLE orders -- */
--! comment in a word
SEL/**/ECT 1
--! comment between function and parenthesis
SELECT load_extension/**/('x')
--! newline between function and parenthesis
SELECT load_extension
('x')
--! function in other case
SELECT LoAd_ExTeNsIoN('x')
--! function in quotes
SELECT "load_extension"('x')
--! function in brackets
SELECT [load_extension]('x')
--! function in backticks
SELECT `load_extension`('x')
--! full-width semicolon
SELECT 1<U+FF1B> DROP TABLE orders
--! right-to-left override
SELECT 1 <U+202E> -- x
--! zero-width joiner in a name
SELECT * FROM or<U+200D>ders
--! byte order mark
<U+FEFF>DROP TABLE orders
--! no-break space
SELECT<U+00A0>1
--! line separator in a comment
SELECT 1 --<U+2028>; DROP TABLE orders
--! form feed, which SQLite takes for a space
SELECT<U+000C>1
--! null character
SELECT 1<U+0000>; DROP TABLE orders
--! null character in text
SELECT 'a<U+0000>b'
--! full-width letters
SELECT ｌｏａｄ_extension('x')
--! deep parentheses
SELECT <300*(>1<300*)>
--! unclosed parentheses
SELECT <5000*(>
--! long chain of operators
SELECT 1<9000* + 1>
--! long chain of NOT
SELECT <9000*NOT >1
--! long chain of set operations
SELECT 1<3000* UNION ALL SELECT 1>
--! deep subqueries
SELECT * FROM <200*(SELECT * FROM >orders<200*)>
--! huge statement
SELECT '<120000*x>'
--! many columns
SELECT 1<15000*, 1>
--! text that doubles in every layer
SELECT length(a) FROM (SELECT a || a AS a FROM (SELECT a || a AS a FROM (SELECT 'xxxxxxxx' AS a)))
--! not indexed hint
SELECT * FROM orders NOT INDEXED
--! index hint
SELECT * FROM orders INDEXED BY sqlite_autoindex_orders_1
--! regexp without a function
SELECT name REGEXP 'a' FROM customers
--! match operator
SELECT name MATCH 'a' FROM customers
--! raise outside a trigger
SELECT RAISE(ABORT, 'x')
--! row value in a write
VALUES (1); DROP TABLE orders
--! meta command
.shell ls
--! meta command for a file
.read secret.txt
--! meta command to save
.save copy.db
--! empty
;;
--! only a comment
-- nothing
--! bare word
orders
--! kill
KILL 1
--! copy
COPY orders TO 'x'
--! select into
SELECT * INTO stolen FROM customers
--! for update
SELECT * FROM orders FOR UPDATE
--! set
SET x = 1
--! hexadecimal that other readers split
SELECT 1xFF
--! json functions that make text out of tables are harmless, catalog behind them is not
SELECT json_group_array(sql) FROM sqlite_master
--! table-valued function with a schema
SELECT * FROM main.pragma_table_info('orders')
--! master table through a common table expression
WITH m AS (SELECT * FROM sqlite_master) SELECT * FROM m
--! common table expression of an inner scope does not hide the outer name
SELECT * FROM (WITH sqlite_master AS (SELECT 1) SELECT * FROM sqlite_master) a, sqlite_master
--! replace within replace
SELECT replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(name, 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa'), 'a', 'aaaa') FROM customers
--! escapes within escapes
SELECT quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(quote(name)))))))))))))))))))))))))))))))))))))))) FROM customers
--! text that doubles by the name of a call
SELECT length(y) FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT concat(y, y) AS y FROM (SELECT name AS y FROM customers)))))))))))))))))))))))))))))))))))))))))
