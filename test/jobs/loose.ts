/** Rows whose shape nobody declared, and which changes on the way. */
import { job, t } from 'sluice';

export default job('loose', { inputs: { rows: t.record({ n: t.int64 }) } }, ({ rows }) => ({
  out: rows.map(({ n }) => (n < 2_000 ? { twice: 2 * n } : { twice: 2 * n, text: `row ${n}` })),
}));
