/** The entry `sluice/connectors`: what connects a job to the outside world, and the contract to write more of it. */
export { type CollectOptions, type CollectSink, collect } from './collect.js';
export { collection } from './collection.js';
export type {
  Batch,
  Committable,
  Committer,
  CommitterContext,
  DiscoverContext,
  Discovery,
  ReaderContext,
  Sink,
  SinkWriter,
  Source,
  SourceReader,
  Split,
  WriterContext,
} from './connector.js';
export { csv } from './csv.js';
export { type DiscardOptions, type DiscardSink, discard } from './discard.js';
export type { FileSinkOptions } from './file-sink.js';
export { type GenerateOptions, generate } from './generate.js';
export { ndjson } from './ndjson.js';
export { parquet } from './parquet.js';
export { print } from './print.js';
export type { StandardSchema } from './standard-schema.js';
