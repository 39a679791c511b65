SELECT auction, bidder, price * 0.908::DOUBLE AS price,
       CASE
         WHEN hour(date_time) >= 8 AND hour(date_time) <= 18 THEN 'dayTime'
         WHEN hour(date_time) <= 6 OR hour(date_time) >= 20 THEN 'nightTime'
         ELSE 'otherTime'
       END AS bid_time_type,
       date_time, extra, length(extra) - length(replace(extra, 'c', '')) AS c_counts
FROM bid
WHERE price * 0.908::DOUBLE > 1000000 AND price * 0.908::DOUBLE < 50000000;
