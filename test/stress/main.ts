/** `npm run stress -- [seconds] [seed]`: random graphs of exchanges under real threads; ends at the first fault. */
import { stressTopologies } from './topologies.js';

const [seconds = 60, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
if (!(seconds > 0) || !Number.isInteger(seed)) {
  console.error('usage: npm run stress -- [seconds] [seed]');
  process.exit(2);
}
console.log(`seed ${seed}`);
try {
  const graphs = await stressTopologies(seconds, seed, console.log);
  console.log(`${graphs} graphs, nothing found`);
} catch (error) {
  console.error(error);
  process.exit(1);
}
