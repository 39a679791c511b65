import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WatermarkValve } from '../../engine/runtime/watermark-valve.js';

const valves = suite('watermark valve');

/** `0:5` a watermark of 5 on channel 0, `0:idle`, `0:active`, `0:end`; what the valve gives out after each. */
function play(channels: number, events: string): string {
  const valve = new WatermarkValve(channels);
  const outputs = events.split(' ').map((event) => {
    const [channel, what] = event.split(':') as [string, string];
    if (what === 'idle' || what === 'active') valve.onIdle(Number(channel), what === 'idle');
    else if (what === 'end') valve.onEnd(Number(channel));
    else valve.onWatermark(Number(channel), Number(what));
    return `${valve.watermarkMs}${valve.isIdle ? ' idle' : ''}`;
  });
  return outputs.join(', ');
}

valves('the output is the least watermark of all channels, from the first of the last one on', () => {
  assert.is(play(2, '0:5 1:3 1:9 0:7'), '-Infinity, 3, 5, 7');
  assert.is(play(3, '0:5 1:3 0:9 2:1'), '-Infinity, -Infinity, -Infinity, 1');
});

valves('a watermark that goes back is ignored', () => {
  assert.is(play(1, '0:5 0:3 0:6'), '5, 5, 6');
  assert.is(play(2, '0:9 0:5 1:7'), '-Infinity, -Infinity, 7');
});

valves('an idle channel does not hold the others back, and its watermarks do not count', () => {
  assert.is(play(2, '0:5 1:idle 0:8'), '-Infinity, 5, 8');
  assert.is(play(2, '1:idle 1:3 0:5 1:active 0:6'), '-Infinity, -Infinity, 5, 5, 6');
  assert.is(play(3, '0:5 1:7 2:idle 2:9'), '-Infinity, -Infinity, 5, 5');
  assert.is(play(2, '0:5 1:idle 1:9 1:active 1:8 0:20'), '-Infinity, 5, 5, 5, 5, 8');
});

valves('a channel that is active again takes part once it has caught up with the output', () => {
  assert.is(play(2, '1:idle 0:5 1:active 0:6 1:3 0:7 1:7 0:9'), '-Infinity, 5, 5, 6, 6, 7, 7, 7');
  assert.is(play(2, '0:2 1:4 1:idle 1:active 0:6'), '-Infinity, 2, 2, 2, 4', 'it had not fallen behind');
});

valves('nothing is given out while no channel takes part', () => {
  assert.is(play(2, '0:5 1:5 0:idle 1:idle 0:active 0:6'), '-Infinity, 5, 5, 5 idle, 5, 6');
  assert.is(play(2, '1:idle 0:5 1:active 0:idle 0:active'), '-Infinity, 5, 5, 5, 5');
  assert.is(play(2, '0:9 0:idle 1:idle 0:active 1:active 1:4'), '-Infinity, -Infinity, 9 idle, 9, 9, 9');
  assert.is(play(1, '0:idle'), '-Infinity idle');
});

valves('the task is idle while every channel is, and gives out what the furthest one reached', () => {
  assert.is(play(2, '0:5 1:9 1:idle 0:idle 0:active'), '-Infinity, 5, 5, 9 idle, 9');
  assert.is(
    play(2, '0:idle 0:idle 1:idle 1:active 1:2'),
    '-Infinity, -Infinity, -Infinity idle, -Infinity, 2',
  );
});

valves('a channel that ended is at the end of time, whatever it was before', () => {
  assert.is(play(2, '0:5 1:end 0:8 0:end'), '-Infinity, 5, 8, Infinity');
  assert.is(play(2, '1:idle 0:5 1:active 1:end 0:7 0:end'), '-Infinity, 5, 5, 5, 7, Infinity');
  assert.is(play(1, '0:idle 0:end'), '-Infinity idle, Infinity');
});

valves('time does not end beside channels that are idle, since their rows may still come', () => {
  assert.is(play(2, '0:5 1:3 1:idle 0:end'), '-Infinity, 3, 5, 5 idle');
  assert.is(play(2, '0:5 1:idle 0:end 1:active 1:4 1:8 1:end'), '-Infinity, 5, 5 idle, 5, 5, 8, Infinity');
  assert.is(play(2, '0:end 1:7 1:idle 1:active 1:9'), '-Infinity, 7, 7 idle, 7, 9');
  assert.is(
    play(3, '0:Infinity 1:9 1:idle 2:4 2:idle 2:end 1:end'),
    '-Infinity, -Infinity, -Infinity, 4, 9 idle, 9 idle, Infinity',
  );
});

valves.run();
