-- People who were logged in, a day. The company's active-user figure.
CREATE TABLE marts.daily_active_users AS
SELECT
    CAST(started_at AS DATE) AS activity_date,
    COUNT(DISTINCT customer_id) AS active_users,
    COUNT(*) AS sessions
FROM raw.web_sessions
WHERE customer_id IS NOT NULL AND NOT is_bot
GROUP BY activity_date
ORDER BY activity_date;
COMMENT ON TABLE marts.daily_active_users IS 'Logged-in users of the web shop: one row per day. The official active user figure; without logged-out visitors and robots.';
COMMENT ON COLUMN marts.daily_active_users.active_users IS 'Distinct logged-in users on this day';
COMMENT ON COLUMN marts.daily_active_users.sessions IS 'Visits of logged-in users';
