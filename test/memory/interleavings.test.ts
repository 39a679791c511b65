import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lockstep, type Outcome } from '../kit/lockstep.js';
import type { PlantedBug } from '../kit/planted-bug.js';

const interleavings = suite('interleavings of bells and channels');

interleavings(
  'wait/park: a flag raised and rung for is seen in every interleaving; no wake is lost',
  async () => {
    const { outcomes, schedules } = await lockstep('bell', { preemptionsMax: 4 });
    assert.ok(schedules > 1000);
    for (const { results, schedule } of outcomes) assert.equal(results, ['raised', 'seen'], schedule);
  },
);

for (const [scenario, rules] of [
  ['drain bell', 'wait/park, control/signals'],
  ['rate bell', 'wait/park, control/rate'],
  ['stop in a hard wait', 'wait/hard, wait/park'],
] as const)
  interleavings(`${rules}: with a ${scenario}, no wake is lost`, async () => {
    const { outcomes } = await lockstep(scenario, { preemptionsMax: 4 });
    for (const { results, schedule } of outcomes) assert.equal(results, ['raised', 'seen'], schedule);
  });

/** Every number once, whoever got it. */
const isDealt = ({ results }: Outcome): boolean =>
  results.join().split(',').sort().join() === [0, 1, 2, 3].join();

interleavings('control/splits: two threads take every number once, by any order', async () => {
  const { outcomes } = await lockstep('splits', { preemptionsMax: Infinity });
  assert.ok(outcomes.length >= 6, 'each of the ways to share four numbers');
  for (const outcome of outcomes) assert.ok(isDealt(outcome), JSON.stringify(outcome));
});

/** What was received is a first part of what was sent, each buffer once, with its own bytes; the end is after all. */
function isFirstInFirstOut({ results: [sent, got] }: Outcome): boolean {
  if (!/^[\d,]*$/.test(sent) || !/^[\d,:]*E?$/.test(got)) return false;
  const expected = [...sent.split(',').map((value) => `${value}:${value}`), 'E'];
  return got === '' || expected.join().startsWith(got);
}

for (const [scenario, preemptionsMax] of [
  ['channel', 4],
  ['channel-3', 3],
  ['channel end', 4],
] as const)
  interleavings(
    `credit/publish, exchange/swap-by-index, event/position-words: ${scenario} is first in, first out, by any order`,
    async () => {
      const { outcomes } = await lockstep(scenario, { preemptionsMax });
      assert.ok(outcomes.length >= 3, 'the receiver came early, in between and late');
      for (const outcome of outcomes) assert.ok(isFirstInFirstOut(outcome), JSON.stringify(outcome));
    },
  );

/** What a look at the clock of the scenario can find, told by hand. */
const CLOCK_PICTURES = [
  'null since 0: busy 0, idle 0, elapsed 0',
  'busy since 10: busy 90, idle 0, elapsed 90',
  'idle since 20: busy 10, idle 80, elapsed 90',
  'busy since 50: busy 60, idle 30, elapsed 90',
];
const isOnePicture = ({ results }: Outcome): boolean => CLOCK_PICTURES.includes(results[1]);

interleavings('clock/one-picture: a clock is never seen half changed, by any order', async () => {
  const { outcomes } = await lockstep('clock', { preemptionsMax: 2 });
  for (const outcome of outcomes) assert.ok(isOnePicture(outcome), JSON.stringify(outcome));
  assert.is(outcomes.length, CLOCK_PICTURES.length, 'each was seen');
});

interface Case {
  readonly title: string;
  readonly scenario: string;
  readonly bug: PlantedBug;
  readonly isRight: (outcome: Outcome) => boolean;
}

const SENDER = 'memory/channel-sender.js';
const RECEIVER = 'memory/channel-receiver.js';
const PARKER = 'memory/parker.js';
const isSeen = ({ results }: Outcome): boolean => results[1] === 'seen';

const CLOCK = 'memory/task-clock.js';

