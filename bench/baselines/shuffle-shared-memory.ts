/**
 * Question: how fast can a program written by hand for this one job count bids by key on shared memory, some threads
 * making them and some counting them?
 * Not asked: what happens with other records, or when a thread fails.
 *
 * The maker makes no object: whether the compiler would remove one depends on when it compiles, and a rate that changes
 * from run to run is no baseline.
 *
 * Every pair of threads has a channel: a ring of filled segments one way, a ring of empty ones back. The maker writes
 * fields straight into a segment; the counter reads them there and lends the segment back. Positions are words; whoever
 * finds nothing sleeps on one of them. A segment of length END closes a channel.
 */
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  BidCounts,
  bidderOf,
  checksumOf,
  counterOf,
  keyMaker,
  optionsFromArguments,
  priceConverter,
  priceOf,
  type Row,
  type ShuffleOptions,
  type ShuffleResult,
  tsOf,
} from './shuffle-records.js';

const SEGMENT_BYTES = 32_768;
/** Segments of a channel, and slots of its rings: a power of two. */
const SEGMENTS = 4;
const MASK = SEGMENTS - 1;
const RECORD_BYTES = 24;
const END = -1;

// Words of a channel, by index; writers are 128 bytes apart.
const FILLED = 0; // segments ever filled, by the maker
const EMPTIED = 32; // segments ever lent back, by the counter
const FILLED_RING = 64; // segment and bytes per slot
const EMPTIED_RING = 256; // segment per slot
const CHANNEL_WORDS = 512;

/** Words between the bells of two counters. */
const BELL_WORDS = 32;

interface Shared extends ShuffleOptions {
  readonly channels: SharedArrayBuffer;
  readonly segments: SharedArrayBuffer;
  readonly bells: SharedArrayBuffer;
  readonly start: SharedArrayBuffer;
  readonly role: 'maker' | 'counter';
  readonly me: number;
}

const channelOf = ({ channels, counters }: Shared, maker: number, counter: number): Int32Array =>
  new Int32Array(channels, (maker * counters + counter) * CHANNEL_WORDS * 4, CHANNEL_WORDS);

interface Outlet {
  readonly words: Int32Array;
  filled: number;
  taken: number;
  segment: number;
  pos: number;
  end: number;
}

function runMaker(shared: Shared): Row[] {
  const { me, records, keys, work, makers, counters } = shared;
  const f64 = new Float64Array(shared.segments);
  const i32 = new Int32Array(shared.segments);
  const bells = new Int32Array(shared.bells);
  const outlets = Array.from(
    { length: counters },
    (_, counter): Outlet => ({
      words: channelOf(shared, me, counter),
      filled: 0,
      taken: 0,
      segment: -1,
      pos: 0,
      end: 0,
    }),
  );
  const take = (outlet: Outlet): void => {
    const { words } = outlet;
    while (Atomics.load(words, EMPTIED) === outlet.taken) Atomics.wait(words, EMPTIED, outlet.taken);
    outlet.segment = words[EMPTIED_RING + (outlet.taken & MASK)]!;
    outlet.taken++;
    outlet.pos = outlet.segment * SEGMENT_BYTES;
    outlet.end = outlet.pos + SEGMENT_BYTES;
  };
  const give = (outlet: Outlet, counter: number, bytes: number): void => {
    const slot = FILLED_RING + (outlet.filled & MASK) * 2;
    outlet.words[slot] = outlet.segment;
    outlet.words[slot + 1] = bytes;
    outlet.filled++;
    outlet.segment = -1;
    Atomics.store(outlet.words, FILLED, outlet.filled);
    Atomics.add(bells, counter * BELL_WORDS, 1);
    Atomics.notify(bells, counter * BELL_WORDS, 1);
  };
  const keyOf = keyMaker(keys);
  const convert = priceConverter(work);
  const last = Math.floor(((me + 1) * records) / makers);
  for (let i = Math.floor((me * records) / makers); i < last; i++) {
    const key = keyOf(i);
    const counter = counterOf(key, counters);
    const outlet = outlets[counter]!;
    if (outlet.segment < 0) take(outlet);
    const p = outlet.pos;
    f64[p >> 3] = tsOf(i);
    f64[(p >> 3) + 1] = convert(priceOf(i), bidderOf(i));
    i32[(p >> 2) + 4] = key;
    i32[(p >> 2) + 5] = bidderOf(i);
    outlet.pos = p + RECORD_BYTES;
    if (outlet.pos + RECORD_BYTES > outlet.end)
      give(outlet, counter, outlet.pos - outlet.segment * SEGMENT_BYTES);
  }
  for (const [counter, outlet] of outlets.entries()) {
    if (outlet.segment >= 0) give(outlet, counter, outlet.pos - outlet.segment * SEGMENT_BYTES);
    take(outlet);
    give(outlet, counter, END);
  }
  return [];
}

