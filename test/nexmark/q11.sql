-- A session goes on while the next bid of the bidder comes within 10 seconds, both ends included.
WITH gaps AS (
  SELECT bidder, date_time,
         date_time - lag(date_time) OVER (PARTITION BY bidder ORDER BY date_time) > INTERVAL '10 seconds' AS begins
  FROM bid
),
sessions AS (
  SELECT bidder, date_time,
         count(*) FILTER (WHERE begins) OVER (PARTITION BY bidder ORDER BY date_time) AS number
  FROM gaps
)
SELECT bidder, count(*) AS bid_count, min(date_time) AS window_start,
       max(date_time) + INTERVAL '10 seconds' AS window_end
FROM sessions
GROUP BY bidder, number;
