-- The winning bid of an auction is the highest within its time, of equal ones the first. Of each seller the last row.
WITH winner AS (
  SELECT A.id, A.seller, B.price AS final, B.date_time,
         row_number() OVER (PARTITION BY A.id ORDER BY B.price DESC, B.date_time, B.extra) AS place
  FROM auction AS A, bid AS B
  WHERE A.id = B.auction AND B.date_time BETWEEN A.date_time AND A.expires
),
averages AS (
  SELECT seller, date_time,
         avg(final) OVER (PARTITION BY seller ORDER BY date_time, id ROWS BETWEEN 9 PRECEDING AND CURRENT ROW) AS avg,
         row_number() OVER (PARTITION BY seller ORDER BY date_time DESC, id DESC) AS age
  FROM winner
  WHERE place = 1
)
SELECT seller, avg, date_time FROM averages WHERE age = 1;
