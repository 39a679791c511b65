import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lockstep, type Outcome } from '../kit/lockstep.js';
import type { PlantedBug } from '../kit/planted-bug.js';

const interleavings = suite('interleavings of a whole exchange');

/** All was sent, and all arrived once and in order. Anything else is a lost wake-up, a loss or a violation. */
const isWhole = ({ results: [sent, got] }: Outcome): boolean =>
  sent === 'sent' && got.split(',').every((value, index) => Number(value) === index + 1);

for (const [scenario, rules] of [
  ['hard wait', 'wait/hard, pool/yield'],
  ['soft wait', 'available, credit/demand'],
  ['flush', 'flush/only-if-sendable, wait/coalesce, event/position-words'],
  ['three credits', 'wait/hysteresis, gate/lend, end/reclaim'],
  ['one floating', 'gate/lend, credit/demand'],
  ['no exclusive', 'credit/ask, wait/hard, gate/ready'],
  ['no exclusive, flushed', 'credit/ask, flush/only-if-sendable'],
  ['no exclusive, soft wait', 'credit/ask, partition/available'],
  ['pieces', 'record/span, gate/lend'],
] as const)
  interleavings(`${rules}: with ${scenario}, all arrives in order and nobody sleeps for ever`, async () => {
    const { outcomes, schedules } = await lockstep(scenario, { preemptionsMax: 2 });
    assert.ok(schedules > 1000);
    for (const outcome of outcomes) assert.ok(isWhole(outcome), JSON.stringify(outcome));
  });

/** The same, of two senders to one gate. */
const areWhole = ({ results: [sent, got] }: Outcome): boolean => sent === 'sent' && got === '1,2;1,2';

interleavings(
  'gate/ready, gate/lend: two senders share one floating segment, and neither waits for ever',
  async () => {
    const { outcomes, schedules } = await lockstep('two senders', { preemptionsMax: 2 });
    assert.ok(schedules > 1000);
    for (const outcome of outcomes) assert.ok(areWhole(outcome), JSON.stringify(outcome));
  },
);

/** What was before the barriers came before, and what was after them after. */
const isCut = ({ results: [sent, got] }: Outcome): boolean => sent === 'sent' && got === '0:1,1:1;0:2,1:2,b1';

interleavings(
  'gate/align, credit/barrier-clamp, event/atomic, event/position-words: a barrier cuts two channels, and none waits for ever',
  async () => {
    const { outcomes, schedules } = await lockstep('barrier', { preemptionsMax: 2 });
    assert.ok(schedules > 1000);
    for (const outcome of outcomes) assert.ok(isCut(outcome), JSON.stringify(outcome));
  },
);

// biome-ignore format: a table
const BARRIER_BUGS: readonly (readonly [title: string, bug: PlantedBug])[] = [
  ['credit/barrier-clamp: floating segments lent for what is after a barrier', {
    file: 'memory/channel-receiver.js',
    find: 'demand = this.#barrierPos;',
    replace: ';',
  }],
  ['event/position-words: the barrier looked at before the tail', {
    file: 'memory/channel-receiver.js',
    find: 'this.#tailSeen = Atomics.load(this.#words, this.#base + TAIL);\n    const id = Atomics.load(this.#words, this.#base + BARRIER_ID);',
    replace: 'const id = Atomics.load(this.#words, this.#base + BARRIER_ID);\n    this.#tailSeen = Atomics.load(this.#words, this.#base + TAIL);',
  }],
  ['event/position-words: a barrier posted after the data that follows it', {
    file: 'memory/channel-sender.js',
    find: 'this.#words[this.#base + BARRIER_POS] = this.#tail;',
    replace: 'this.#words[this.#base + BARRIER_POS] = (this.#tail + 1) | 0;',
  }],
  ['gate/align: an alignment that ends with the first barrier', {
    file: 'exchange/input-gate.js',
    find: 'return this.#blockedChannels > 0 && this.#blockedChannels === this.#openChannels;',
    replace: 'return this.#blockedChannels > 0;',
  }],
  ['gate/align: a channel that nobody looks at again after the barrier', {
    file: 'exchange/input-gate.js',
    find: 'channel.passBarrier(this.#aligningId);\n      this.#ready.set(index);',
    replace: 'channel.passBarrier(this.#aligningId);',
  }],
  ['event/atomic: data before a barrier that is sent after it', {
    file: 'exchange/result-partition.js',
    find: 'if (sub.pos > sub.start) this.#finishBuffer(sub, 0);\n      sub.channel.postBarrier(id);',
    replace: 'sub.channel.postBarrier(id);',
  }],
];

