import { SluiceError } from '../../base/errors.js';
import { didYouMean } from '../../base/nearest.js';
import type { OptionLayer } from '../../base/option-catalogue.js';
import type { ServeOptions } from '../run.js';

/** What the types say, for those who do not have them. */
const MEMBERS = {
  port: 'number',
  host: 'string',
  token: 'string',
  allowOrigin: 'string',
} as const satisfies Record<keyof ServeOptions, string>;

/** What fits into a header as it is. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Reads what `start` was given as `serve`.
 *
 * @returns  null: the run is not served
 * @throws SluiceError ARGUMENT_INVALID
 */
export function readServe(serve: unknown): ServeOptions | null {
  if (serve === undefined || serve === false) return null;
  if (serve === true) return {};
  if (typeof serve !== 'object' || serve === null)
    throw argument(`start(job, { serve }): it is true, false or an object, not ${String(serve)}`);
  for (const [name, value] of Object.entries(serve)) {
    if (!Object.hasOwn(MEMBERS, name)) {
      const hint = didYouMean(name, Object.keys(MEMBERS));
      throw argument(`start(job, { serve }): there is no member '${name}'${hint}`);
    }
    const type = MEMBERS[name as keyof ServeOptions];
    if (value !== undefined && typeof value !== type)
      throw argument(`start(job, { serve: { ${name} } }): it is a ${type}`);
  }
  const { token } = serve as ServeOptions;
  if (token !== undefined && !TOKEN.test(token))
    throw argument('start(job, { serve: { token } }): it is visible ASCII without spaces, and not empty');
  return serve as ServeOptions;
}

/** What of it are options, as the strongest layer of them. */
export function serveLayer({ port, host, allowOrigin }: ServeOptions): OptionLayer {
  return {
    origin: 'start({ serve })',
    values: { 'rest.port': port, 'rest.bind-address': host, 'web.access-control-allow-origin': allowOrigin },
  };
}

function argument(what: string): SluiceError {
  return new SluiceError('ARGUMENT_INVALID', what);
}
