-- A shipping firm: ships sail voyages between two ports and carry clients' containers.
CREATE TABLE ports (port_id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT, berths INTEGER);
CREATE TABLE ships (ship_id INTEGER PRIMARY KEY, name TEXT NOT NULL, flag TEXT, tonnage INTEGER, built_year INTEGER);
CREATE TABLE voyages (voyage_id INTEGER PRIMARY KEY, ship_id INTEGER REFERENCES ships (ship_id),
  origin_port_id INTEGER REFERENCES ports (port_id), destination_port_id INTEGER REFERENCES ports (port_id),
  departed_at TIMESTAMP, arrived_at TIMESTAMP, status TEXT);
CREATE TABLE clients (client_id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT, tier TEXT);
CREATE TABLE containers (container_id INTEGER PRIMARY KEY, voyage_id INTEGER REFERENCES voyages (voyage_id),
  client_id INTEGER REFERENCES clients (client_id), weight_kg INTEGER, revenue DECIMAL(10, 2), is_hazardous BOOLEAN);

INSERT INTO ports VALUES
  (1, 'Port Alder', 'Chile', 1200),
  (2, 'Grey Haven', 'Ireland', 800),
  (3, 'Saltmouth', 'Ireland', 450),
  (4, 'Lindqvist', 'Sweden', 950),
  (5, 'Cape Tern', 'Namibia', 300);

INSERT INTO ships VALUES
  (1, 'Northern Plum', 'Panama', 42000, 2009),
  (2, 'Blue Ledger', 'Liberia', 61000, 2016),
  (3, 'Heron Queen', 'Panama', 18500, 1998),
  (4, 'Steady Anna', 'Malta', 73500, 2021),
  (5, 'Little Orm', 'Malta', 9000, 2003);

INSERT INTO voyages VALUES
  (1, 1, 1, 4, '2024-09-16 12:30:00', NULL, 'in transit'),
  (2, 3, 4, 1, '2025-01-04 01:30:00', NULL, 'cancelled'),
  (3, 2, 3, 1, '2024-02-22 07:30:00', NULL, 'in transit'),
  (4, 2, 3, 5, '2025-06-07 11:30:00', NULL, 'in transit'),
  (5, 2, 4, 1, '2026-02-18 23:30:00', NULL, 'cancelled'),
  (6, 4, 1, 2, '2026-01-19 19:30:00', NULL, 'cancelled'),
  (7, 2, 2, 4, '2025-05-12 05:30:00', '2025-05-31 08:00:00', 'delivered'),
  (8, 3, 4, 3, '2024-10-15 23:30:00', NULL, 'in transit'),
  (9, 3, 3, 5, '2025-11-02 15:30:00', '2025-11-23 08:00:00', 'delivered'),
  (10, 1, 4, 1, '2024-06-20 06:30:00', '2024-07-10 08:00:00', 'delivered'),
  (11, 4, 4, 2, '2025-04-08 13:30:00', NULL, 'in transit'),
  (12, 2, 2, 3, '2024-09-06 10:30:00', '2024-09-27 08:00:00', 'delivered'),
  (13, 3, 1, 4, '2024-09-01 18:30:00', NULL, 'in transit'),
  (14, 4, 2, 1, '2026-02-06 13:30:00', NULL, 'cancelled'),
  (15, 1, 2, 5, '2024-10-03 15:30:00', NULL, 'in transit'),
  (16, 1, 3, 4, '2024-05-08 08:30:00', '2024-05-19 08:00:00', 'delivered'),
  (17, 4, 4, 5, '2025-10-23 09:30:00', NULL, 'cancelled'),
  (18, 4, 1, 3, '2024-02-03 18:30:00', NULL, 'cancelled'),
  (19, 4, 4, 1, '2024-03-15 14:30:00', NULL, 'cancelled'),
  (20, 2, 2, 1, '2024-08-17 16:30:00', '2024-09-11 08:00:00', 'delivered'),
  (21, 1, 1, 5, '2024-03-28 04:30:00', '2024-04-08 08:00:00', 'delivered'),
  (22, 4, 1, 4, '2024-05-11 22:30:00', NULL, 'in transit'),
  (23, 2, 1, 2, '2024-03-13 12:30:00', NULL, 'in transit'),
  (24, 1, 3, 2, '2025-09-07 17:30:00', '2025-09-20 08:00:00', 'delivered');

