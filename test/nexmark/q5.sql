-- Windows of 10 seconds that begin every 2: a bid is in five of them.
WITH windowed AS (
  SELECT auction, time_bucket(INTERVAL '2 seconds', date_time) - INTERVAL '2 seconds' * hops.back AS window_start
  FROM bid, range(5) AS hops(back)
),
auction_bids AS (
  SELECT auction, count(*) AS num, window_start, window_start + INTERVAL '10 seconds' AS window_end
  FROM windowed
  GROUP BY auction, window_start
),
max_bids AS (
  SELECT max(num) AS maxn, window_start FROM auction_bids GROUP BY window_start
)
SELECT A.auction, A.num, A.window_start, A.window_end
FROM auction_bids AS A
JOIN max_bids AS M ON A.window_start = M.window_start AND A.num >= M.maxn;
