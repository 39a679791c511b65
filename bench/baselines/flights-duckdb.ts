/**
 * Delayed flights by origin and day as a query of DuckDB over the same file.
 *
 *   node flights-duckdb.js <input.parquet> <output.csv> <threads>
 */
import { DuckDBInstance } from '@duckdb/node-api';

const [input, output, threads] = process.argv.slice(2);
const quoted = (path: string): string => `'${path.replaceAll("'", "''")}'`;
const instance = await DuckDBInstance.create(':memory:', { threads: threads! });
const connection = await instance.connect();
await connection.run(`COPY (
  SELECT origin, strftime(date_trunc('day', date), '%Y-%m-%dT%H:%M:%S.000Z') AS window_start,
    count(*) AS flights, avg(delay) AS mean_delay, max(delay) AS worst_delay
  FROM ${quoted(input!)} WHERE delay > 0 GROUP BY ALL
) TO ${quoted(output!)} (HEADER, DELIMITER ',')`);
connection.closeSync();
instance.closeSync();
