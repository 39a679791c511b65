import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collection } from '../../engine/connectors/collection.js';
import { job, t } from '../../engine/index.js';
import { runInline } from '../../engine/testing/run-inline.js';

/** A loop that wrote rows to learn their shape is replaced by one that never did. */
const renewed = suite('renewed loops');
const Id = t.record({ id: t.int32 });
const ROWS = 3_000;
const rows = Array.from({ length: ROWS }, (_, id) => ({ id }));

/** The generated code that called a function: its script and line. */
const callerOf = ({ stack }: Error): string => /sluice:\S+/.exec(stack!)?.[0] ?? 'none';

renewed(
  'every shape that is learned gives the loop new code, and no row is lost or changed by it',
  async () => {
    const callers: string[] = [];
    const widening = job('widening', (flow) => ({
      out: flow
        .from(collection(rows, Id))
        .rebalance()
        .map(({ id }) => {
          callers.push(callerOf(new Error('here')));
          return { id, value: id < ROWS / 2 ? id : id + 0.5 };
        })
        .rebalance()
        .filter(() => true),
    }));
    const options = { 'taskmanager.memory.segment-size': '4 kb' };
    const { out } = await runInline(widening, { options });
    assert.equal(
      out!.sort((a, b) => a.id - b.id),
      rows.map(({ id }) => ({ id, value: id < ROWS / 2 ? id : id + 0.5 })),
    );
    assert.is(callers.length, ROWS);
    const codes = callers.filter((caller, i) => caller !== callers[i - 1]);
    assert.is(codes.length, 3, `learning, whole numbers, all numbers: ${codes}`);
    assert.is(new Set(codes).size, 3, `${codes}`);
  },
);

renewed.run();
