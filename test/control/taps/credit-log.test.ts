import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSluiceError } from '../../../engine/base/errors.js';
import { CreditLog, LINES_MAX } from '../../../engine/control/taps/credit-log.js';
import type { FlowTap } from '../../../engine/control/taps/flow-tap.js';
import { logTopics } from '../../../engine/control/taps/log-topics.js';
import { TappedClock } from '../../../engine/control/taps/tapped-clock.js';
import { TappedExchange, TappedLender } from '../../../engine/control/taps/tapped-exchange.js';
import { openGate } from '../../../engine/exchange/input-gate.js';
import { openPartition } from '../../../engine/exchange/open-partition.js';
import { CHANNEL, POSITION_START } from '../../../engine/memory/channel.js';
import { ControlArena, createControlArena } from '../../../engine/memory/control-arena.js';
import { createExchange } from '../../../engine/memory/exchange-arena.js';
import type { ExchangeSpec } from '../../../engine/memory/exchange-sizes.js';
import { IDLE, SOFT_BACKPRESSURED } from '../../../engine/memory/task-clock.js';
import { drain, steppingWaiter, tinySpec, writeRecord } from '../../kit/exchange-kit.js';
import { randomRuns } from '../../kit/random-rows.js';

const log = suite('credit log');

/** A log of task 0, whose time is held still, and its lines. */
function logging() {
  const time = { ms: 1_000 };
  const lines: string[] = [];
  const write = (line: string): boolean => {
    lines.push(line);
    return true;
  };
  const nameOf = (task: number): string => `task ${task}`;
  return {
    time,
    lines,
    log: new CreditLog({ task: 0, nameOf, startedMs: 900, nowMs: () => time.ms, write }),
  };
}

/** A tap that notes what it is told, without times. */
function noting(notes: string[]): FlowTap {
  const at = ({ exchange, channel, end }: { exchange: number; channel: number; end: string }): string =>
    `${end} ${exchange}.${channel}`;
  return {
    opens: ({ place }) => void notes.push(`opens ${at(place)}`),
    publishes: (place, buffer) => void notes.push(`publishes ${at(place)} ${buffer}`),
    takes: (place, credit) => void notes.push(`takes ${at(place)} ${credit}`),
    grants: (place, credit, isFloating) =>
      void notes.push(`${isFloating ? 'moves' : 'grants'} ${at(place)} ${credit}`),
    keeps: (place) => void notes.push(`keeps ${at(place)}`),
    reads: (place, buffer) => void notes.push(`reads ${at(place)} ${buffer}`),
    changes: () => {},
    progresses: () => {},
    closes: () => {},
  };
}

/** One sender and one receiver in this thread, both ends of which tell what happens. */
function tappedPair(changes: Partial<ExchangeSpec>, tap: FlowTap) {
  const spec = tinySpec(changes);
  const control = new ControlArena(createControlArena({ tasks: 2, cursors: 0, attempt: 1 }), 1);
  const exchange = new TappedExchange(spec, createExchange(spec, 1), 1, tap);
  const gate = openGate(exchange, 0, control, null, TappedLender);
  const got: string[][] = [];
  const waiter = steppingWaiter(() => drain(exchange, gate, got, 1));
  const partition = openPartition(exchange, 0, control, waiter);
  return { spec, exchange, gate, got, partition };
}

log('tap/installed: what is told is what the words of the channel say, each once and in order', () => {
  const given = fc.record({
    exclusivePerChannel: fc.integer({ min: 1, max: 3 }),
    floatingPerGate: fc.integer({ min: 0, max: 3 }),
    // Records written, and buffers read after them.
    turns: fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 3 })), {
      minLength: 1,
      maxLength: 30,
    }),
  });
  fc.assert(
    fc.property(given, ({ turns, ...changes }) => {
      const notes: string[] = [];
      const { exchange, gate, got, partition, spec } = tappedPair(changes, noting(notes));
      for (const [written, read] of turns) {
        for (let k = 0; k < written; k++) writeRecord(exchange, partition, 0, k, 64);
        partition.flush();
        drain(exchange, gate, got, read);
      }
      const { words, base } = exchange.channelMemory(0);
      const count = (field: number): number => (words[base + field]! - POSITION_START) | 0;
      const numbers = (what: RegExp): number[] =>
        notes.filter((note) => what.test(note)).map((note) => Number(note.split(' ').at(-1)));
      const upTo = (from: number, to: number): number[] =>
        Array.from({ length: to - from }, (_, i) => from + i);
      const { exclusivePerChannel } = spec;
      assert.equal(numbers(/^publishes/), upTo(0, count(CHANNEL.tail)));
      assert.equal(numbers(/^takes/), upTo(0, count(CHANNEL.taken)));
      assert.equal(numbers(/^reads/), upTo(0, count(CHANNEL.head)));
      assert.equal(numbers(/^(grants|moves)/), upTo(exclusivePerChannel, count(CHANNEL.granted)));
      // Floating segments that are not with the gate are with the channel.
      const free = changes.floatingPerGate - numbers(/^moves/).length + numbers(/^keeps/).length;
      const lent = count(CHANNEL.granted) - count(CHANNEL.head);
      assert.ok(free >= 0);
      assert.is(lent + free, exclusivePerChannel + changes.floatingPerGate, 'none is lost or made');
    }),
    randomRuns(100),
  );
});

