import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { job } from '../../engine/api/job.js';
import { isSluiceError } from '../../engine/base/errors.js';
import { collection } from '../../engine/connectors/collection.js';
import type { Sink, SinkWriter } from '../../engine/connectors/connector.js';
import { discard } from '../../engine/connectors/discard.js';
import { runInline } from '../../engine/testing/run-inline.js';

const ends = suite('ends of tasks');

/** A sink whose writers take a while to prepare, and then may fail. */
function slowSink(prepare: () => Promise<null>): Sink<any> {
  const plain = discard();
  return {
    ...plain,
    createWriter: (context) => {
      const writer: SinkWriter = plain.createWriter(context);
      return {
        write: (row) => writer.write(row),
        flush: () => {},
        prepareCommit: prepare,
        close: () => {},
      };
    },
  };
}

const soon = (): Promise<null> => new Promise((resolve) => setTimeout(resolve, 20, null));
const failing = (): Promise<null> => soon().then(() => Promise.reject(new Error('the disk is full')));

for (const [what, prepare] of [
  ['prepares', soon],
  ['fails to prepare', failing],
] as const) {
  ends(`a task that is cancelled while its sink ${what} leaves no error behind`, async () => {
    const rows = [{ k: 1 }, { k: 2 }];
    const both = job('both', (flow) => {
      flow.from(collection(rows.slice(0, 1))).to(slowSink(prepare));
      // Its stream ends later than the other, in an error.
      flow
        .from(collection(Array.from({ length: 2_000 }, (_, k) => ({ k }))))
        .map((row: { k: number }) => {
          if (row.k === 1_999) throw new Error('the last row');
          return row;
        })
        .to(discard());
    });
    const error = await runInline(both).catch((thrown: unknown) => thrown);
    assert.ok(isSluiceError(error) && error.code === 'USER_FUNCTION_FAILED', String(error));
    await new Promise((resolve) => setTimeout(resolve, 60)); // an unhandled rejection would end the process
  });
}

ends.run();
