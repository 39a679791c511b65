import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GateInput } from '../../engine/runtime/gate-input.js';
import { GatesInput } from '../../engine/runtime/gates-input.js';
import { KeySampler } from '../../engine/runtime/key-sampler.js';
import { SampledCost } from '../../engine/runtime/sampled-cost.js';
import { STEP, type Step } from '../../engine/runtime/task-input.js';
import { WatermarkValve } from '../../engine/runtime/watermark-valve.js';
import { many } from '../kit/exchange-pair.js';
import { NotingCore } from '../kit/noting-core.js';

const inputs = suite('input of several gates');

/** Exchanges with so many senders each, and a chain that notes the rows it is given as `gate:value`. */
function inputOf(...senders: readonly number[]) {
  const all = senders.map((each) => many({ senders: each, exclusivePerChannel: 8 }));
  const core = new NotingCore();
  let failing = Number.NaN;
  const gate = (number: number) => (begin: number, end: number, budget: number) => {
    const { i32, f64 } = all[number]!.exchange.view;
    let p = begin;
    for (let rows = 0; rows < budget && p < end && i32[p >> 2]! > 0; rows++) {
      const value = f64[(p >> 3) + 1]!;
      if (value === failing) {
        core.failedAt = p;
        throw new Error(`at ${value}`);
      }
      core.notes.push(`${number}:${value}`);
      p += i32[p >> 2]!;
    }
    return p;
  };
  const chain = {
    ...{ core, batch: null, gate, undeclared: [], unpacking: new SampledCost() },
    codeMap: undefined as never,
  };
  const valve = new WatermarkValve(senders.reduce((sum, each) => sum + each, 0));
  const gates = all.map(({ gates, exchange }, number) => {
    const firstChannel = senders.slice(0, number).reduce((sum, each) => sum + each, 0);
    const declared = { fields: [], isPacked: false };
    const parts = { gate: gates[0]!, view: exchange.view, number, firstChannel, declared, keys: [] };
    return new GateInput(chain, parts, valve, null, null);
  });
  const input = new GatesInput(gates);
  /** Steps until nothing is left; what the chain was told meanwhile. */
  const told = (): string[] => {
    core.notes.length = 0;
    let step: Step = STEP.PROGRESS;
    while (step === STEP.PROGRESS) step = input.step(2);
    if (step === STEP.DONE) core.notes.push('done');
    return [...core.notes];
  };
  const fail = (value: number): void => {
    failing = value;
  };
  return { all, gates, input, core, told, fail };
}

inputs('input/every-gate: gates that have something are read in turn, a buffer of each', () => {
  const { all, told } = inputOf(1, 1, 1);
  for (const value of [1, 2, 3, 4]) all[0]!.write(0, 0, value);
  for (const value of [5, 6]) all[2]!.write(0, 0, value);
  for (const { partitions } of all) partitions[0]!.flush();
  assert.equal(told(), ['0:1', '2:5', '0:2', '2:6', '0:3', '0:4']);
  all[1]!.write(0, 0, 7);
  all[1]!.partitions[0]!.flush();
  assert.equal(told(), ['1:7'], 'also after a gate that has nothing');
});

inputs('a buffer is read to its end before the next gate has its turn, however little a step takes', () => {
  const { all, told, input } = inputOf(1, 1);
  for (const value of [1, 2, 3, 4]) all[0]!.write(0, 0, value, 16);
  all[1]!.write(0, 0, 6, 16);
  for (const { partitions } of all) partitions[0]!.flush();
  assert.is(input.step(2), STEP.PROGRESS);
  assert.equal(told(), ['0:3', '0:4', '1:6']);
});

inputs('one watermark is merged from the channels of all gates', () => {
  const { all, told } = inputOf(2, 1);
  const emit = (gate: number, sender: number, watermarkMs: number): string[] => {
    all[gate]!.partitions[sender]!.emitWatermark(watermarkMs);
    all[gate]!.partitions[sender]!.flush();
    return told();
  };
  assert.equal(emit(0, 0, 5), []);
  assert.equal(emit(0, 1, 9), []);
  assert.equal(emit(1, 0, 7), ['watermark 5']);
  assert.equal(emit(0, 0, 8), ['watermark 7']);
  all[1]!.partitions[0]!.emitIdle(true);
  all[1]!.partitions[0]!.flush();
  assert.equal(told(), ['watermark 8']);
});

inputs('a gate that has ended holds nobody up, and the input ends with the last one', () => {
  const { all, told, input } = inputOf(1, 1);
  all[0]!.partitions[0]!.finish();
  assert.equal(told(), []);
  assert.not(input.isReady(), 'that it has ended is no news any more');
  all[1]!.partitions[0]!.emitWatermark(3);
  all[1]!.write(0, 0, 1, 16);
  all[1]!.partitions[0]!.flush();
  assert.ok(input.isReady());
  assert.equal(told(), ['watermark 3', '1:1']);
  all[1]!.partitions[0]!.finish();
  assert.equal(told(), ['watermark Infinity', 'done']);
});

inputs(
  'a gate that ended beside one that is idle ends nothing, and the chain hears when time goes on',
  () => {
    const { all, told } = inputOf(1, 1);
    const [first, second] = all.map(({ partitions }) => partitions[0]!) as [any, any];
    const told0 = (act: (partition: any) => void, partition: any): string[] => {
      act(partition);
      partition.flush();
      return told();
    };
    assert.equal(
      told0((each) => each.emitWatermark(5), first),
      [],
    );
    assert.equal(
      told0((each) => each.emitIdle(true), second),
      ['watermark 5'],
    );
    first.finish();
    assert.equal(told(), ['idle']);
    assert.equal(
      told0((each) => each.emitIdle(false), second),
      ['active'],
    );
    assert.equal(
      told0((each) => each.emitWatermark(8), second),
      ['watermark 8'],
    );
    second.finish();
    assert.equal(told(), ['watermark Infinity', 'done']);
  },
);

inputs('a failure tells the record of the gate that was read', () => {
  const { all, told, input, core, fail } = inputOf(1, 1);
  fail(2);
  all[0]!.write(0, 0, 1, 16);
  all[1]!.write(0, 0, 2, 16);
  for (const { partitions } of all) partitions[0]!.flush();
  assert.throws(told, /at 2/);
  assert.is(input.describeRow(core), '{}');
});

inputs('release/drop: what is released leaves all gates, and goes on to their ends', () => {
  const { all, told, input } = inputOf(1, 1);
  for (const { partitions, write } of all) {
    write(0, 0, 1, 16);
    partitions[0]!.flush();
  }
  input.release();
  assert.equal(told(), []);
  for (const { partitions } of all) partitions[0]!.finish();
  assert.equal(told(), ['watermark Infinity', 'done']);
});

inputs('a sampler counts the rows of all gates together', () => {
  const { all, gates, told } = inputOf(1, 1);
  const sampler = new KeySampler(null);
  for (const gate of gates) gate.sampler = sampler;
  for (const [at, { partitions, write }] of all.entries()) {
    for (let value = 0; value <= at; value++) write(0, 0, value, 16);
    partitions[0]!.flush();
  }
  told();
  assert.is(sampler.sample.rows, 3);
});

inputs.run();
