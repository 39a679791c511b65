import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count } from '../../engine/api/aggregates.js';
import { job } from '../../engine/api/job.js';
import { isSluiceError } from '../../engine/base/errors.js';
import { collection } from '../../engine/connectors/collection.js';
import type { Sink, SinkWriter } from '../../engine/connectors/connector.js';
import { discard } from '../../engine/connectors/discard.js';
import { generate } from '../../engine/connectors/generate.js';
import { t } from '../../engine/records/schema.js';
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

/** Notes writes and flushes; takes a row every 100 ms of the context's clock. */
function pacedSink(notes: string[]): Sink<any> {
  return {
    ...discard(),
    createWriter: ({ clock }) => ({
      notBeforeMs: 0,
      write() {
        notes.push(`write at ${clock.monotonicMs()}`);
        (this as { notBeforeMs: number }).notBeforeMs = clock.monotonicMs() + 100;
      },
      flush: () => void notes.push('flush'),
      prepareCommit: () => null,
      close: () => {},
    }),
  };
}

ends('rows that are given out after a wait are flushed before the next wait', async () => {
  const notes: string[] = [];
  const rows = [1, 2, 3, 4].map((k) => ({ k }));
  const windows = job('paced', (flow) => {
    flow
      .from(collection(rows, t.record({ k: t.int32 })))
      .keyBy('k')
      .aggregate({ n: count() }, { emit: 'final' })
      .to(pacedSink(notes));
  });
  await runInline(windows);
  const written = notes.filter((note) => note.startsWith('write')).length;
  assert.is(written, rows.length);
  notes.slice(0, -1).forEach((note, i) => {
    const isFollowed = !note.startsWith('write') || notes[i + 1] === 'flush';
    assert.ok(isFollowed, `${note} waits unflushed: ${notes.join(', ')}`);
  });
});

/** Notes when each row is written. */
function timedSink(times: string[]): Sink<any> {
  const plain = discard();
  return {
    ...plain,
    createWriter: (context) => ({
      ...plain.createWriter(context),
      write: () => void times.push(String(context.clock.monotonicMs())),
      flush: () => {},
      prepareCommit: () => null,
      close: () => {},
    }),
  };
}

ends('with the buffer timeout switched off only full buffers and the end are sent', async () => {
  const arrivals = async (enabled: boolean): Promise<string[]> => {
    const notes: string[] = [];
    const slow = job('slow', (flow) => {
      flow
        .from(
          generate({ schema: t.record({ k: t.int32 }), make: (k) => ({ k }), count: 5, ratePerSecond: 2 }),
        )
        .keyBy('k')
        .reduce((a) => a)
        .to(timedSink(notes));
    });
    await runInline(slow, { options: { 'execution.buffer-timeout.enabled': enabled } });
    return [...new Set(notes)];
  };
  assert.is((await arrivals(false)).length, 1, 'all at the end');
  assert.ok((await arrivals(true)).length > 1, 'as they come');
});

ends('a writer that cannot be closed does not keep a task from being cancelled', async () => {
  const stuck: Sink<any> = {
    ...discard(),
    createWriter: () => ({
      write: () => {
        throw new RangeError('refused');
      },
      flush: () => {},
      prepareCommit: () => null,
      close: () => Promise.reject(new Error('cannot be closed')),
    }),
  };
  const subject = job('stuck', (flow) => {
    flow.from(collection([{ k: 1 }], t.record({ k: t.int32 }))).to(stuck);
  });
  const error = await runInline(subject, { parallelism: 2 }).catch((thrown: unknown) => thrown);
  assert.match(String(error), /refused/);
});

ends.run();
