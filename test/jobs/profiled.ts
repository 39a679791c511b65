/** Jobs of which it is known where their time goes, and one whose functions look up who called them. */
import { existsSync } from 'node:fs';
import { job, t } from 'sluice';
import { discard, generate } from 'sluice/connectors';

const Row = t.record({ n: t.int64, k: t.int32, h: t.int32 });

function mix(x: number, rounds: number): number {
  let h = x | 0;
  for (let i = 0; i < rounds; i++) h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h;
}

const DEEP = { tags: Array.from({ length: 50 }, (_, i) => ({ at: i, name: `tag ${i}` })) };

/** The owner of the line of generated code that called a function, by V8's stack and the code map of this thread. */
function callerOwner(): string {
  const { codeMap } = (globalThis as any)[Symbol.for('sluice.task')];
  const line = Number(/sluice:[^\s()]*:(\d+):\d+/.exec(new Error().stack!)![1]);
  const script = codeMap.scripts.find((each: any) => each.firstLine <= line && line <= each.lastLine);
  return script.owners.findLast(([from]: [number]) => from <= line)[1];
}

/** Comes back when there is a file. */
function spin(until: string): void {
  while (!existsSync(until)) mix(1, 1_000_000);
}

interface Called {
  k: number;
  owners: string;
}

export default job(
  'profiled',
  { params: { what: t.string, rows: t.int64.default(-1), until: t.string.default('') } },
  (flow, { what, rows, until }) => {
    const count = rows < 0 ? {} : { count: rows };
    const numbers = flow.from(generate({ schema: Row, ...count, make: (n) => ({ n, k: n % 10, h: 0 }) }));
    if (what === 'hot') {
      numbers
        .map(Row, (row) => ({ n: row.n, k: row.k, h: row.h + 1 }))
        .named('before')
        .map(Row, function scored(row) {
          const h = mix(row.n, 2_000); // the hot call
          return { n: row.n, k: row.k, h };
        })
        .named('hot')
        .filter((row) => row.h !== 7)
        .named('after')
        .keyBy('k')
        .reduce((a, b) => (a.n > b.n ? a : b))
        .to(discard());
      return {};
    }
    if (what === 'stuck') {
      numbers
        .map(Row, (row) => {
          if (row.n === 1_000) spin(until);
          return { n: row.n, k: row.k, h: 0 };
        })
        .named('mischief')
        .rebalance()
        .to(discard());
      return {};
    }
    if (what === 'undeclared') {
      numbers
        .map(() => ({ ...DEEP }))
        .rebalance()
        .map((row: any) => ({ n: row.tags.length }))
        .named('receiver')
        .to(discard());
      return {};
    }
    const out = numbers
      .map((row) => ({ n: row.n, k: row.k, owners: callerOwner() }))
      .uid('first')
      // A filter can add nothing: it lets rows through that it is called rightly for.
      .filter(() => callerOwner() === 'operator second')
      .uid('second')
      .flatMap((row, emit: (row: Called) => void) => {
        emit({ k: row.k, owners: `${row.owners} ${callerOwner()}` });
        return [];
      })
      .uid('third')
      .map((row) => ({ k: row.k, owners: `${row.owners} ${callerOwner()}` }))
      .uid('fourth')
      .partitionCustom(() => 0, 'k')
      .map((row) => ({ owners: `${row.owners} ${callerOwner()}` }))
      .uid('fifth');
    return { out };
  },
);
