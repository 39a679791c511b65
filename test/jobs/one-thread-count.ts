export default function count(records: Iterable<{ n: number; bucket: number }>) {
  const counts = new Map<number, number>();
  for (const { bucket } of records) counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  return counts;
}