const CASES: readonly Case[] = [
  {
    title: 'clock/one-picture: a reader that does not look at the version again',
    scenario: 'clock',
    isRight: isOnePicture,
    bug: {
      file: CLOCK,
      find: 'if (Atomics.load(words, base + TASK_CLOCK.version) !== version)',
      replace: 'if (false)',
    },
  },
  {
    title: 'clock/one-picture: a reader that takes what is being changed',
    scenario: 'clock',
    isRight: isOnePicture,
    bug: { file: CLOCK, find: 'if ((version & 1) !== 0)', replace: 'if (false)' },
  },
  {
    title: 'clock/one-picture: a change that is not announced',
    scenario: 'clock',
    isRight: isOnePicture,
    bug: { file: CLOCK, find: 'this.#version = this.#version + 1 | 0;', replace: 'this.#version += 2;' },
  },
  {
    title: 'credit/publish: a buffer published before its slot is written',
    scenario: 'channel',
    isRight: isFirstInFirstOut,
    bug: {
      file: SENDER,
      find: 'const slot = this.#data + ((this.#tail & this.#mask) << 1);\n    this.#words[slot] = segment;',
      replace:
        'const slot = this.#data + ((this.#tail & this.#mask) << 1);\n' +
        'Atomics.store(this.#words, this.#base + TAIL, (this.#tail + 1) | 0);\n    this.#words[slot] = segment;',
    },
  },
  {
    title: 'credit/publish: a segment lent before its slot is written',
    scenario: 'channel-3',
    isRight: isFirstInFirstOut,
    bug: {
      file: RECEIVER,
      find: 'this.#words[this.#credit + (this.#granted & this.#mask)] = segment;',
      replace:
        'Atomics.store(this.#words, this.#base + GRANTED, (this.#granted + 1) | 0);' +
        'this.#words[this.#credit + (this.#granted & this.#mask)] = segment;',
    },
  },
  {
    title: 'exchange/swap-by-index: a credit taken before its buffer exists',
    scenario: 'channel-3',
    isRight: isFirstInFirstOut,
    bug: {
      file: SENDER,
      find: 'if (this.#taken === this.#swapped(this.#grantedSeen)) return NO_SEGMENT;',
      replace: 'if (this.#taken === this.#grantedSeen) return NO_SEGMENT;',
    },
  },
  {
    title: 'event/position-words: the end told before its position',
    scenario: 'channel end',
    isRight: isFirstInFirstOut,
    bug: {
      file: SENDER,
      find: 'this.#words[this.#base + END_POS] = this.#tail;\n    Atomics.store(this.#words, this.#base + END_KIND, 1);',
      replace:
        'Atomics.store(this.#words, this.#base + END_KIND, 1);\n    this.#words[this.#base + END_POS] = this.#tail;',
    },
  },
  {
    title: 'event/position-words: an end that is seen, and its position not compared',
    scenario: 'channel end',
    isRight: isFirstInFirstOut,
    bug: {
      file: RECEIVER,
      find: 'return this.#words[this.#base + END_POS] === this.#head;',
      replace: 'return true;',
    },
  },
  {
    title: 'wait/park: no second look after the interest is raised',
    scenario: 'bell',
    isRight: isSeen,
    bug: {
      file: PARKER,
      find: 'if (!condition.isReady()) {\n      this.parks++;\n      Atomics.wait',
      replace: 'if (true) {\n      this.parks++;\n      Atomics.wait',
    },
  },
  {
    title: 'wait/park: a sleep that does not compare the sequence read first',
    scenario: 'bell',
    isRight: isSeen,
    bug: {
      file: PARKER,
      find: 'Atomics.wait(this.#words, this.#seq, seq, timeoutMs);',
      replace: 'Atomics.wait(this.#words, this.#seq, Atomics.load(this.#words, this.#seq), timeoutMs);',
    },
  },
  {
    title: 'wait/park: a ring that does not move the sequence',
    scenario: 'bell',
    isRight: isSeen,
    bug: { file: PARKER, find: 'Atomics.add(this.#words, this.#seq, 1);', replace: '' },
  },
  {
    title: 'control/signals: a signal rung for before it is written',
    scenario: 'bell',
    isRight: isSeen,
    bug: {
      file: 'memory/control-arena.js',
      find: 'Atomics.store(this.#i32, this.#controlWord(task) + CONTROL.stop, 1);\n    this.doorbell(task).ring(',
      replace:
        'this.doorbell(task).ring(7);\n    Atomics.store(this.#i32, this.#controlWord(task) + CONTROL.stop, 1);\n    (',
    },
  },
  {
    title: 'control/signals: a drain rung for before it is written',
    scenario: 'drain bell',
    isRight: isSeen,
    bug: {
      file: 'memory/control-arena.js',
      find: 'Atomics.store(this.#i32, this.#controlWord(task) + CONTROL.drain, 1);\n    this.doorbell(task).ring(',
      replace:
        'this.doorbell(task).ring(7);\n    Atomics.store(this.#i32, this.#controlWord(task) + CONTROL.drain, 1);\n    (',
    },
  },
  {
    title: 'control/rate: a rate rung for before it is written',
    scenario: 'rate bell',
    isRight: isSeen,
    bug: {
      file: 'memory/control-arena.js',
      find: 'Atomics.store(this.#i32, this.#rateWord(cursor), bits);',
      replace:
        'for (const task of tasks) this.doorbell(task).ring(7);\n' +
        '    Atomics.store(this.#i32, this.#rateWord(cursor), bits);\n    return;',
    },
  },
  {
    title: 'control/splits: a split taken by a load and a store',
    scenario: 'splits',
    isRight: isDealt,
    bug: {
      file: 'memory/control-arena.js',
      find: 'return Atomics.add(this.#i32, this.#cursorWord(cursor), 1);',
      replace:
        'const next = Atomics.load(this.#i32, this.#cursorWord(cursor));' +
        'Atomics.store(this.#i32, this.#cursorWord(cursor), next + 1); return next;',
    },
  },
  {
    title: 'wait/hard: a hard wait whose look forgets the stop word',
    scenario: 'stop in a hard wait',
    isRight: isSeen,
    bug: {
      file: 'exchange/hard-waiter.js',
      find: 'this.#control.isStopRequested(this.#task) || this.#partition',
      replace: 'this.#partition',
    },
  },
];

for (const { title, scenario, bug, isRight } of CASES)
  interleavings(`${title} is noticed`, async () => {
    const { outcomes } = await lockstep(scenario, { preemptionsMax: 4, bug, until: isRight });
    assert.not(outcomes.every(isRight), 'the planted bug shows');
  });

interleavings.run();
