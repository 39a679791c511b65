SELECT P.id, P.name, P.window_start
FROM (
  SELECT id, name, time_bucket(INTERVAL '10 seconds', date_time) AS window_start
  FROM person
  GROUP BY id, name, window_start
) AS P
JOIN (
  SELECT seller, time_bucket(INTERVAL '10 seconds', date_time) AS window_start
  FROM auction
  GROUP BY seller, window_start
) AS A ON P.id = A.seller AND P.window_start = A.window_start;
