import { syncBuiltinESMExports } from 'node:module';
import { SluiceError } from '../../base/errors.js';
import { shownPath, userFrame } from '../../base/user-frame.js';

/**
 * Imports a module of the user's and says clearly what went wrong in it.
 *
 * Runs in: the main thread (guarded), and each worker.
 */

/**
 * @param moduleUrl  what to import
 * @param shown      how a person calls it, for messages
 * @returns          the module's exports
 * @throws SluiceError JOB_MODULE_FAILED  it threw, with the user's line and the error as cause
 */
export async function importUserModule(moduleUrl: string, shown: string): Promise<Record<string, unknown>> {
  process.setSourceMapsEnabled(true);
  try {
    return await import(moduleUrl);
  } catch (error) {
    throw failed(shown, error);
  }
}

/**
 * The same on the main thread, where a module can end the process.
 *
 * @throws SluiceError JOB_MODULE_EXITED  it called process.exit
 * @throws SluiceError JOB_MODULE_FAILED  it threw, or waits at its top level for something that cannot come
 */
export async function importGuarded(moduleUrl: string, shown: string): Promise<Record<string, unknown>> {
  const guard = new ImportGuard(moduleUrl);
  try {
    const module = await Promise.race([importUserModule(moduleUrl, shown), guard.stalled]);
    if (guard.exitCall !== null) throw exited(shown, guard.exitCall);
    return module;
  } catch (error) {
    if (guard.exitCall !== null) throw exited(shown, guard.exitCall);
    if (!(error instanceof Stalled)) throw error;
    throw new SluiceError(
      'JOB_MODULE_FAILED',
      `${shown} waits at its top level for a promise that nothing is left to settle`,
    );
  } finally {
    guard.release();
  }
}

class ExitCall extends Error {}
class Stalled extends Error {}

/**
 * Watches the main thread while a job file is imported.
 *
 * A call of `process.exit` throws if the job file, or the import itself, is among its callers; anybody else's call,
 * such as that of a server that is shutting down, goes through. A top-level await that cannot settle lets the event
 * loop run empty, which would end the process without a word.
 */
class ImportGuard {
  static #active = new Set<ImportGuard>();
  static #theirExit: typeof process.exit = process.exit;

  exitCall: ExitCall | null = null;
  readonly stalled: Promise<never>;
  readonly #moduleUrl: string;
  readonly #onBeforeExit: () => void;

  constructor(moduleUrl: string) {
    this.#moduleUrl = moduleUrl;
    let onBeforeExit = () => {};
    this.stalled = new Promise<never>((_, reject) => {
      onBeforeExit = () => reject(new Stalled());
    });
    this.stalled.catch(() => {});
    this.#onBeforeExit = onBeforeExit;
    process.once('beforeExit', onBeforeExit);
    if (ImportGuard.#active.size === 0) {
      ImportGuard.#theirExit = process.exit;
      process.exit = ImportGuard.#exit as typeof process.exit;
      syncBuiltinESMExports(); // for `import { exit } from 'node:process'`
    }
    ImportGuard.#active.add(this);
  }

  release(): void {
    process.off('beforeExit', this.#onBeforeExit);
    ImportGuard.#active.delete(this);
    if (ImportGuard.#active.size > 0) return;
    process.exit = ImportGuard.#theirExit;
    syncBuiltinESMExports();
  }

  static #exit(code?: number | string | null): never {
    const callers = generatedFilesOnStack();
    const isImporting = callers.some((file) => file.startsWith('node:internal/modules/'));
    for (const guard of ImportGuard.#active) {
      if (!isImporting && !callers.includes(guard.#moduleUrl)) continue;
      guard.exitCall ??= new ExitCall(`process.exit(${code ?? ''})`);
      throw guard.exitCall;
    }
    return ImportGuard.#theirExit.call(process, code);
  }
}

/** Files of the callers as they are executed, before source maps. */
function generatedFilesOnStack(): readonly string[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: readonly string[] } = {};
  try {
    Error.stackTraceLimit = Number.POSITIVE_INFINITY;
    Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName() ?? '');
    Error.captureStackTrace(holder);
    return holder.stack ?? [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined) delete (Error as Partial<ErrorConstructor>).prepareStackTrace;
    else Error.prepareStackTrace = prepareStackTrace;
  }
}

function exited(shown: string, call: ExitCall): SluiceError {
  const place = placeOf(call);
  return new SluiceError(
    'JOB_MODULE_EXITED',
    `${shown} called ${call.message} while it was imported${place}`,
    {
      cause: call,
    },
  );
}

function failed(shown: string, error: unknown): SluiceError {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const place = error instanceof Error ? placeOf(error) : '';
  return new SluiceError('JOB_MODULE_FAILED', `${shown} threw while it was imported${place}: ${text}`, {
    cause: error,
  });
}

function placeOf(error: Error): string {
  const frame = userFrame(error.stack);
  return frame === null ? '' : ` (${shownPath(frame.file)}:${frame.line}:${frame.column})`;
}
