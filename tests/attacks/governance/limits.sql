--! What a least size of groups does not stop: two figures whose difference is one person (docs/guard.md).

--! all but one person
SELECT sum(pay) FROM salaries WHERE employee_id <> 3
--! all but one person, by a group's key
SELECT employee_id = 3, sum(pay) FROM salaries GROUP BY employee_id = 3
--! whether one person is counted
SELECT count(*) FROM salaries WHERE NOT (employee_id = 3 AND pay > 7000)
