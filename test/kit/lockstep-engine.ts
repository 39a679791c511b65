/** The engine as the threads of the explorer have it. */

import type * as BroadcastModule from '../../engine/exchange/broadcast-writer.js';
import type * as WaiterModule from '../../engine/exchange/hard-waiter.js';
import type * as GateModule from '../../engine/exchange/input-gate.js';
import type * as PartitionModule from '../../engine/exchange/open-partition.js';
import type * as CategoryModule from '../../engine/memory/category-arena.js';
import type * as ChannelModule from '../../engine/memory/channel.js';
import type * as ReceiverModule from '../../engine/memory/channel-receiver.js';
import type * as ControlModule from '../../engine/memory/control-arena.js';
import type * as ArenaModule from '../../engine/memory/exchange-arena.js';
import type * as LedgerModule from '../../engine/memory/ledger.js';
import type * as ParkerModule from '../../engine/memory/parker.js';
import type * as ClockModule from '../../engine/memory/task-clock.js';
import type * as TraceModule from '../../engine/memory/trace-ring.js';
import type * as InputModule from '../../engine/runtime/gates-input.js';

/** The engine's modules, loaded from the folder under test, which may hold a planted bug. */
export type Engine = typeof GateModule &
  typeof BroadcastModule &
  typeof WaiterModule &
  typeof PartitionModule &
  typeof CategoryModule &
  typeof ChannelModule &
  typeof ReceiverModule &
  typeof ControlModule &
  typeof ArenaModule &
  typeof LedgerModule &
  typeof ParkerModule &
  typeof ClockModule &
  typeof TraceModule &
  typeof InputModule;

export interface Scenario {
  memory(): SharedArrayBuffer[];
  readonly threads: readonly [Part, Part] | readonly [Part, Part, Part];
}
export type Part = (memory: SharedArrayBuffer[], engine: Engine) => string;

/** @param folder  ends with a slash */
export async function loadEngine(folder: string): Promise<Engine> {
  const files = [
    'memory/parker.js',
    'memory/category-arena.js',
    'memory/channel.js',
    'memory/channel-receiver.js',
    'memory/control-arena.js',
    'memory/exchange-arena.js',
    'memory/ledger.js',
    'memory/task-clock.js',
    'memory/trace-ring.js',
    'exchange/broadcast-writer.js',
    'exchange/hard-waiter.js',
    'exchange/input-gate.js',
    'exchange/open-partition.js',
    'runtime/gates-input.js',
  ];
  return Object.assign({}, ...(await Promise.all(files.map((file) => import(folder + file)))));
}
