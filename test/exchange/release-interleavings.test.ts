import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lockstep, type Outcome } from '../kit/lockstep.js';
import type { PlantedBug } from '../kit/planted-bug.js';

const interleavings = suite('interleavings of a receiver that leaves');

/** Buffers that a sender of a scenario finishes. */
const FINISHED = {
  'left in a hard wait': 4,
  'left while it lends': 4,
  'left in a soft wait': 4,
  'left in a flush': 3,
  'left at the end': 3,
  'left in an element': 6,
  'one of two left': 4,
  'left without credits': 6,
  'left by two senders': 2,
} as const;
type Name = keyof typeof FINISHED;

const figures = (channel: string): number[] => /;(\d+)\+(\d+)$/.exec(channel)?.slice(1).map(Number) ?? [];

/** All was sent; what was got is in order and without gaps; every buffer was published or discarded. */
const isWhole =
  (scenario: Name) =>
  ({ results: [sent, got] }: Outcome): boolean => {
    const isAllForOther = scenario !== 'one of two left' || got.startsWith('1,2,3,4;');
    return sent === 'sent' && isAllForOther && got.split(' ').every(isWholeChannel(FINISHED[scenario]));
  };

const isWholeChannel =
  (finished: number) =>
  (channel: string): boolean => {
    const [values] = channel.split(';');
    const [published, discarded] = figures(channel);
    const isInOrder =
      values === '' || values!.split(',').every((value, index) => Number(value) === index + 1);
    return isInOrder && published! + discarded! === finished;
  };

for (const [scenario, rules] of [
  ['left in a hard wait', 'release/discard, wait/hard'],
  ['left while it lends', 'release/discard, release/end'],
  ['left in a soft wait', 'release/discard, partition/available'],
  ['left in a flush', 'release/discard, flush/only-if-sendable'],
  ['left at the end', 'release/end, release/drop'],
  ['left in an element', 'release/drop, record/span'],
  ['one of two left', 'release/discard, exchange/broadcast-copies'],
  ['left without credits', 'release/discard, credit/ask, record/span'],
  ['left by two senders', 'release/drop, release/end, gate/align, gate/lend'],
] as const)
  interleavings(
    `${rules}: a channel ${scenario}: every segment comes home, and nobody sleeps for ever`,
    async () => {
      const { outcomes, schedules } = await lockstep(scenario, { preemptionsMax: 2 });
      assert.ok(schedules > 500, `${schedules} schedules`);
      for (const outcome of outcomes) assert.ok(isWhole(scenario)(outcome), JSON.stringify(outcome));
      const discards = outcomes.map(({ results: [, got] }) => figures(got)[1]!);
      assert.ok(Math.max(...discards) > 0, 'some schedule discards');
    },
  );

