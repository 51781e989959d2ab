-- A clinic: doctors see patients, and some visits end with a prescription.
CREATE TABLE doctors (doctor_id INTEGER PRIMARY KEY, name TEXT NOT NULL, specialty TEXT, hired_on DATE, salary INTEGER);
CREATE TABLE patients (patient_id INTEGER PRIMARY KEY, name TEXT NOT NULL, birth_date DATE, city TEXT, insurance TEXT);
CREATE TABLE visits (visit_id INTEGER PRIMARY KEY, patient_id INTEGER REFERENCES patients (patient_id),
  doctor_id INTEGER REFERENCES doctors (doctor_id), visit_date DATE, status TEXT, fee INTEGER);
CREATE TABLE prescriptions (prescription_id INTEGER PRIMARY KEY, visit_id INTEGER REFERENCES visits (visit_id), drug TEXT,
  dose_mg INTEGER, days INTEGER);

INSERT INTO doctors VALUES
  (1, 'Dr. Selma Ode', 'Cardiology', '2012-05-01', 9800),
  (2, 'Dr. Ian Frost', 'Dermatology', '2018-09-15', 7400),
  (3, 'Dr. Yara Bloom', 'Pediatrics', '2020-02-01', 7100),
  (4, 'Dr. Otto Krane', 'Cardiology', '2023-11-20', 8300),
  (5, 'Dr. Vera Sand', 'Neurology', '2025-01-07', 9100);

INSERT INTO patients VALUES
  (1, 'Abel Finch', '1959-09-13', 'Wels', 'public'),
  (2, 'Bea Rook', '1975-09-24', 'Linz', 'public'),
  (3, 'Cyril Wren', '1999-11-30', 'Graz', 'public'),
  (4, 'Delia Crane', '2003-05-14', 'Linz', NULL),
  (5, 'Edda Swift', '1976-03-24', 'Linz', 'private'),
  (6, 'Fritz Heron', '1957-07-24', 'Linz', 'private'),
  (7, 'Greta Lark', '1948-04-09', 'Wels', 'private'),
  (8, 'Hamid Dove', '1941-09-30', 'Linz', NULL),
  (9, 'Iris Teal', '1981-02-23', 'Linz', NULL),
  (10, 'Jorn Kite', '1941-08-15', 'Linz', 'private');

INSERT INTO visits VALUES
  (1, 9, 3, '2025-11-07', 'completed', 40),
  (2, 4, 1, '2024-08-26', 'cancelled', 85),
  (3, 1, 2, '2025-03-04', 'completed', 120),
  (4, 5, 4, '2024-10-31', 'no show', 85),
  (5, 2, 3, '2024-07-29', 'completed', 120),
  (6, 2, 3, '2024-06-18', 'completed', 85),
  (7, 2, 2, '2024-08-08', 'cancelled', 40),
  (8, 8, 1, '2025-05-14', 'no show', 85),
  (9, 3, 1, '2025-11-22', 'completed', 40),
  (10, 3, 3, '2024-07-22', 'completed', 60),
  (11, 5, 3, '2025-11-26', 'completed', 85),
  (12, 8, 2, '2025-03-05', 'cancelled', 40),
  (13, 5, 1, '2024-06-16', 'completed', 60),
  (14, 9, 4, '2025-02-07', 'no show', 40),
  (15, 7, 4, '2025-12-12', 'no show', 85),
  (16, 4, 2, '2025-05-17', 'completed', 60),
  (17, 7, 3, '2024-07-26', 'completed', 40),
  (18, 2, 3, '2025-08-16', 'completed', 40),
  (19, 2, 4, '2025-11-01', 'cancelled', 60),
  (20, 5, 1, '2025-09-14', 'completed', 60),
  (21, 5, 4, '2024-06-04', 'cancelled', 85),
  (22, 6, 3, '2025-02-06', 'completed', 85),
  (23, 4, 3, '2024-12-05', 'completed', 85),
  (24, 7, 1, '2025-09-30', 'cancelled', 60),
  (25, 4, 1, '2024-09-02', 'cancelled', 40),
  (26, 3, 4, '2026-01-22', 'completed', 120),
  (27, 1, 3, '2025-04-08', 'completed', 40),
  (28, 9, 2, '2026-02-01', 'no show', 85),
  (29, 8, 2, '2025-03-18', 'completed', 40),
  (30, 9, 4, '2025-10-31', 'completed', 40),
  (31, 4, 1, '2024-07-02', 'completed', 60),
  (32, 6, 1, '2025-06-21', 'no show', 40),
  (33, 1, 2, '2025-10-15', 'cancelled', 40),
  (34, 8, 1, '2025-10-29', 'completed', 40),
  (35, 8, 3, '2024-08-16', 'cancelled', 60),
  (36, 4, 2, '2025-09-15', 'no show', 120);

INSERT INTO prescriptions VALUES
  (1, 5, 'Torvane', 20, 7),
  (2, 13, 'Lumexil', 10, 14),
  (3, 17, 'Pralidon', 20, 30),
  (4, 9, 'Lumexil', 50, 7),
  (5, 32, 'Torvane', 5, 30),
  (6, 14, 'Pralidon', 50, 14),
  (7, 34, 'Torvane', 50, 14),
  (8, 30, 'Lumexil', 10, 14),
  (9, 6, 'Torvane', 5, 14),
  (10, 30, 'Lumexil', 50, 14),
  (11, 25, 'Lumexil', 10, 7),
  (12, 6, 'Lumexil', 20, 14),
  (13, 9, 'Pralidon', 20, 7),
  (14, 24, 'Lumexil', 50, 14),
  (15, 26, 'Lumexil', 10, 7),
  (16, 32, 'Pralidon', 50, 14),
  (17, 20, 'Pralidon', 10, 14),
  (18, 23, 'Torvane', 20, 7),
  (19, 22, 'Lumexil', 20, 14),
  (20, 26, 'Lumexil', 10, 30);
