import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GateInput } from '../../engine/runtime/gate-input.js';
import { SampledCost } from '../../engine/runtime/sampled-cost.js';
import { STEP, type Step } from '../../engine/runtime/task-input.js';
import { WatermarkValve } from '../../engine/runtime/watermark-valve.js';
import { many } from '../kit/exchange-pair.js';
import { NotingCore } from '../kit/noting-core.js';

const inputs = suite('gate input');

/** Two senders, and a chain that notes the sizes of the rows it is given. */
function inputOfTwo() {
  const all = many({ senders: 2 });
  const core = new NotingCore();
  const { i32 } = all.exchange.view;
  const gate = () => (begin: number, end: number, budget: number) => {
    let p = begin;
    for (let rows = 0; rows < budget && p < end && i32[p >> 2]! > 0; rows++) {
      core.notes.push(`row ${i32[(p >> 2) + 1]}`);
      p += i32[p >> 2]!;
    }
    return p;
  };
  const chain = {
    core,
    batch: null,
    gate,
    undeclared: [],
    unpacking: new SampledCost(),
    codeMap: undefined as never,
  };
  const parts = {
    gate: all.gates[0]!,
    view: all.exchange.view,
    number: 0,
    firstChannel: 0,
    declared: { fields: [], isPacked: false },
    keys: null,
  };
  const input = new GateInput(chain, parts, new WatermarkValve(2), null, null);
  /** Steps until nothing is left; what the chain was told meanwhile. */
  const told = (): string[] => {
    core.notes.length = 0;
    let step: Step = STEP.PROGRESS;
    while (step === STEP.PROGRESS) step = input.step(2);
    if (step === STEP.DONE) core.notes.push('done');
    return [...core.notes];
  };
  const send = (sender: number, emit: (partition: (typeof all.partitions)[0]) => void): string[] => {
    emit(all.partitions[sender]!);
    all.partitions[sender]!.flush();
    return told();
  };
  return { ...all, input, send, told };
}

inputs('rows come in the order of their buffer, with the merged watermark between them', () => {
  const { partitions, send, told, write } = inputOfTwo();
  assert.equal(
    send(0, (partition) => {
      write(0, 0, 1, 16);
      partition.emitWatermark(5);
      write(0, 0, 2, 16);
    }),
    ['row 1', 'row 2'],
  );
  assert.equal(
    send(1, (partition) => {
      partition.emitWatermark(3);
      write(1, 0, 3, 16);
      partition.emitWatermark(9);
    }),
    ['watermark 3', 'row 3', 'watermark 5'],
  );
  for (const partition of partitions) partition.finish();
  assert.equal(told(), ['watermark 9', 'watermark Infinity', 'done']);
});

inputs('a channel that ends or falls idle lets the watermark of the others through at once', () => {
  const ending = inputOfTwo();
  assert.equal(
    ending.send(0, (partition) => partition.emitWatermark(5)),
    [],
  );
  ending.partitions[1]!.finish();
  assert.equal(ending.told(), ['watermark 5']);

  const idle = inputOfTwo();
  assert.equal(
    idle.send(0, (partition) => partition.emitWatermark(5)),
    [],
  );
  assert.equal(
    idle.send(1, (partition) => partition.emitIdle(true)),
    ['watermark 5'],
  );
  assert.equal(
    idle.send(0, (partition) => partition.emitIdle(true)),
    ['idle'],
  );
  assert.equal(
    idle.send(1, (partition) => partition.emitIdle(false)),
    ['active'],
  );
});

inputs('gate/lend: a buffer is given back after its last row, and not before', () => {
  const { input, partitions, write } = inputOfTwo();
  for (let value = 1; value <= 3; value++) write(0, 0, value, 16);
  partitions[0]!.flush();
  const credits = (): number => -partitions[0]!.subpartitions[0]!.channel.peekBacklog();
  assert.equal([credits(), input.isReady()], [1, true]);
  assert.equal([input.step(2), credits(), input.isReady()], [STEP.PROGRESS, 1, true]);
  assert.equal([input.step(2), credits()], [STEP.PROGRESS, 2]);
  assert.equal([input.step(2), input.isReady()], [STEP.WAIT_INPUT, false]);
});

inputs.run();