// biome-ignore format: a table
const BUGS: readonly (readonly [title: string, scenario: Name, bug: PlantedBug])[] = [
  ['release/discard: a receiver that leaves and does not ring', 'left in a hard wait', {
    file: 'exchange/segment-lender.js',
    find: 'this.#home += this.#exclusive;\n    this.#ring(index);',
    replace: 'this.#home += this.#exclusive;',
  }],
  ['release/discard: a sender that is woken before the word is written', 'left in a hard wait', {
    file: 'exchange/input-gate.js',
    find: 'channel.release();\n      this.#lender.release(index);',
    replace: 'this.#lender.release(index);\n      channel.release();',
  }],
  ['release/drop: a gate that goes on waiting at a barrier', 'left by two senders', {
    file: 'exchange/input-gate.js',
    find: 'this.#isBlocked.fill(false);',
    replace: '',
  }],
  ['release/drop: a gate that does not look at what it had put aside', 'left by two senders', {
    file: 'exchange/input-gate.js',
    find: 'this.#lender.release(index);\n      this.#ready.set(index);',
    replace: 'this.#lender.release(index);',
  }],
  ['release/drop: a barrier that came before is told to whom has left', 'left by two senders', {
    file: 'memory/channel-receiver.js',
    find: 'this.#isReleased = true;\n    this.barrierId = 0;',
    replace: 'this.#isReleased = true;',
  }],
  ['release/discard: a discarded buffer whose segment does not come back', 'left in a hard wait', {
    file: 'exchange/result-partition.js',
    find: 'sub.channel.discard();\n      this.#putBack(sub);',
    replace: 'sub.channel.discard();\n      sub.close();',
  }],
  ['release/discard: a buffer taken back whose segment is lost', 'left in a soft wait', {
    file: 'exchange/segment-pool.js',
    find: 'segment = channel.takeBack())\n      this.#free.push(segment);',
    replace: 'segment = channel.takeBack());',
  }],
  ['release/discard: buffers that wait for credit left where they are', 'left in a hard wait', {
    file: 'exchange/segment-pool.js',
    find: 'if (!isNews) return false;',
    replace: 'return isNews;',
  }],
  ['release/discard: a receiver that goes on lending', 'left while it lends', {
    file: 'memory/channel-receiver.js',
    find: 'if (this.#isReleased) return (demand - this.#granted | 0) > 0;',
    replace: '',
  }],
  ['release/discard: a word that is written before the last segment is lent', 'left while it lends', {
    file: 'memory/channel-sender.js',
    find: 'this.isReleased = this.peekReleased();\n    this.#grantedSeen = Atomics.load(this.#words, this.#base + GRANTED);',
    replace: 'this.#grantedSeen = Atomics.load(this.#words, this.#base + GRANTED);\n    this.isReleased = this.peekReleased();',
  }],
  ['release/discard: a hard wait that does not look at the word', 'left in a hard wait', {
    file: 'exchange/result-partition.js',
    find: 'const isReleased = channel.peekReleased();',
    replace: 'const isReleased = channel.isReleased;',
  }],
  ['release/discard: a soft wait that does not look at the word', 'left in a soft wait', {
    file: 'exchange/result-partition.js',
    find: 'const isReleased = sub.channel.peekReleased();',
    replace: 'const isReleased = sub.channel.isReleased;',
  }],
  ['release/discard: a flush that waits for credit that nobody gives', 'left in a flush', {
    file: 'memory/channel-sender.js',
    find: 'return this.isReleased || (this.#grantedSeen',
    replace: 'return (this.#grantedSeen',
  }],
  ['release/end: an end that is not told to whom has left', 'left in a soft wait', {
    file: 'exchange/result-partition.js',
    find: 'sub.channel.end();',
    replace: 'if (!sub.channel.isReleased) sub.channel.end();',
  }],
  ['release/end: buffers taken back after the end', 'left at the end', {
    file: 'memory/channel-sender.js',
    find: 'if (this.isReleased || this.#hasEnded) return this.isReleased;',
    replace: 'if (this.isReleased) return true;',
  }],
  ['release/end: nothing lent for what is before the end', 'left at the end', {
    file: 'memory/channel-receiver.js',
    find: 'if (this.#isReleased) return (demand - this.#granted | 0) > 0;',
    replace: 'if (this.#isReleased) return false;',
  }],
  ['release/end: the tail looked at before the end', 'left in a soft wait', {
    file: 'memory/channel-receiver.js',
    find: 'const hasEnded = Atomics.load(this.#words, this.#base + END_KIND) !== 0;\n    const tail = Atomics.load(this.#words, this.#base + TAIL);',
    replace: 'const tail = Atomics.load(this.#words, this.#base + TAIL);\n    const hasEnded = Atomics.load(this.#words, this.#base + END_KIND) !== 0;',
  }],
  ['release/drop: a gate that gives out what came before it left', 'left in an element', {
    file: 'exchange/input-gate.js',
    find: 'if (this.#isReleased) {\n      this.#lender.giveBack(index, segment);\n      return false;\n    }',
    replace: '',
  }],
  ['release/drop: a barrier told to whom has left', 'left at the end', {
    file: 'memory/channel-receiver.js',
    find: 'if (this.#isReleased) {\n      this.#lookReleased();\n      return;\n    }',
    replace: '',
  }],
  ['release/drop: segments given back to a channel that was left', 'left while it lends', {
    file: 'exchange/segment-lender.js',
    find: 'if (!this.#isReleased && channel.lent < this.#exclusive)',
    replace: 'if (channel.lent < this.#exclusive)',
  }],
];

for (const [title, scenario, bug] of BUGS)
  interleavings(`${title} is noticed`, async () => {
    const until = isWhole(scenario);
    const { outcomes } = await lockstep(scenario, { preemptionsMax: 3, bug, until });
    assert.not(outcomes.every(until), 'the planted bug shows');
  });

interleavings.run();
