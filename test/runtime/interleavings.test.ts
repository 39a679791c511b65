import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lockstep, type Outcome } from '../kit/lockstep.js';
import type { PlantedBug } from '../kit/planted-bug.js';

const interleavings = suite('interleavings of a task with two gates');

const isWhole = ({ results: [sent, got] }: Outcome): boolean => sent === 'sent' && got === '1;1,2,3';

interleavings(
  'input/every-gate, wait/park: a diamond ends in any order, and nobody sleeps for ever',
  async () => {
    const { outcomes, schedules } = await lockstep('diamond', { preemptionsMax: 1 });
    assert.ok(schedules > 100);
    for (const outcome of outcomes) assert.ok(isWhole(outcome), JSON.stringify(outcome));
  },
);

// biome-ignore format: a table
const BUGS: readonly (readonly [title: string, bug: PlantedBug])[] = [
  ['input/every-gate: a gate that is waited for while it has nothing', {
    file: 'runtime/gates-input.js',
    find: 'if (--this.#open === 0) return step;\n      }\n      this.#passOn();',
    replace: 'if (--this.#open === 0) return step;\n      this.#passOn(); }',
  }],
  ['input/every-gate: a task that is woken by one gate alone', {
    file: 'runtime/gates-input.js',
    find: 'this.#gates.some((gate, i) => !this.#hasEnded[i] && gate.isReady())',
    replace: 'this.#gates[this.#turn].isReady()',
  }],
];

for (const [title, bug] of BUGS)
  interleavings(`${title} is noticed`, async () => {
    const { outcomes } = await lockstep('diamond', { preemptionsMax: 2, bug, until: isWhole });
    assert.not(outcomes.every(isWhole), 'the planted bug shows');
  });

interleavings.run();
