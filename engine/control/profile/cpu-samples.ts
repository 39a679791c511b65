import { type CodeOwner, type CodeScript, FIRST_GENERATED_LINE } from '../../runtime/codegen/code-map.js';
import { InlinedFunctions } from './inlined-functions.js';
import type { SourcePlaces } from './source-places.js';
import { functionKey, isMark, type V8Frame, type V8Node, type V8Profile } from './v8-profile.js';

/**
 * Whose time a sample is. `serialization`: of one of several outputs, and it cannot be known of which; `callbacks`:
 * timers and promises of the user; `chain`: generated code of which V8 knew nothing.
 */
export type TimeOwner = CodeOwner | 'serialization' | 'callbacks' | 'chain' | 'collecting' | 'waiting';

/** A function that the generated code of a task calls. */
export interface CalledFunction {
  readonly owner: CodeOwner;
  readonly frame: V8Frame;
  readonly lines: number;
}

/** What is known of the code of a task. */
export interface CodeTable {
  readonly scripts: readonly CodeScript[];
  readonly functions: readonly CalledFunction[];
  /** Of the chain. */
  readonly head: string;
  readonly outputs: number;
  /** The only operator with a sink, if there is one. */
  readonly sink: string | null;
}

/** Samples of one owner with one stack. */
export interface OwnedSamples {
  /** Id of V8's node. */
  readonly node: number;
  readonly owner: TimeOwner;
  /** From where the owner's time begins, the outermost first; empty: in the code of the chain itself. */
  readonly path: readonly V8Frame[];
  /** Line of the file of the last frame, from 1, as far as V8 knew. */
  readonly line: number | null;
  readonly samples: number;
}

/**
 * Gives every sample of a task to an owner. The owner of a frame goes over to what it calls, until a function or a line
 * of generated code is known to be another's.
 *
 *   profile/whole    Every sample has one owner: those given out are as many as those taken.
 *   profile/inlined  V8 counts a function that was inlined as the one around it, at the line of its own file. Such
 *                    lines are told from those of generated code, which no file has, and lead to functions that were
 *                    seen apart before they were inlined.
 *
 * @param whole  the same from before functions were inlined
 */
export function ownedSamples(
  whole: V8Profile,
  profile: V8Profile,
  table: CodeTable,
  places: SourcePlaces,
): readonly OwnedSamples[] {
  const owners = new FrameOwners(table, places);
  const inlined = new InlinedFunctions(table.functions);
  walk(whole, owners, (node, owner) => {
    if (!isMark(node.callFrame) && !owners.isGenerated(node.callFrame)) inlined.note(node, owner);
  });
  const found: OwnedSamples[] = [];
  walk(profile, owners, (node, owner, path) => {
    let left = node.hitCount ?? 0;
    for (const { line, ticks } of node.positionTicks ?? []) {
      left -= ticks;
      found.push({ node: node.id, ...placed(node, owner, path, line), samples: ticks });
    }
    if (left > 1e-6) found.push({ node: node.id, owner, path, line: null, samples: left }); // profile/whole
  });
  return found;

  function placed(
    { callFrame }: V8Node,
    owner: TimeOwner,
    path: readonly V8Frame[],
    line: number,
  ): Omit<OwnedSamples, 'samples' | 'node'> {
    if (line >= FIRST_GENERATED_LINE) return { owner: owners.ofLine(line), path: [], line: null };
    if (owners.callsChain(callFrame, line)) return { owner: 'chain', path: [], line: null };
    if (!owners.isGenerated(callFrame)) return { owner, path, line };
    const inner = inlined.at(line); // profile/inlined
    return inner === null ? { owner, path, line: null } : { owner: inner.owner, path: [inner.frame], line };
  }
}

/**
 * Shares what is known of a chain as a whole out among those that are known of it apart, as they have it: V8 knows some
 * of the code that it makes only when that is over.
 */
export function sharedOut(samples: readonly OwnedSamples[]): readonly OwnedSamples[] {
  const isApart = ({ owner }: OwnedSamples): boolean => /^(operator|output|state|reading)/.test(owner);
  const sum = (of: readonly OwnedSamples[]): number => of.reduce((all, each) => all + each.samples, 0);
  const whole = sum(samples.filter(({ owner }) => owner === 'chain'));
  const apart = sum(samples.filter(isApart));
  if (whole === 0 || apart === 0) return samples;
  return samples
    .filter(({ owner }) => owner !== 'chain')
    .map((each) => (isApart(each) ? { ...each, samples: each.samples * (1 + whole / apart) } : each));
}

type Visit = (node: V8Node, owner: TimeOwner, path: readonly V8Frame[]) => void;

