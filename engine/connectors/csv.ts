import { SluiceError } from '../base/errors.js';
import type { Sink } from './connector.js';
import { type FileFormat, type FileSinkOptions, fileSink, type UndeclaredFormatter } from './file-sink.js';
import { csvFormatter, csvHeader, csvValue } from './row-text.js';

/**
 * A CSV file, or a folder of them when the path ends in a slash; visible only once the job has finished.
 *
 * Quoting follows RFC 4180; lines end in a line feed. Null is empty, an empty string is `""`, timestamps are
 * ISO 8601 in UTC, bytes are base64. Columns are the declared fields in order. Undeclared rows take the columns of
 * the first row of each subtask; all rows must then have the same.
 *
 * @param path  relative to the working directory
 * @throws SluiceError  at the check OUTPUT_FOLDER_MISSING, OUTPUT_UNWRITABLE; later OUTPUT_WRITE_FAILED,
 *                      OUTPUT_ROW_INVALID
 */
export function csv<R = any>(path: string | URL, options: FileSinkOptions = {}): Sink<R> {
  return fileSink<R>(path, CSV, options);
}

const CSV: FileFormat = {
  name: 'csv',
  header: (columns) => (columns.length === 0 ? '' : csvHeader(columns)),
  formatter: csvFormatter,
  undeclared: () => new UndeclaredCsv(),
};

type Row = Readonly<Record<string, unknown>>;

class UndeclaredCsv implements UndeclaredFormatter {
  #columns: readonly string[] | null = null;

  get columns(): readonly string[] | null {
    return this.#columns;
  }

  readonly format = (row: Row): string => {
    this.#columns ??= Object.keys(row);
    const columns = this.#columns;
    let count = 0;
    for (const name in row) if (Object.hasOwn(row, name)) count++;
    let text = '';
    for (let k = 0; k < columns.length; k++) {
      const value = row[columns[k]!];
      if (value === undefined && !Object.hasOwn(row, columns[k]!)) throw differs(columns, row);
      if (k > 0) text += ',';
      text += csvValue(value);
    }
    if (count !== columns.length) throw differs(columns, row);
    return `${text}\n`;
  };
}

function differs(columns: readonly string[], row: Row): SluiceError {
  const what =
    `the first row has the columns ${columns.join(', ')}, but a later one ${Object.keys(row).join(', ')}; ` +
    'give all rows the same columns, or declare their schema';
  return new SluiceError('OUTPUT_ROW_INVALID', what);
}
