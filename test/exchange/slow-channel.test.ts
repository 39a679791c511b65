import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { waitsIn } from '../../engine/control/wait-graph.js';
import { CREDIT, MAIL } from '../../engine/memory/parker.js';
import { SOFT_BACKPRESSURED } from '../../engine/memory/task-clock.js';
import { waitPicture } from '../../engine/memory/wait-picture.js';
import { PlantedTasks } from '../kit/planted-waits.js';

const slow = suite('a slow channel');

const [EXCLUSIVE, AT_MOST] = [2, 10];
/** Records of 24 bytes in a segment of 64. */
const PER_BUFFER = 2;
const SLOW = 3;

slow('by hash the others lose nothing until its credits are gone, then the task waits for it by name', () => {
  const changes = { exclusivePerChannel: EXCLUSIVE, buffersPerSubpartitionMax: AT_MOST };
  const tasks = new PlantedTasks(5, [{ from: [0], to: [1, 2, 3, 4], changes }]);
  const partition = tasks.partitions[0]![0]!;
  const sent: number[][] = [[], [], [], []];
  const read: number[][] = [[], [], [], []];
  for (let value = 0; partition.available; value++) {
    const k = (value * 7) % 4;
    tasks.write(0, k, value);
    sent[k]!.push(value);
    for (let other = 0; other < SLOW; other++) read[other]!.push(...tasks.readAll(0, other));
  }
  partition.flush();
  for (let other = 0; other < SLOW; other++) {
    read[other]!.push(...tasks.readAll(0, other));
    assert.equal(read[other], sent[other], `receiver ${other} has everything, in order`);
  }
  const buffers = Math.floor(sent[SLOW]!.length / PER_BUFFER);
  assert.is(buffers, EXCLUSIVE + AT_MOST, 'all its credits are used, and as many buffers wait as may');
  tasks.clocks[0]!.wait(SOFT_BACKPRESSURED, 100);
  tasks.park(0, CREDIT | MAIL);
  const waits = waitsIn(waitPicture(tasks.memory, tasks.exchanges, 200));
  assert.equal(
    waits.map(({ task, needs }) => [task, needs.map((wakers) => wakers.map(({ waker }) => waker))]),
    [[0, [[SLOW + 1]]]],
    'the task of the slow receiver and no other',
  );
});

slow.run();