function walk({ nodes }: V8Profile, owners: FrameOwners, visit: Visit): void {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const go = (node: V8Node, inherited: TimeOwner, above: readonly V8Frame[]): void => {
    const { callFrame } = node;
    const owner = owners.of(callFrame, inherited);
    const isApart = owners.isGenerated(callFrame) || isMark(callFrame);
    const path = isApart ? [] : [...(owner === inherited ? above : []), callFrame];
    visit(node, owner, path);
    for (const child of node.children ?? []) go(byId.get(child)!, owner, path);
  };
  if (nodes[0] !== undefined) go(nodes[0], 'engine', []);
}

const MARKS: Readonly<Record<string, TimeOwner>> = {
  '(root)': 'engine',
  '(program)': 'engine',
  '(idle)': 'waiting',
  '(garbage collector)': 'collecting',
};

/** Whose a frame is, by what it is and by who called it. */
class FrameOwners {
  readonly #table: CodeTable;
  readonly #places: SourcePlaces;
  readonly #functions: ReadonlyMap<string, CodeOwner>;

  constructor(table: CodeTable, places: SourcePlaces) {
    this.#table = table;
    this.#places = places;
    this.#functions = new Map(table.functions.map(({ frame, owner }) => [functionKey(frame), owner]));
  }

  /** By its line: not every V8 tells the name of such a script. profile/lines */
  isGenerated({ lineNumber }: V8Frame): boolean {
    return lineNumber + 1 >= FIRST_GENERATED_LINE;
  }

  /** A line of the engine that does nothing but call the loop of a chain. */
  callsChain({ url, lineNumber }: V8Frame, line: number): boolean {
    const module = this.#places.engineModule(url, lineNumber) ?? '';
    return /^runtime\/\w+-input$/.test(module) && /process\(/.test(this.#places.textOf(url, line));
  }

  /** The owner of a line of generated code. */
  ofLine(line: number): CodeOwner {
    const script = this.#table.scripts.find(
      ({ firstLine, lastLine }) => line >= firstLine && line <= lastLine,
    );
    return script?.owners.findLast(([from]) => from <= line)?.[1] ?? 'engine';
  }

  of(frame: V8Frame, inherited: TimeOwner): TimeOwner {
    if (isMark(frame)) return MARKS[frame.functionName]!;
    if (this.isGenerated(frame)) return this.ofLine(frame.lineNumber + 1);
    const known = this.#functions.get(functionKey(frame));
    if (known !== undefined) return known;
    const { url, functionName, lineNumber } = frame;
    if (url === '' || url.startsWith('node:')) return inherited;
    const module = url.startsWith('sluice:') ? 'records/codec' : this.#places.engineModule(url, lineNumber);
    if (module !== null) return this.#ofModule(module, functionName, inherited);
    if (url.includes('/node_modules/')) return inherited;
    if (inherited === 'reading') return `operator ${this.#table.head}`; // a source of the user's
    return inherited === 'engine' ? 'callbacks' : inherited;
  }

  #ofModule(module: string, name: string, inherited: TimeOwner): TimeOwner {
    const part = PARTS.find(([pattern]) => pattern.test(module))![1];
    const sending = (['engine', 'output 0'] as const)[this.#table.outputs] ?? 'serialization';
    if (part === 'waiting' || part === 'reading') return part;
    if (part === 'sending') return inherited.startsWith('output ') ? inherited : sending;
    if (inherited !== 'engine') return inherited;
    if (part === 'coding') return DECODING.test(name) ? 'reading' : ENCODING.test(name) ? sending : 'engine';
    return part === 'sink' && this.#table.sink !== null ? `operator ${this.#table.sink}` : 'engine';
  }
}

/** Modules of the engine by what their time goes into; the first that fits counts. */
const PARTS: readonly (readonly [
  module: RegExp,
  part: 'waiting' | 'reading' | 'sending' | 'coding' | 'sink' | 'rest',
])[] = [
  [/^memory\/parker$/, 'waiting'],
  [/^memory\/channel-receiver$|^exchange\/(input-gate|element|segment-lender|buffer-debloater)/, 'reading'],
  [/^runtime\/(\w+-input|push-buffer|row-queue|token-bucket|watermark-valve)$/, 'reading'],
  [/^(exchange\/|memory\/channel)|^runtime\/(undeclared-writer|exchange-output)$/, 'sending'],
  [/^records\//, 'coding'],
  [/^connectors\//, 'sink'],
  [/./, 'rest'],
];

const DECODING = /^(read|ofRun|load|unpack|decode|get )/;
const ENCODING = /^(write|measure|pack|encode|#?intern|idOf|utf8|hash|size)/;
