-- A plant nursery: shops sell plants of several families to trade and private buyers; no order falls in April 2025.
CREATE TABLE plants (plant_id INTEGER PRIMARY KEY, name TEXT NOT NULL, family TEXT, price DECIMAL(8, 2));
CREATE TABLE shops (shop_id INTEGER PRIMARY KEY, name TEXT NOT NULL, region TEXT, opened_on DATE);
CREATE TABLE buyers (buyer_id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT, segment TEXT);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, buyer_id INTEGER REFERENCES buyers (buyer_id),
  shop_id INTEGER REFERENCES shops (shop_id), plant_id INTEGER REFERENCES plants (plant_id), order_date DATE, quantity INTEGER,
  revenue DECIMAL(10, 2), status TEXT);

INSERT INTO plants VALUES
  (1, 'Silver Fern', 'Ferns', 12.5),
  (2, 'Harts Tongue', 'Ferns', 9.0),
  (3, 'Damask Rose', 'Roses', 24.0),
  (4, 'Dog Rose', 'Roses', 18.0),
  (5, 'Tea Rose', 'Roses', 24.0),
  (6, 'Bay Willow', 'Trees', 65.0),
  (7, 'Field Maple', 'Trees', 48.0),
  (8, 'Rowan', 'Trees', 52.0);

INSERT INTO shops VALUES
  (1, 'Mill Lane', 'North', '2019-04-01'),
  (2, 'Old Dock', 'South', '2021-03-15'),
  (3, 'Kiln Yard', 'South', '2023-09-01');

INSERT INTO buyers VALUES
  (1, 'Alma Reed', 'Tarn', 'trade'),
  (2, 'Boris Hale', 'Tarn', 'private'),
  (3, 'Clio Marsh', 'Ostby', 'trade'),
  (4, 'Dag Thorne', 'Ostby', 'private'),
  (5, 'Esme Wold', 'Fells', 'private'),
  (6, 'Finn Alder', 'Fells', 'trade'),
  (7, 'Gerd Sorrel', 'Tarn', 'private');

INSERT INTO orders VALUES
  (1, 5, 1, 5, '2025-08-07', 4, 86.4, 'paid'),
  (2, 5, 2, 6, '2025-11-25', 2, 130.0, 'paid'),
  (3, 1, 2, 2, '2025-08-20', 4, 36.0, 'paid'),
  (4, 1, 1, 1, '2025-08-06', 6, 75.0, 'paid'),
  (5, 6, 2, 8, '2025-10-03', 4, 208.0, 'paid'),
  (6, 3, 2, 4, '2025-12-23', 6, 108.0, 'paid'),
  (7, 4, 1, 6, '2024-11-11', 1, 65.0, 'paid'),
  (8, 1, 2, 2, '2024-11-06', 1, 9.0, 'paid'),
  (9, 5, 1, 4, '2025-10-07', 4, 64.8, 'paid'),
  (10, 4, 1, 7, '2025-08-31', 6, 288.0, 'returned'),
  (11, 3, 3, 4, '2026-02-04', 1, 18.0, 'paid'),
  (12, 4, 3, 4, '2026-01-19', 2, 32.4, 'paid'),
  (13, 2, 2, 1, '2024-11-07', 2, 25.0, 'paid'),
  (14, 4, 1, 6, '2024-08-05', 3, 195.0, 'paid'),
  (15, 6, 1, 4, '2025-08-01', 5, 90.0, 'paid'),
  (16, 4, 1, 6, '2025-03-07', 5, 292.5, 'returned'),
  (17, 2, 3, 3, '2024-09-23', 4, 96.0, 'paid'),
  (18, 2, 3, 4, '2024-08-01', 5, 90.0, 'paid'),
  (19, 4, 2, 4, '2025-11-03', 6, 97.2, 'paid'),
  (20, 1, 1, 7, '2026-02-09', 1, 48.0, 'paid'),
  (21, 6, 2, 4, '2024-06-12', 6, 108.0, 'returned'),
  (22, 5, 1, 8, '2025-12-31', 3, 140.4, 'paid'),
  (23, 4, 3, 3, '2025-06-10', 2, 43.2, 'paid'),
  (24, 2, 3, 5, '2025-08-07', 2, 48.0, 'paid'),
  (25, 4, 1, 5, '2026-03-01', 4, 96.0, 'paid'),
  (26, 3, 3, 3, '2026-01-21', 3, 64.8, 'paid'),
  (27, 2, 2, 2, '2026-02-25', 3, 27.0, 'paid'),
  (28, 4, 2, 1, '2024-10-09', 1, 11.25, 'paid'),
  (29, 5, 3, 1, '2026-01-29', 1, 12.5, 'returned'),
  (30, 3, 2, 2, '2024-05-16', 6, 54.0, 'paid'),
  (31, 5, 2, 2, '2025-10-24', 4, 32.4, 'paid'),
  (32, 3, 1, 3, '2024-07-04', 3, 64.8, 'returned'),
  (33, 1, 2, 2, '2024-06-30', 4, 32.4, 'paid'),
  (34, 5, 1, 7, '2024-06-06', 4, 172.8, 'paid'),
  (35, 6, 1, 2, '2024-11-11', 1, 9.0, 'returned'),
  (36, 6, 3, 6, '2025-01-03', 4, 234.0, 'returned'),
  (37, 5, 1, 8, '2026-01-05', 4, 187.2, 'paid'),
  (38, 1, 2, 5, '2024-05-31', 5, 120.0, 'paid'),
  (39, 5, 3, 2, '2025-08-19', 4, 36.0, 'paid'),
  (40, 3, 1, 1, '2025-03-31', 3, 33.75, 'paid'),
  (41, 6, 2, 3, '2025-07-26', 3, 72.0, 'paid'),
  (42, 6, 2, 6, '2025-12-27', 4, 260.0, 'returned'),
  (43, 4, 1, 4, '2024-11-17', 2, 32.4, 'paid'),
  (44, 2, 2, 4, '2025-10-14', 2, 36.0, 'paid'),
  (45, 2, 1, 2, '2024-12-26', 3, 27.0, 'returned'),
  (46, 4, 2, 5, '2026-02-15', 2, 43.2, 'returned'),
  (47, 5, 2, 6, '2025-02-26', 6, 390.0, 'paid'),
  (48, 5, 1, 1, '2025-09-24', 3, 33.75, 'paid'),
  (49, 6, 3, 6, '2024-05-05', 3, 195.0, 'paid'),
  (50, 2, 1, 7, '2026-03-10', 4, 192.0, 'paid'),
  (51, 6, 1, 3, '2024-07-27', 1, 24.0, 'paid'),
  (52, 6, 1, 6, '2025-08-12', 1, 65.0, 'returned');
