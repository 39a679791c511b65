import type { OperatorFunctions } from '../../plan/logical-plan.js';
import type { ChainEnvironment, ChainSpec } from '../chain-spec.js';

/** Longer files are rare, and a blank line costs next to nothing. */
export const FIRST_GENERATED_LINE = 20_000;

/**
 * Whose time a piece of code takes: an operator's step, the way of a row into an exchange (by its position among the
 * outputs of the chain), getting at the fields of rows that came in, state by key, or none of these.
 */
export type CodeOwner = `operator ${string}` | `output ${number}` | 'reading' | 'state' | 'engine';

/** A generated script of a chain. Lines are those of the script as V8 counts them, from 1. */
export interface CodeScript {
  /** As `compile` is told. */
  readonly name: string;
  readonly firstLine: number;
  /** From which line on the code is whose, until the last line. */
  readonly owners: readonly (readonly [line: number, owner: CodeOwner])[];
  readonly lastLine: number;
}

/**
 * Whose the code of one chain is, for a profiler: all operators of a chain are one function, so frames do not tell. It
 * lies beside the code and is looked at by nobody else.
 *
 *   profile/lines  No two scripts of a chain have a line number in common, nor has a file of ordinary length one with
 *                  them: V8 tells of a function that was inlined nothing but the line.
 *
 * Runs in: the task's own thread.
 */
export class CodeMap {
  readonly scripts: CodeScript[] = [];
  readonly #spec: ChainSpec;
  readonly #env: ChainEnvironment;
  #nextLine = FIRST_GENERATED_LINE;

  constructor(spec: ChainSpec, env: ChainEnvironment) {
    this.#spec = spec;
    this.#env = env;
  }

  /**
   * Finds lines for a script. profile/lines
   *
   * @param hint    for people; the name will be one that no other script of the chain has
   * @param owners  from which line of the source on, from 1, it is whose
   * @param lines   of the source, at most
   */
  add(hint: string, owners: CodeScript['owners'], lines: number): CodeScript {
    const again = this.scripts.filter(({ name }) => name === hint || name.startsWith(`${hint} `)).length;
    const firstLine = this.#nextLine;
    this.#nextLine += lines;
    const script = {
      name: again === 0 ? hint : `${hint} ${again + 1}`,
      firstLine,
      owners: owners.map(([line, owner]) => [firstLine + line - 1, owner] as const),
      lastLine: this.#nextLine - 1,
    };
    this.scripts.push(script);
    return script;
  }

  /** The functions of the user and of connectors that the code calls. */
  functions(): readonly (readonly [owner: CodeOwner, fn: unknown])[] {
    const { operators, outputs, functions } = this.#spec;
    const own = [...operators.keys()].flatMap((uid) => functionsOf(functions.get(uid), `operator ${uid}`));
    const edges = outputs.flatMap((output, i) => functionsOf(functions.get(output.edge), `output ${i}`));
    const writers = [...this.#env.writers].map(
      ([uid, writer]) => [`operator ${uid}` as const, writer.write] as const,
    );
    return [...own, ...edges, ...writers];
  }
}

function functionsOf(
  functions: OperatorFunctions | undefined,
  owner: CodeOwner,
): (readonly [CodeOwner, unknown])[] {
  const { source, fn, second, select, columns, process } = functions ?? {};
  const members = (process?.prototype ?? {}) as Readonly<Record<string, unknown>>;
  const called = ['processElement', 'processElement1', 'processElement2', 'onTimer'].map(
    (name) => members[name],
  );
  const all = [source?.make, fn, second, select, ...called, ...Object.values(columns ?? {})];
  return all.flatMap((each) => (each === undefined ? [] : [[owner, each] as const]));
}