function runCounter(shared: Shared): Row[] {
  const { me, makers } = shared;
  const bells = new Int32Array(shared.bells);
  const inlets = Array.from({ length: makers }, (_, maker) => ({
    words: channelOf(shared, maker, me),
    read: 0,
    lent: SEGMENTS,
  }));
  const counts = new BidCounts();
  const f64 = new Float64Array(shared.segments);
  const i32 = new Int32Array(shared.segments);
  let open = makers;
  while (open > 0) {
    const bell = Atomics.load(bells, me * BELL_WORDS);
    let isIdle = true;
    for (const inlet of inlets) {
      const { words } = inlet;
      if (Atomics.load(words, FILLED) === inlet.read) continue;
      isIdle = false;
      const slot = FILLED_RING + (inlet.read & MASK) * 2;
      const segment = words[slot]!;
      const bytes = words[slot + 1]!;
      inlet.read++;
      if (bytes === END) {
        open--;
        continue;
      }
      const begin = segment * SEGMENT_BYTES;
      for (let p = begin, end = begin + bytes; p < end; p += RECORD_BYTES) {
        counts.add(i32[(p >> 2) + 4]!, f64[(p >> 3) + 1]!);
      }
      words[EMPTIED_RING + (inlet.lent & MASK)] = segment;
      inlet.lent++;
      Atomics.store(words, EMPTIED, inlet.lent);
      Atomics.notify(words, EMPTIED, 1);
    }
    if (isIdle) Atomics.wait(bells, me * BELL_WORDS, bell);
  }
  return counts.rows();
}

async function shuffleSharedMemory(options: ShuffleOptions): Promise<ShuffleResult> {
  const { makers, counters } = options;
  const channelCount = makers * counters;
  const shared = {
    ...options,
    channels: new SharedArrayBuffer(channelCount * CHANNEL_WORDS * 4),
    segments: new SharedArrayBuffer(channelCount * SEGMENTS * SEGMENT_BYTES),
    bells: new SharedArrayBuffer(counters * BELL_WORDS * 4),
    start: new SharedArrayBuffer(4),
  };
  for (let channel = 0; channel < channelCount; channel++) {
    const words = new Int32Array(shared.channels, channel * CHANNEL_WORDS * 4, CHANNEL_WORDS);
    for (let i = 0; i < SEGMENTS; i++) words[EMPTIED_RING + i] = channel * SEGMENTS + i;
    words[EMPTIED] = SEGMENTS;
  }
  const spawn = (role: Shared['role'], me: number): Worker =>
    new Worker(new URL(import.meta.url), { workerData: { ...shared, role, me } satisfies Shared });
  const workers = [
    ...Array.from({ length: makers }, (_, me) => spawn('maker', me)),
    ...Array.from({ length: counters }, (_, me) => spawn('counter', me)),
  ];
  let startedMs = 0;
  let readyCount = 0;
  let doneCount = 0;
  let reportCount = 0;
  let seconds = 0;
  const rows: Row[] = [];
  await new Promise<void>((resolve, reject) => {
    for (const worker of workers) {
      worker.once('error', reject);
      worker.on('message', (message: 'ready' | 'done' | Row[]) => {
        if (message === 'ready' && ++readyCount === workers.length) {
          startedMs = performance.now();
          const start = new Int32Array(shared.start);
          Atomics.store(start, 0, 1);
          Atomics.notify(start, 0);
        }
        if (message === 'done' && ++doneCount === workers.length)
          seconds = (performance.now() - startedMs) / 1e3;
        if (typeof message === 'string') return;
        for (const row of message) rows.push(row);
        if (++reportCount === workers.length) resolve();
      });
    }
  });
  await Promise.all(workers.map((worker) => worker.terminate()));
  return { records: options.records, seconds, checksum: checksumOf(rows) };
}

if (!isMainThread && workerData?.role !== undefined) {
  const shared = workerData as Shared;
  parentPort!.postMessage('ready');
  Atomics.wait(new Int32Array(shared.start), 0, 0);
  const rows = shared.role === 'maker' ? runMaker(shared) : runCounter(shared);
  parentPort!.postMessage('done');
  parentPort!.postMessage(rows);
} else if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  console.log(JSON.stringify(await shuffleSharedMemory(optionsFromArguments())));
}