for (const [title, bug] of BARRIER_BUGS)
  interleavings(`${title} is noticed`, async () => {
    const { outcomes } = await lockstep('barrier', { preemptionsMax: 3, bug, until: isCut });
    assert.not(outcomes.every(isCut), 'the planted bug shows');
  });

/** A barrier is told where it was posted, or a newer one took its place. */
const isInPlace = ({ results: [sent, got] }: Outcome): boolean =>
  sent === 'sent' && (got === '1,b1,2,b2' || got === '1,2,b2');

interleavings(
  'event/position-words: a barrier that takes the place of another is told at its own position',
  async () => {
    const { outcomes, schedules } = await lockstep('two barriers', { preemptionsMax: 2 });
    assert.ok(schedules > 1000);
    for (const outcome of outcomes) assert.ok(isInPlace(outcome), JSON.stringify(outcome));
    assert.is(new Set(outcomes.map(({ results: [, got] }) => got)).size, 2, 'told, and overtaken');
  },
);

// biome-ignore format: a table
const REPLACED_BUGS: readonly (readonly [title: string, bug: PlantedBug])[] = [
  ['event/position-words: a position that changes under the older number', {
    file: 'memory/channel-sender.js',
    find: 'Atomics.store(this.#words, this.#base + BARRIER_ID, 0);',
    replace: '',
  }],
  ['event/position-words: the end looked at after the barrier, and not the barrier again', {
    file: 'memory/channel-receiver.js',
    find: 'return this.barrierId === 0 ? END : BARRIER;',
    replace: 'return END;',
  }],
];

for (const [title, bug] of REPLACED_BUGS)
  interleavings(`${title} is noticed`, async () => {
    const { outcomes } = await lockstep('two barriers', { preemptionsMax: 3, bug, until: isInPlace });
    assert.not(outcomes.every(isInPlace), 'the planted bug shows');
  });