INSERT INTO clients VALUES
  (1, 'Orbel Foods', 'Chile', 'gold'),
  (2, 'Kestrel Textiles', 'Ireland', 'silver'),
  (3, 'Vantor Steel', 'Sweden', 'gold'),
  (4, 'Mirada Toys', 'Chile', 'bronze'),
  (5, 'Halden Paper', 'Sweden', 'silver'),
  (6, 'Pemba Spices', 'Namibia', 'bronze');

INSERT INTO containers VALUES
  (1, 15, 3, 25300, 3052.31, FALSE),
  (2, 8, 4, 14250, 2342.48, FALSE),
  (3, 14, 3, 2200, 489.55, FALSE),
  (4, 22, 4, 2850, 2538.13, FALSE),
  (5, 12, 2, 13400, 596.65, FALSE),
  (6, 14, 3, 18250, 3748.32, TRUE),
  (7, 10, 5, 2500, 2085.4, FALSE),
  (8, 10, 2, 6700, 4346.49, FALSE),
  (9, 10, 1, 25150, 5725.29, FALSE),
  (10, 8, 4, 11450, 8220.45, TRUE),
  (11, 20, 2, 24400, 3723.1, FALSE),
  (12, 20, 2, 11400, 751.01, TRUE),
  (13, 13, 4, 23750, 6494.7, FALSE),
  (14, 4, 1, 24600, 1741.01, TRUE),
  (15, 21, 5, 19900, 4368.26, FALSE),
  (16, 24, 4, 22250, 3552.79, FALSE),
  (17, 6, 1, 850, 980.71, TRUE),
  (18, 14, 1, 15150, 8689.16, FALSE),
  (19, 12, 3, 21800, 7294.25, TRUE),
  (20, 23, 4, 5800, 3542.62, FALSE),
  (21, 7, 3, 10100, 6714.68, FALSE),
  (22, 21, 4, 7100, 7362.87, FALSE),
  (23, 2, 4, 1650, 4337.24, FALSE),
  (24, 2, 3, 5750, 6801.4, FALSE),
  (25, 11, 3, 7750, 3214.25, FALSE),
  (26, 2, 3, 19900, 6534.73, FALSE),
  (27, 9, 3, 850, 6577.68, FALSE),
  (28, 21, 1, 1400, 7486.36, TRUE),
  (29, 23, 4, 25200, 7054.3, FALSE),
  (30, 14, 4, 4150, 8374.46, TRUE),
  (31, 24, 3, 21850, 6321.36, TRUE),
  (32, 8, 3, 22800, 3080.07, FALSE),
  (33, 20, 1, 13900, 2016.61, FALSE),
  (34, 8, 4, 2450, 5951.05, FALSE),
  (35, 18, 3, 4900, 8828.23, FALSE),
  (36, 3, 3, 16750, 1031.52, TRUE),
  (37, 16, 4, 5200, 2337.51, FALSE),
  (38, 20, 2, 19900, 4985.51, FALSE),
  (39, 4, 3, 8300, 2730.75, FALSE),
  (40, 9, 3, 5850, 4122.76, TRUE),
  (41, 8, 2, 8000, 7992.26, FALSE),
  (42, 11, 1, 10900, 2489.39, FALSE),
  (43, 17, 2, 17400, 7333.45, FALSE),
  (44, 2, 1, 900, 4430.44, FALSE),
  (45, 15, 3, 1800, 7928.87, FALSE),
  (46, 2, 2, 16150, 8764.8, FALSE),
  (47, 3, 3, 13900, 7835.31, FALSE),
  (48, 9, 1, 3500, 5845.88, FALSE),
  (49, 12, 2, 1750, 3507.76, TRUE),
  (50, 7, 3, 1750, 5514.98, FALSE);
