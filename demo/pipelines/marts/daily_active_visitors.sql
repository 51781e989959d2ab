-- Everybody who came to the web shop, logged in or not, a day.
CREATE TABLE marts.daily_active_visitors AS
SELECT
    CAST(started_at AS DATE) AS activity_date,
    COUNT(DISTINCT visitor_id) AS active_visitors,
    COUNT(*) AS sessions
FROM raw.web_sessions
WHERE NOT is_bot
GROUP BY activity_date
ORDER BY activity_date;
COMMENT ON TABLE marts.daily_active_visitors IS 'Visitors of the web shop, one row per day, logged-out ones included. Reach and traffic; the user figure stands in marts.daily_active_users.';
COMMENT ON COLUMN marts.daily_active_visitors.active_visitors IS 'Distinct visitors on this day, logged in or not';
COMMENT ON COLUMN marts.daily_active_visitors.sessions IS 'Visits, logged in or not';
