import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SluiceError } from '../../../engine/base/errors.js';
import { collection } from '../../../engine/connectors/collection.js';
import { start } from '../../../engine/control/engine.js';
import { PushedInput, pushBounds } from '../../../engine/control/live/live-input.js';
import type { Run, StartOptions } from '../../../engine/control/run.js';
import { t } from '../../../engine/records/schema.js';
import { WAITING_MAX } from '../../../engine/runtime/push-buffer.js';
import {
  eventOf,
  failureOf,
  jobPath,
  later,
  type Relay,
  resources,
  rowsOf,
  until,
} from '../../kit/run-kit.js';

const faults = suite('faults at live ends');
const RELAY = jobPath('relay');
/** One output is live, and one worker task behind each end. */
const ONE = { sums: 'final', hourly: 'final', numbers: 'final' } as const;
const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));
faults.after.each(async () => {
  await later(0);
  assert.equal(unhandled, [], 'no rejection is left to the process');
});

const relay = (options: StartOptions<Relay> = {}): Promise<Run<Relay>> =>
  start<Relay>(RELAY, { parallelism: 1, outputs: ONE, ...options });

function thrown(act: () => unknown): SluiceError {
  try {
    act();
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error('it did not throw');
}

faults(
  'a record that does not pass the validator of its input is refused, and what passes is pushed',
  async () => {
    const validate = {
      '~standard': {
        version: 1 as const,
        vendor: 'by-hand',
        validate: (value: any) =>
          value.n < 0
            ? { issues: [{ message: 'below zero', path: ['n'] }] }
            : { value: { ...value, note: `checked ${value.note}` } },
      },
    };
    const place = { job: 'j', input: 'events', recordBytesMax: 1000 };
    const { fields } = t.record({ n: t.int32, note: t.string, raw: t.bytes });
    const bounds = pushBounds('events', { validate });
    const input = new PushedInput({ ...place, fields, required: fields }, { validate }, bounds);
    const raw = new Uint8Array([1]);
    assert.ok(input.tryPush({ n: 1, note: 'a', raw }));
    const error = thrown(() => input.tryPush({ n: -1, note: 'a', raw }));
    assert.is(error.code, 'PUSH_REFUSED');
    assert.match(error.message, /events.* does not pass by-hand: n: below zero; it is \{"n":-1/);
    raw[0] = 9; // the job has its own
    assert.equal([...input.buffer.rows], [{ n: 1, note: 'checked a', raw: new Uint8Array([1]) }]);
    assert.is(thrown(() => pushBounds('events', { validate: {} as never })).code, 'ARGUMENT_INVALID');
  },
);

faults(
  'a record that does not fit is refused by input and field; nothing is lost and the job goes on',
  async () => {
    const run = await relay();
    const { events } = run.inputs;
    const good = eventOf(1);
    const wrong: [record: any, text: RegExp][] = [
      [{ ...good, user: 3 }, /input 'events' of job 'relay' has user of 3, which is not a string/],
      [{ ...good, n: 1.5 }, /has n of 1.5/],
      [{ ...good, n: undefined }, /has n missing, which is not declared nullable/],
      [null, /is null, not an object/],
      ['text', /is text, not an object/],
      [
        { ...good, note: 'x'.repeat(700_000) },
        /takes 700\d\d\d bytes, and at most 655360 can be pushed at once: the less of sluice/,
      ],
    ];
    const sent = [0];
    await events.push(eventOf(0));
    for (const [record, text] of wrong) {
      const error = await failureOf(events.push(record));
      assert.is(error.code, 'PUSH_REFUSED');
      assert.match(error.message, text);
      assert.is(thrown(() => events.tryPush(record)).code, 'PUSH_REFUSED');
      sent.push(sent.length);
      assert.is(events.tryPush(eventOf(sent.length - 1)), true);
    }
    assert.equal((await failureOf(events.push(wrong[0]![0]))).detail, { input: 'events', field: 'user' });
    for (const error of [
      await failureOf(events.push(null as any)),
      thrown(() => events.tryPush(null as any)),
    ])
      assert.match(error.stack!.split('\n')[1]!, 'live-errors.test', 'its stack begins where it was pushed');
    events.end();
    assert.equal(
      (await rowsOf(run.outputs.same)).map(({ n }) => n),
      sent,
    );
    assert.is((await run.finished).state, 'FINISHED');
  },
);

faults("a pushed record is copied: what becomes of it afterwards is nobody else's business", async () => {
  const run = await relay();
  const event = eventOf(5);
  const pushed = run.inputs.events.push(event);
  Object.assign(event, { n: 'broken', user: null });
  await pushed;
  run.inputs.events.end();
  assert.equal(await rowsOf(run.outputs.same), [eventOf(5)]);
});

faults('a push after the end, after a stop and after the run is refused', async () => {
  const run = await relay();
  run.inputs.events.end();
  assert.is((await failureOf(run.inputs.events.push(eventOf(0)))).code, 'PUSH_ENDED');
  assert.is(thrown(() => run.inputs.events.tryPush(eventOf(0))).code, 'PUSH_ENDED');
  run.inputs.events.end();
  await run.finished;
  assert.is((await failureOf(run.inputs.events.push(eventOf(0)))).code, 'PUSH_ENDED');
  const stopped = await relay();
  await stopped.inputs.events.push(eventOf(0));
  const stopping = stopped.stop();
  assert.is((await failureOf(stopped.inputs.events.push(eventOf(1)))).code, 'PUSH_ENDED', 'from the call on');
  await stopping;
  assert.equal(await rowsOf(stopped.outputs.same), [eventOf(0)], 'what was taken arrives');
  assert.is((await failureOf(stopped.inputs.events.push(eventOf(0)))).code, 'PUSH_ENDED');
});

faults(
  'push/bounded: who waits for nothing is told when the buffer is full, and the run is well',
  async () => {
    const run = await relay({ inputs: { events: { capacity: 10 } } });
    const pushes = Array.from({ length: 5_000 }, (_, n) => run.inputs.events.push(eventOf(n)));
    const told = await Promise.allSettled(pushes);
    const refused = told.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    assert.equal([...new Set(refused.map(({ code }) => code))], ['PUSH_OVERFLOW']);
    assert.match(refused[0]!.message, /input 'events' of job 'relay' is full \(10\), and 10\d\d pushes wait/);
    run.inputs.events.end();
    assert.is((await rowsOf(run.outputs.same)).length, told.length - refused.length);
    assert.is(told.length - refused.length, 10 + WAITING_MAX, 'all came in one turn');
  },
);

faults(
  'push/bounded: an input that counts bytes holds as many, by what its records take in a buffer',
  async () => {
    const run = await relay({ inputs: { events: { unit: 'bytes', capacity: 4096, high: 3072, low: 1024 } } });
    const { events } = run.inputs;
    let n = 0;
    while (events.tryPush(eventOf(n))) n++;
    const perRecord = events.held / n;
    assert.ok(events.held >= 4096 && events.held < 4096 + 2 * perRecord, `${events.held} bytes are held`);
    assert.ok(
      perRecord >= 56 && perRecord < 96,
      `${perRecord} bytes for a header of 16, four fields and two short texts`,
    );
    assert.equal([events.isPaused, events.taken], [true, n]);
    events.end();
    assert.is((await rowsOf(run.outputs.same)).length, n);
    assert.equal([events.held, events.pauses, events.resumes], [0, 1, 1]);
  },
);

faults('a live output has one reader', async () => {
  const run = await relay();
  const reading = rowsOf(run.outputs.same);
  const second = thrown(() => run.outputs.same[Symbol.asyncIterator]());
  assert.is(second.message, "OUTPUT_HAS_READER: the output 'same' has a reader already");
  assert.match(second.stack!.split('\n')[1]!, 'live-errors.test');
  run.inputs.events.end();
  assert.equal(await reading, []);
  assert.is(thrown(() => run.outputs.same[Symbol.asyncIterator]()).code, 'OUTPUT_HAS_READER');
  assert.equal(await rowsOf(run.outputs.sums), [], 'a final one may be read again and again');
  assert.equal(await rowsOf(run.outputs.sums), []);
});

faults('a reader that throws ends its own loop, and the job goes on', async () => {
  const run = await relay();
  const reading = (async () => {
    for await (const { n } of run.outputs.same) if (n === 3) throw new Error('enough');
  })().catch(String);
  for (let n = 0; n < 5_000; n++) await run.inputs.events.push(eventOf(n));
  run.inputs.events.end();
  assert.is(await reading, 'Error: enough');
  assert.match(
    thrown(() => run.outputs.same[Symbol.asyncIterator]()).message,
    /OUTPUT_HAS_READER: the reader of the output 'same' has left it/,
  );
  assert.is((await run.finished).recordsIn, 5_010);
});

faults('names that do not exist are refused with the nearest that do', async () => {
  const run = await relay({ inputs: { events: [eventOf(0)] } });
  const any: Run = run;
  assert.match(
    thrown(() => any.inputs['events']).message,
    /ARGUMENT_INVALID: job 'relay' has no live input 'events'; it has none/,
  );
  assert.match(thrown(() => any.outputs['sum']).message, /has no output 'sum'; did you mean 'sums'/);
  assert.match(
    thrown(() => any.sources['number']).message,
    /no source with the uid 'number'; did you mean 'numbers'/,
  );
  assert.match(thrown(() => any.sources['x']).message, /the uid 'x'; it has .*numbers/);
  assert.ok(JSON.stringify(any.outputs).includes('sums'), 'who prints them is not surprised');
  assert.is(await any.inputs, any.inputs);
  await run.cancel();
});

faults('wrong options of live ends are refused before a thread starts', async () => {
  const before = resources();
  const wrong: [options: any, text: RegExp][] = [
    [
      { inputs: { events: { capacity: 0 } } },
      /inputs: \{ events \} }\): capacity is a whole number from 1, not 0/,
    ],
    [{ inputs: { events: { capacity: Infinity } } }, /capacity is a whole number/],
    [{ inputs: { events: { high: 10, low: 20 } } }, /low is 20 and high 10/],
    [{ inputs: { events: { high: 10, low: 10 } } }, /low is 10 and high 10/],
    [{ inputs: { events: { capacity: 10, high: 11 } } }, /high is 11 and capacity 10/],
    [{ inputs: { events: { low: -1 } } }, /low is a whole number from 0, not -1/],
    [{ inputs: { events: { unit: 'rows' } } }, /unit is 'records' or 'bytes', not rows/],
    [{ inputs: { events: { hihg: 3 } } }, /no option 'hihg'/],
    [{ inputs: { events: null } }, /inputs: \{ events \} }\): it is an array of rows, or options/],
    [{ inputs: { events: 5 } }, /it is an array of rows/],
    [{ inputs: { events: collection([]) } }, /it is an array of rows/],
    [{ inputs: { evnts: {} } }, /declares no input 'evnts'/],
    [{ outputs: { sum: 'live' } }, /no output 'sum'; did you mean 'sums'/],
    [{ outputs: { sums: 'now' } }, /it is 'live' or 'final', not now/],
  ];
  for (const [options, text] of wrong) {
    const error = await failureOf(start(RELAY, { parallelism: 1, ...options }));
    assert.is(error.code, 'ARGUMENT_INVALID');
    assert.match(error.message, text);
  }
  assert.is(resources(), before);
});

