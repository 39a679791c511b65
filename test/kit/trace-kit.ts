/** Holds traces against the rules of their format. */

/** An event as "Trace Event Format" has it; times in microseconds. */
export interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly id: number;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface Trace {
  readonly events: readonly TraceEvent[];
  /** Complete slices by the name of their track, in the order of time. */
  readonly slices: ReadonlyMap<string, readonly TraceEvent[]>;
}

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  M: ['name', 'ph', 'pid', 'tid', 'args'],
  X: ['name', 'cat', 'ph', 'pid', 'tid', 'ts', 'dur'],
  C: ['name', 'ph', 'pid', 'tid', 'ts', 'args'],
  s: ['name', 'cat', 'ph', 'pid', 'tid', 'ts', 'id'],
  f: ['name', 'cat', 'ph', 'pid', 'tid', 'ts', 'id', 'bp'],
  i: ['name', 'ph', 'pid', 'tid', 'ts', 's'],
};

/**
 * Reads a trace and is strict about it: each event has the members of its phase and no unknown one, times are of whole
 * nanoseconds from 0 on, every track has one name, slices of a track follow each other in the file as in time and never
 * overlap, an arrow begins and ends inside slices and never before it began, and counters are numbers.
 *
 * @throws Error  the event, and what is wrong with it
 */
export function checkTrace(text: string): Trace {
  const events = JSON.parse(text) as TraceEvent[];
  const names = new Map<number, string>();
  const slices = new Map<string, TraceEvent[]>();
  const begun = new Map<number, TraceEvent>();
  const fail = (event: TraceEvent, why: string): never => {
    throw new Error(`${why}: ${JSON.stringify(event)}`);
  };
  for (const event of events) {
    const wanted = MEMBERS[event.ph] ?? fail(event, 'no such phase');
    for (const member of wanted) if (!Object.hasOwn(event, member)) fail(event, `${member} is missing`);
    for (const member of Object.keys(event))
      if (!wanted.includes(member)) fail(event, `${member} is of no use`);
    for (const time of [event.ts, event.dur])
      if (time !== undefined && !(time >= 0 && Math.abs(time * 1e3 - Math.round(time * 1e3)) < 1e-3))
        fail(event, 'a time is not of whole nanoseconds');
    if (event.ph === 'M' && event.name === 'thread_name') {
      if (names.has(event.tid)) fail(event, 'a track has two names');
      names.set(event.tid, String(event.args['name']));
    }
    if (event.ph === 'C' && Object.keys(event.args).length === 0) fail(event, 'a counter of nothing');
    if (event.ph === 'C')
      for (const value of Object.values(event.args)) if (typeof value !== 'number') fail(event, 'no number');
    if (event.ph !== 'X') continue;
    const track = names.get(event.tid) ?? fail(event, 'a track without a name');
    const before = slices.get(track) ?? [];
    const last = before.at(-1);
    if (last !== undefined && last.ts + last.dur > event.ts + NS / 2)
      fail(event, 'it begins before the last ends');
    before.push(event);
    slices.set(track, before);
  }
  const isInside = ({ tid, ts }: TraceEvent): boolean =>
    slices.get(names.get(tid)!)!.some((slice) => slice.ts <= ts + NS && ts <= slice.ts + slice.dur + NS);
  for (const event of events) {
    if (event.ph !== 's' && event.ph !== 'f') continue;
    if (!isInside(event)) fail(event, 'an arrow outside of slices');
    if (event.ph === 's' && begun.has(event.id)) fail(event, 'an arrow begins twice');
    if (event.ph === 's') begun.set(event.id, event);
  }
  for (const event of events)
    if (event.ph === 'f' && (begun.get(event.id)?.ts ?? 0) > event.ts) fail(event, 'an arrow into the past');
  return { events, slices };
}

/** A nanosecond, in microseconds. */
const NS = 1e-3;
