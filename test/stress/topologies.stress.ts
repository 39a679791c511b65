import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stressTopologies } from './topologies.js';

const stress = suite('random graphs under real threads');
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);

stress(
  'wait/park, wait/hard, gate/align, gate/lend, credit/count: graphs end, and every channel is whole',
  async () => {
    const lines: string[] = [];
    const graphs = await stressTopologies(8, seed, (line) => lines.push(line));
    assert.is(lines.length, graphs);
    assert.ok(graphs > 0);
  },
);

stress.run();
