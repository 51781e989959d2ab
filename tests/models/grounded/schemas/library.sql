-- A town library: who wrote what, who borrowed it, and what it cost to bring it back late.
CREATE TABLE authors (author_id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, country TEXT, birth_date DATE);
CREATE TABLE books (book_id INTEGER PRIMARY KEY, title TEXT NOT NULL, author_id INTEGER REFERENCES authors (author_id),
  genre TEXT, language TEXT, pages INTEGER, published_year INTEGER, price DECIMAL(8, 2));
CREATE TABLE members (member_id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, city TEXT, membership_type TEXT,
  joined_on DATE, email TEXT, is_active BOOLEAN);
CREATE TABLE loans (loan_id INTEGER PRIMARY KEY, book_id INTEGER REFERENCES books (book_id),
  member_id INTEGER REFERENCES members (member_id), loan_date DATE, due_date DATE, returned_on DATE);
CREATE TABLE fines (fine_id INTEGER PRIMARY KEY, loan_id INTEGER REFERENCES loans (loan_id), amount DECIMAL(8, 2),
  is_paid BOOLEAN, issued_on DATE);

INSERT INTO authors VALUES
  (1, 'Ilse Marwick', 'Norway', '1951-04-02'),
  (2, 'Teodor Blanc', 'France', '1970-09-13'),
  (3, 'Amara Quill', 'Kenya', '1983-01-30'),
  (4, 'Jonas Verrel', 'Norway', '1944-07-07'),
  (5, 'Pia Castellan', 'Italy', NULL);

INSERT INTO books VALUES
  (1, 'The Salt Ledger', 3, 'Poetry', 'French', 500, 1991, 9.04),
  (2, 'Winter Geometry', 1, 'Science Fiction', 'Norwegian', 120, 2020, 15.02),
  (3, 'A Map of Echoes', 1, 'History', 'French', 130, 2003, 9.81),
  (4, 'Harbour Lights', 4, 'Mystery', 'Norwegian', 160, 2002, 32.49),
  (5, 'Nine Quiet Rooms', 1, 'Travel', 'Norwegian', 340, 1991, 47.0),
  (6, 'The Glass Orchard', 1, 'Travel', 'English', 270, 2014, 12.06),
  (7, 'Copper Skies', 1, 'Travel', 'French', 440, 1999, 10.33),
  (8, 'Letters to Tamsin', 2, 'Science Fiction', 'English', 440, 1992, 29.7),
  (9, 'Under the Lantern', 2, 'History', 'Norwegian', 430, 2015, 38.64),
  (10, 'The Last Cartographer', 4, 'Travel', 'French', 320, 2007, 16.43),
  (11, 'Moss and Iron', 2, 'Poetry', 'English', 450, 2007, 28.06),
  (12, 'Tidewater', 3, 'History', 'French', 470, 1992, 10.96),
  (13, 'An Honest Clock', 4, 'Poetry', 'French', 180, 2019, 23.71),
  (14, 'Paper Comets', 1, 'Travel', 'Norwegian', 590, 2008, 20.29),
  (15, 'The Beekeeper Variations', 3, 'Travel', 'French', 460, 2017, 8.89),
  (16, 'Far Meridian', 1, 'Science Fiction', 'French', 530, 1992, 8.55);

INSERT INTO members VALUES
  (1, 'Mara', 'Holt', 'Lyon', 'senior', '2025-03-29', 'mara@post.test', TRUE),
  (2, 'Olu', 'Adeyemi', 'Nairobi', 'student', '2026-01-07', 'olu@post.test', TRUE),
  (3, 'Petra', 'Novak', 'Lyon', 'standard', '2024-08-03', 'petra@post.test', TRUE),
  (4, 'Sven', 'Lund', 'Oslo', 'student', '2022-05-01', NULL, FALSE),
  (5, 'Ines', 'Prado', 'Lyon', 'standard', '2026-02-21', 'ines@post.test', FALSE),
  (6, 'Karim', 'Haddad', 'Nairobi', 'student', '2022-06-15', 'karim@post.test', FALSE),
  (7, 'Lotte', 'Visser', 'Nairobi', 'senior', '2023-07-24', 'lotte@post.test', TRUE),
  (8, 'Ravi', 'Menon', 'Nairobi', 'senior', '2023-07-25', 'ravi@post.test', TRUE),
  (9, 'Nora', 'Strand', 'Lyon', 'senior', '2024-02-19', NULL, TRUE),
  (10, 'Emil', 'Berg', 'Bergen', 'standard', '2022-12-27', 'emil@post.test', FALSE),
  (11, 'Dina', 'Kovacs', 'Bergen', 'standard', '2024-09-20', 'dina@post.test', TRUE),
  (12, 'Hugo', 'Lang', 'Bergen', 'student', '2023-08-01', 'hugo@post.test', FALSE);

