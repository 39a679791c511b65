/** Nothing but two ends. */
import { job, t } from 'sluice';

export default job('wire', { inputs: { rows: t.record({ n: t.int64 }) } }, ({ rows }) => ({ out: rows }));
