/** Tells of each event some time after it came, while no other comes. */
import {
  job,
  type KeyedContext,
  KeyedProcessFunction,
  outputTag,
  type TimerContext,
  t,
  valueState,
} from 'sluice';

const Event = t.record({ user: t.string, delay: t.int32 });
const Told = t.record({ user: t.string, waited: t.int64 });

const ignored = outputTag('ignored', Event);

class Alarm extends KeyedProcessFunction<typeof Event.row, typeof Told.row, string> {
  readonly since = valueState(t.timestamp);

  override processElement(event: typeof Event.row, ctx: KeyedContext<typeof Told.row, string>): void {
    if (event.delay < 0) {
      ctx.output(ignored, event);
      return;
    }
    const now = ctx.processingTime;
    this.since.update(now);
    ctx.timers.registerProcessingTime(now + event.delay);
  }

  override onTimer(ms: number, ctx: TimerContext<typeof Told.row, string>): void {
    ctx.emit({ user: ctx.key, waited: ms - this.since.value()! });
    this.since.clear();
  }
}

export default job('alarms', { inputs: { events: Event } }, ({ events }) => ({
  told: events.keyBy('user').process(Told, Alarm),
}));