// biome-ignore format: a table
const BUGS: readonly (readonly [title: string, scenario: string, bug: PlantedBug])[] = [
  ['exchange/swap-by-index: a credit taken before its buffer exists', 'soft wait', {
    file: 'memory/channel-sender.js',
    find: 'return (granted - this.#tail | 0) < 0 ? granted : this.#tail;',
    replace: 'return granted;',
  }],
  ['wait/park: INPUT rung for before the buffer is published', 'flush, each rung', {
    file: 'exchange/result-partition.js',
    find: 'sub.channel.publish(sub.segment, bytes, flags);\n    this.#rings.owe(sub);',
    replace: 'this.#rings.owe(sub);\n    sub.channel.publish(sub.segment, bytes, flags);',
  }],
  ['wait/park: CREDIT rung for before the segment is lent', 'hard wait', {
    file: 'exchange/segment-lender.js',
    find: 'channel.lend(segment, READING);',
    replace: 'this.#bells[index].ring(CREDIT); this.#bells[index] = { ring() {} }; channel.lend(segment, READING);',
  }],
  ['wait/park: no second look after the interest is raised', 'hard wait', {
    file: 'memory/parker.js',
    find: 'if (!condition.isReady()) {\n      this.parks++;\n      Atomics.wait',
    replace: 'if (true) {\n      this.parks++;\n      Atomics.wait',
  }],
  ['event/position-words: an end that does not ring', 'end', {
    file: 'exchange/result-partition.js',
    find: 'sub.channel.end();\n      this.#rings.ring(sub);',
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
    file: 'exchange/segment-lender.js',
    find: 'let back = channel.reclaim();',
    replace: 'let back = NO_SEGMENT;',
  }],
  ['gate/ready: a bit raised before its buffer is published', 'flush', {
    file: 'memory/channel-sender.js',
    find: 'Atomics.store(this.#words, this.#base + TAIL, this.#tail);\n    this.#ready.raise();',
    replace: 'this.#ready.raise();\n    Atomics.store(this.#words, this.#base + TAIL, this.#tail);',
  }],
  ['gate/ready: an end that raises no bit', 'end', {
    file: 'memory/channel-sender.js',
    find: 'Atomics.store(this.#words, this.#base + END_KIND, 1);\n    this.#ready.raise();',
    replace: 'Atomics.store(this.#words, this.#base + END_KIND, 1);',
  }],
  ['gate/ready: a look at the words that forgets them', 'flush', {
    file: 'memory/ready-words.js',
    find: 'this.#taken[word] !== 0 || this.#raised(word) !== 0',
    replace: 'this.#taken[word] !== 0',
  }],
  ['credit/ask: a sender that never asks', 'no exclusive, flushed', {
    file: 'memory/channel-sender.js',
    find: 'this.#ahead = exclusive === 0 ? 1 : 0;',
    replace: 'this.#ahead = 0;',
  }],
  ['credit/demand: more lent than there are buffers to use it', 'one floating', {
    file: 'memory/channel-receiver.js',
    find: 'const isAsked = (demand + this.#exclusive - this.#granted | 0) > 0;',
    replace: 'const isAsked = (demand + this.#exclusive + 1 - this.#granted | 0) > 0;',
  }],
  ['wait/hysteresis: a floating segment lent and not told', 'no exclusive, soft wait', {
    file: 'exchange/segment-lender.js',
    find: 'channel.lend(this.#floating.pop(), GATE_FREE);\n      this.#owe(index);',
    replace: 'channel.lend(this.#floating.pop(), GATE_FREE);',
  }],
  ['record/span: a piece whose segment stays with the gate', 'pieces', {
    file: 'exchange/input-gate.js',
    find: 'this.#lender.giveBack(index, segment);\n      if (flags',
    replace: 'if (flags === LAST_PIECE) this.#lender.giveBack(index, segment);\n      if (flags',
  }],
];

// biome-ignore format: a table
const BUGS_OF_TWO: readonly (readonly [title: string, bug: PlantedBug])[] = [
  ['gate/ready: bits taken by a load and a store', {
    file: 'memory/ready-words.js',
    find: 'this.#taken[word] |= Atomics.exchange(this.#words, this.#index(word), 0);',
    replace: '{ this.#taken[word] |= Atomics.load(this.#words, this.#index(word)); Atomics.store(this.#words, this.#index(word), 0); }',
  }],
  ['gate/lend: a floating segment given back and not dealt', {
    file: 'exchange/segment-lender.js',
    find: 'this.keep(channel, segment);',
    replace: 'this.keep(channel, segment); return;',
  }],
  ['gate/ready: a channel that is lent to and not looked at again', {
    file: 'exchange/segment-lender.js',
    find: 'this.#owe(index);\n      this.#ready.set(index);',
    replace: 'this.#owe(index);',
  }],
];

for (const [title, bug] of BUGS_OF_TWO)
  interleavings(`${title} is noticed`, async () => {
    const { outcomes } = await lockstep('two senders', { preemptionsMax: 3, bug, until: areWhole });
    assert.not(outcomes.every(areWhole), 'the planted bug shows');
  });

for (const [title, scenario, bug] of BUGS)
  interleavings(`${title} is noticed`, async () => {
    const { outcomes } = await lockstep(scenario, { preemptionsMax: 3, bug, until: isWhole });
    assert.not(outcomes.every(isWhole), 'the planted bug shows');
  });

interleavings.run();
