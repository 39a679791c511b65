import { type ChainEnvironment, type ChainSpec, operatorOf } from '../chain-spec.js';
import { AsyncCode } from './async-code.js';
import type { Bindings, CodeWriter } from './code-writer.js';
import { JoinCode } from './join-code.js';
import { isKeyed, KeyedCode } from './keyed-code.js';
import { KeyedProcessCode } from './keyed-process-code.js';
import type { OperatorCode, Place } from './operator-code.js';
import type { ProcessCode } from './process-code.js';
import type { Row } from './row.js';

/**
 * What the operator at the head of a chain does with the rows of a gate, and with time. Only a head keeps rows back
 * and sees watermarks: whatever has state, timers or pending results starts a chain.
 */
export interface HeadCode {
  /** Columns of its key, kept beyond the row. */
  readonly keys: readonly string[];
  /** Writes the classes that its members need. */
  declarations(code: CodeWriter): void;
  /** Initial values of its members, for the constructor of the core. */
  fields(): readonly string[];
  /** Writes members of the core: `onWatermark`, `resume`, and its own. */
  members(code: CodeWriter): void;
  /**
   * Writes what happens to a row that came through a gate; in scope are `p`, the row's key hash as `hash`, and `core`.
   *
   * @param input  of an operator with two inputs, 1 for the second; else 0
   */
  row(input: number, row: Row, hash: string, place: Place): void;
}

export function headCode(
  spec: ChainSpec,
  env: ChainEnvironment,
  bindings: Bindings,
  { number: site, shown }: { readonly number: number; readonly shown: string },
  operators: OperatorCode,
  process: ProcessCode,
): HeadCode {
  const { config } = operatorOf(spec, spec.head);
  if (config.kind === 'keyed-process' || config.kind === 'keyed-co-process')
    return new KeyedProcessCode(spec, env, config, bindings, site, operators, process, shown);
  if (config.kind === 'async') return new AsyncCode(spec, config, bindings, site, operators);
  if (isKeyed(config)) return new KeyedCode(spec, bindings, site, operators);
  if (config.kind === 'join') return new JoinCode(spec, bindings, operators);
  return new PassingHead(spec.head, operators);
}

/** A head that keeps nothing: rows go on at once, and so does time. */
class PassingHead implements HeadCode {
  readonly keys = [];
  readonly #uid: string;
  readonly #operators: OperatorCode;

  constructor(uid: string, operators: OperatorCode) {
    this.#uid = uid;
    this.#operators = operators;
  }

  declarations(): void {}

  fields(): readonly string[] {
    return [];
  }

  members(code: CodeWriter): void {
    code.line('onWatermark(ms) { this.watermarkMs = ms; this.forwardWatermark(ms); }');
    code.line('resume() { this.hasPending = false; }');
  }

  row(input: number, row: Row, _hash: string, place: Place): void {
    this.#operators.operator(this.#uid, row, place, input);
  }
}
