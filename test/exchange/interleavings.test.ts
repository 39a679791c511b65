import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lockstep, type Outcome, type PlantedBug } from '../kit/lockstep.js';

const interleavings = suite('interleavings of a whole exchange');

/** All was sent, and all arrived once and in order. Anything else is a lost wake-up, a loss or a violation. */
const isWhole = ({ results: [sent, got] }: Outcome): boolean =>
  sent === 'sent' && got.split(',').every((value, index) => Number(value) === index + 1);

for (const [scenario, rules] of [
  ['hard wait', 'wait/hard, pool/yield'],
  ['soft wait', 'available, credit/demand'],
  ['flush', 'flush/only-if-sendable, wait/coalesce, event/position-words'],
  ['three credits', 'wait/hysteresis, gate/lend, end/reclaim'],
] as const)
  interleavings(`${rules}: with ${scenario}, all arrives in order and nobody sleeps for ever`, async () => {
    const { outcomes, schedules } = await lockstep(scenario, { preemptionsMax: 2 });
    assert.ok(schedules > 1000);
    for (const outcome of outcomes) assert.ok(isWhole(outcome), JSON.stringify(outcome));
  });

// biome-ignore format: a table
const BUGS: readonly (readonly [title: string, scenario: string, bug: PlantedBug])[] = [
  ['exchange/swap-by-index: a credit taken before its buffer exists', 'soft wait', {
    file: 'memory/channel.js',
    find: 'return (granted - this.#tail | 0) < 0 ? granted : this.#tail;',
    replace: 'return granted;',
  }],
  ['wait/park: INPUT rung for before the buffer is published', 'flush, each rung', {
    file: 'exchange/result-partition.js',
    find: 'sub.channel.publish(sub.segment, bytes);\n    this.#owe(sub);',
    replace: 'this.#owe(sub);\n    sub.channel.publish(sub.segment, bytes);',
  }],
  ['wait/park: CREDIT rung for before the segment is lent', 'hard wait', {
    file: 'exchange/input-gate.js',
    find: 'this.#channels[index].lend(this.#reading);',
    replace: 'this.#bells[index].ring(CREDIT); this.#bells[index] = { ring() {} }; this.#channels[index].lend(this.#reading);',
  }],
  ['wait/park: no second look after the interest is raised', 'hard wait', {
    file: 'memory/parker.js',
    find: 'if (!condition.isReady()) {\n      this.parks++;\n      Atomics.wait',
    replace: 'if (true) {\n      this.parks++;\n      Atomics.wait',
  }],
  ['event/position-words: the end told before its position', 'end', {
    file: 'memory/channel.js',
    find: 'this.#words[this.#base + END_POS] = this.#tail;\n    Atomics.store(this.#words, this.#base + END_KIND, 1);',
    replace: 'Atomics.store(this.#words, this.#base + END_KIND, 1);\n    this.#words[this.#base + END_POS] = this.#tail;',
  }],
  ['event/position-words: an end that is seen, and its position not compared', 'end', {
    file: 'memory/channel.js',
    find: 'return this.#words[this.#base + END_POS] === this.#head;',
    replace: 'return true;',
  }],
  ['event/position-words: an end that does not ring', 'end', {
    file: 'exchange/result-partition.js',
    find: 'sub.channel.end();\n      this.#ring(sub);',
    replace: 'sub.channel.end();',
  }],
  ['wait/coalesce: a flush that forgets the rings it owes', 'flush', {
    file: 'exchange/result-partition.js',
    find: 'this.refresh();\n    this.ringOwed();\n    return',
    replace: 'this.refresh();\n    return',
  }],
  ['flush/only-if-sendable: a flush that credit does not finish', 'flush', {
    file: 'exchange/result-partition.js',
    find: 'this.#isUnflushed = isUnflushed;',
    replace: '',
  }],
  ['end/reclaim: segments lent past the end and not taken back', 'soft wait', {
    file: 'exchange/input-gate.js',
    find: 'while (channel.reclaim() !== NO_SEGMENT) reclaimed++;',
    replace: '',
  }],
];

for (const [title, scenario, bug] of BUGS)
  interleavings(`${title} is noticed`, async () => {
    const { outcomes } = await lockstep(scenario, { preemptionsMax: 3, bug, until: isWhole });
    assert.not(outcomes.every(isWhole), 'the planted bug shows');
  });

interleavings.run();