log('tap/installed: a buffer is told of before anybody can read it', () => {
  const found: number[] = [];
  const look: { read: () => number } = { read: () => 0 };
  const tap: FlowTap = { ...noting([]), publishes: () => void found.push(look.read()) };
  const { exchange, gate, got, partition } = tappedPair({}, tap);
  look.read = () => drain(exchange, gate, got);
  for (let k = 0; k < 3; k++) {
    writeRecord(exchange, partition, 0, k, 64);
    partition.flush();
    assert.is(drain(exchange, gate, got), 1);
  }
  assert.equal(found, [0, 0, 0]);
});

log('grants, takes and floating moves are lines with time, task and channel', () => {
  const said = (floatingPerGate: number): readonly string[] => {
    const { lines, log: tap } = logging();
    const { exchange, gate, got, partition } = tappedPair({ exclusivePerChannel: 1, floatingPerGate }, tap);
    for (const buffers of [1, 2]) {
      for (let k = 0; k < buffers; k++) writeRecord(exchange, partition, 0, k, 64);
      partition.flush();
      drain(exchange, gate, got);
      partition.refresh();
    }
    const head = 'credit    0.100000 s  task 0  channel 1.0 ';
    assert.equal(
      lines.filter((line) => !line.startsWith(head)),
      [],
    );
    return lines.map((line) => line.slice(head.length));
  };
  assert.equal(said(0), [
    'to task 1: takes credit #0; 0 buffers wait for credit', // it was there from the start
    'from task 0: grants credit #1, its own segment; 1 lent',
    'to task 1: takes credit #1; 0 buffers wait for credit',
    'from task 0: grants credit #2, its own segment; 1 lent', // the last record stays where it is
  ]);
  assert.equal(said(1).slice(0, 3), [
    'to task 1: takes credit #0; 0 buffers wait for credit',
    'from task 0: grants credit #1, a floating segment; 1 lent',
    'from task 0: gives a segment back to the floating ones',
  ]);
});

log(
  'a pause names each channel that is full, once until work goes on, and the resume says how long it was',
  () => {
    const { time, lines, log: tap } = logging();
    const { exchange, partition } = tappedPair({ exclusivePerChannel: 1, buffersPerSubpartitionMax: 2 }, tap);
    const control = new ControlArena(createControlArena({ tasks: 1, cursors: 0, attempt: 1 }), 1);
    const clock = control.clock(0, (words, base) => new TappedClock(words, base, tap, () => time.ms));
    clock.begin(time.ms);
    while (partition.available) writeRecord(exchange, partition, 0, 1, 64);
    lines.length = 0;
    clock.wait(SOFT_BACKPRESSURED, time.ms);
    for (let look = 0; look < 5; look++) {
      clock.work((time.ms += 100));
      clock.wait(SOFT_BACKPRESSURED, time.ms);
    }
    clock.work((time.ms += 2.5));
    clock.progressed();
    clock.wait(IDLE, (time.ms += 1));
    clock.waitHard((time.ms += 1));
    clock.work((time.ms += 0.25));
    clock.end(time.ms);
    assert.equal(lines, [
      'credit    0.100000 s  task 0  channel 1.0 to task 1: pauses: 2 buffers wait for credit, the most, 2',
      'credit    0.602500 s  task 0  channel 1.0 to task 1: resumes after 503 ms; 2 buffers wait for credit',
      'credit    0.604500 s  task 0  channel 1.0 to task 1: waits for a buffer inside a record; 2 buffers wait for credit',
      'credit    0.604750 s  task 0  channel 1.0 to task 1: has waited 250 us for a buffer inside a record',
    ]);
  },
);

log(
  'of what comes too often the first lines of a second are written, and how many were not; rare ones stay',
  () => {
    const { time, lines, log: tap } = logging();
    const place = { exchange: 0, channel: 0, peer: 1, end: 'sender' } as const;
    for (let k = 0; k < 1_000; k++) tap.takes(place, k, 0);
    tap.keeps(place);
    assert.is(lines.length, LINES_MAX + 1, 'another kind has its own allowance');
    time.ms += 1_500;
    tap.takes(place, 1_000, 0);
    assert.match(lines.at(-2)!, /task 0 {2}left out in the last 1500 ms: 980 takes$/);
    assert.match(lines.at(-1)!, /takes credit #1000/);
    for (let k = 0; k < 25; k++) tap.keeps(place);
    time.ms += 10;
    tap.closes(time.ms);
    assert.match(lines.at(-1)!, /left out in the last 10\.0 ms: 5 floating moves$/);
    tap.closes(time.ms);
    assert.is(lines.filter((line) => /left out/.test(line)).length, 2, 'each is told once');
  },
);

log('lines that could not be written are counted too', () => {
  const lines: string[] = [];
  let isFull = true;
  const write = (line: string): boolean => {
    if (!isFull) lines.push(line);
    return !isFull;
  };
  const tap = new CreditLog({ task: 0, nameOf: String, startedMs: 0, nowMs: () => 5, write });
  const place = { exchange: 0, channel: 0, peer: 1, end: 'receiver' } as const;
  for (let k = 0; k < 3; k++) tap.keeps(place);
  isFull = false;
  tap.closes(5);
  assert.match(lines.join(), /: 3 lines that standard error refused$/);
});

log('a log that is none is refused with what there is', () => {
  assert.equal([...logTopics(' credit ,, credit')], ['credit']);
  assert.equal([...logTopics(undefined), ...logTopics('')], []);
  assert.throws(
    () => logTopics('credit,credits'),
    (error: unknown) =>
      isSluiceError(error) &&
      error.code === 'ARGUMENT_INVALID' &&
      /SLUICE_LOG=credits: .* did you mean 'credit'\?; there is credit$/.test(error.message),
  );
});

log.run();
