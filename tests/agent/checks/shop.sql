CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, state TEXT, signup DATE);
CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, category TEXT, unit_price DECIMAL(10,2));
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, order_date DATE, status TEXT,
  total DECIMAL(10,2), created_at TIMESTAMP);
CREATE TABLE order_items (id INTEGER PRIMARY KEY, order_id INTEGER, product_id INTEGER, quantity INTEGER,
  amount_cents INTEGER, wait_ms INTEGER);
CREATE TABLE figures (revenue INTEGER, share DECIMAL(6,4), change DECIMAL(6,1));
INSERT INTO figures VALUES (1234567, 0.1234, -50.5);
CREATE TABLE visits (day DATE, page TEXT, hits INTEGER, bounces INTEGER);
CREATE TABLE "Order Notes" ("Order Id" INTEGER, "Note Text" TEXT);
INSERT INTO customers VALUES (1,'Ada Lovelace','California','2025-01-05'), (2,'Bob Stone','California','2025-03-01'),
  (3,'Cy Young','Texas','2025-06-11'), (4,'Di Prince','Oregon','2026-02-20'), (5,'Ada Lovelace','Texas','2026-05-05');
INSERT INTO products VALUES (1,'Lamp 3000','home',20.50), (2,'Desk','home',150.00), (3,'Pen','office',1.25),
  (4,'Chair','home',80.00);
INSERT INTO orders VALUES (1,1,'2026-01-10','shipped',171.75,'2026-01-10 09:30:00'),
  (2,1,'2026-02-11','shipped',41.00,'2026-02-11 14:00:00'), (3,2,'2026-03-12','cancelled',80.00,'2026-03-12 00:00:00'),
  (4,3,'2026-04-13','shipped',12.50,'2026-04-13 16:45:00'), (5,4,'2026-06-14','returned',150.00,'2026-06-14 10:00:00'),
  (6,NULL,'2026-08-15','shipped',99.00,'2026-08-15 11:00:00'), (7,3,'2026-10-31','shipped',20.50,'2026-10-31 20:15:00');
INSERT INTO order_items VALUES (1,1,1,1,2050,120), (2,1,2,1,15000,80), (3,1,3,1,125,40), (4,2,1,2,4100,200),
  (5,3,4,1,8000,90), (6,4,3,10,1250,30), (7,5,2,1,15000,60), (8,6,4,1,8000,70), (9,6,3,2,250,75), (10,7,1,1,2050,95);
INSERT INTO visits VALUES ('2026-10-01','home',100,25), ('2026-10-02','home',50,0), ('2026-10-03','about',0,0);
INSERT INTO "Order Notes" VALUES (1,'Gift wrap'), (1,'Ring bell'), (4,'Leave at door');