INSERT INTO loans VALUES
  (1, 9, 6, '2025-03-05', '2025-03-26', '2025-03-28'),
  (2, 12, 9, '2024-05-08', '2024-05-29', '2024-05-14'),
  (3, 13, 9, '2025-04-12', '2025-05-03', '2025-05-10'),
  (4, 2, 8, '2025-02-07', '2025-02-28', '2025-02-13'),
  (5, 2, 4, '2024-07-14', '2024-08-04', '2024-07-24'),
  (6, 10, 1, '2024-12-14', '2025-01-04', NULL),
  (7, 3, 9, '2025-08-03', '2025-08-24', NULL),
  (8, 10, 1, '2025-01-07', '2025-01-28', NULL),
  (9, 10, 7, '2024-07-31', '2024-08-21', NULL),
  (10, 6, 10, '2024-09-15', '2024-10-06', '2024-09-25'),
  (11, 8, 8, '2024-04-28', '2024-05-19', '2024-05-20'),
  (12, 3, 2, '2024-03-28', '2024-04-18', '2024-04-16'),
  (13, 12, 3, '2025-05-05', '2025-05-26', '2025-05-21'),
  (14, 6, 3, '2025-06-24', '2025-07-15', '2025-06-28'),
  (15, 9, 5, '2026-02-15', '2026-03-08', '2026-02-23'),
  (16, 5, 9, '2025-12-13', '2026-01-03', '2025-12-26'),
  (17, 13, 4, '2024-12-30', '2025-01-20', '2025-02-03'),
  (18, 11, 4, '2024-12-03', '2024-12-24', '2024-12-18'),
  (19, 7, 4, '2024-09-02', '2024-09-23', NULL),
  (20, 6, 1, '2025-05-19', '2025-06-09', '2025-06-08'),
  (21, 5, 4, '2025-04-28', '2025-05-19', '2025-05-23'),
  (22, 13, 6, '2025-04-02', '2025-04-23', '2025-04-28'),
  (23, 4, 2, '2024-03-23', '2024-04-13', '2024-04-07'),
  (24, 4, 8, '2024-12-11', '2025-01-01', '2024-12-14'),
  (25, 11, 6, '2025-05-05', '2025-05-26', '2025-05-13'),
  (26, 2, 7, '2025-11-07', '2025-11-28', '2025-11-22'),
  (27, 3, 7, '2025-05-04', '2025-05-25', '2025-05-28'),
  (28, 13, 7, '2024-03-29', '2024-04-19', '2024-04-06'),
  (29, 3, 3, '2026-01-12', '2026-02-02', '2026-01-16'),
  (30, 10, 8, '2024-06-03', '2024-06-24', '2024-06-15'),
  (31, 10, 8, '2025-09-18', '2025-10-09', '2025-10-13'),
  (32, 9, 9, '2024-06-08', '2024-06-29', NULL),
  (33, 13, 2, '2024-01-15', '2024-02-05', '2024-01-26'),
  (34, 4, 4, '2025-03-20', '2025-04-10', NULL),
  (35, 5, 9, '2024-08-05', '2024-08-26', '2024-08-28'),
  (36, 9, 7, '2024-09-22', '2024-10-13', '2024-09-28'),
  (37, 6, 8, '2026-01-27', '2026-02-17', '2026-03-04'),
  (38, 9, 3, '2025-03-06', '2025-03-27', '2025-04-11'),
  (39, 1, 8, '2025-06-06', '2025-06-27', '2025-06-09'),
  (40, 13, 3, '2026-03-05', '2026-03-26', NULL);

INSERT INTO fines VALUES
  (1, 31, 12.76, FALSE, '2024-04-04'),
  (2, 21, 13.96, TRUE, '2025-06-09'),
  (3, 7, 17.78, FALSE, '2024-08-14'),
  (4, 18, 1.8, FALSE, '2025-05-09'),
  (5, 36, 1.53, TRUE, '2024-04-05'),
  (6, 29, 7.19, TRUE, '2025-10-13'),
  (7, 33, 4.79, FALSE, '2025-07-05'),
  (8, 35, 16.34, TRUE, '2024-10-11'),
  (9, 34, 17.65, TRUE, '2024-10-23'),
  (10, 36, 17.96, FALSE, '2025-05-04'),
  (11, 9, 8.92, FALSE, '2024-12-20'),
  (12, 5, 13.75, TRUE, '2024-09-05'),
  (13, 20, 15.89, TRUE, '2024-07-08'),
  (14, 24, 3.72, TRUE, '2025-05-24');