faults('an abort reaches those who wait in a push and those who wait for a row', async () => {
  const before = resources();
  const controller = new AbortController();
  const run = await relay({ signal: controller.signal, outputs: { ...ONE, same: 'live', sums: 'live' } });
  const reading = failureOf(rowsOf(run.outputs.sums));
  const waiting: Promise<SluiceError>[] = [];
  let ignored = 0;
  await until(() => {
    while (run.inputs.events.tryPush(eventOf(ignored))) ignored++;
    return run.inputs.events.isPaused && ignored > 5_000;
  });
  for (let i = 0; i < 3; i++) waiting.push(failureOf(run.inputs.events.push(eventOf(i))));
  void run.inputs.events.push(eventOf(4)); // nobody waits for this one
  controller.abort(new Error('enough'));
  for (const error of [...(await Promise.all(waiting)), await reading, await failureOf(run.finished)])
    assert.is(error.code, 'RUN_ABORTED');
  assert.is((await failureOf(rowsOf(run.outputs.same))).code, 'RUN_ABORTED', 'who comes late is told too');
  assert.is((await failureOf(run.inputs.events.push(eventOf(0)))).code, 'RUN_ABORTED');
  void run.inputs.events.push(eventOf(0));
  assert.is(run.metrics().state, 'CANCELED');
  assert.is(resources(), before);
});

faults('a run that fails throws its error from push and from the loop of the reader', async () => {
  const run = await relay({ params: { failAt: 1_500 } });
  const got: number[] = [];
  const reading = (async () => {
    for await (const { n } of run.outputs.same) got.push(n);
  })();
  const pushing = (async () => {
    for (let n = 0; ; n++) await run.inputs.events.push(eventOf(n));
  })();
  for (const promise of [pushing, reading, run.finished]) {
    const error = await failureOf(promise);
    assert.is(error.code, 'USER_FUNCTION_FAILED');
    assert.match(error.message, /1500 is not wanted/);
  }
  assert.ok(got.length <= 1_500 && got.every((n, i) => n === i), 'rows come before anything is committed');
});

faults('a cancel does not wait for a reader', async () => {
  const run = await relay();
  let n = 0;
  await until(() => {
    while (run.inputs.events.tryPush(eventOf(n))) n++;
    return n > 5_000 && run.inputs.events.isPaused;
  });
  await run.cancel();
  assert.is(run.metrics().state, 'CANCELED');
});

faults.run();
