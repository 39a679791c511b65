-- Windows of processing time; all bids were processed at the time that the variable tells.
SELECT bidder, count(*) AS bid_count, window_start, window_start + INTERVAL '10 seconds' AS window_end
FROM (
  SELECT bidder, time_bucket(INTERVAL '10 seconds', getvariable('processing_time')::TIMESTAMP) AS window_start
  FROM bid
)
GROUP BY bidder, window_start;
