import type { Sink } from './connector.js';
import { type FileFormat, type FileSinkOptions, fileSink } from './file-sink.js';
import { jsonFormatter, jsonValue } from './row-text.js';

/**
 * A file with one JSON object per line, or a folder of them when the path ends in a slash; visible only once the job
 * has finished.
 *
 * Declared timestamps are ISO 8601 strings, and declared bytes base64. Bigints are strings, because most readers
 * of JSON round large numbers. NaN and the infinities are null, because JSON cannot say them.
 *
 * @param path  relative to the working directory
 * @throws SluiceError  as `csv`
 */
export function ndjson<R = any>(path: string | URL, options: FileSinkOptions = {}): Sink<R> {
  return fileSink<R>(path, NDJSON, options);
}

const NDJSON: FileFormat = {
  name: 'ndjson',
  header: () => '',
  formatter: jsonFormatter,
  undeclared: () => ({ format: (row) => `${jsonValue(row)}\n`, columns: null }),
};
