/** What users import as `sluice`. */
export {
  type AggregateOptions,
  approxCountDistinct,
  collect,
  count,
  countDistinct,
  first,
  last,
  max,
  mean,
  min,
  quantile,
  stddev,
  sum,
  topN,
  variance,
  windowEnd,
  windowStart,
} from './api/aggregates.js';
export type { AsyncMapper, AsyncOptions, RetryOptions } from './api/async-options.js';
export { ConnectedStreams } from './api/connected-streams.js';
export type { EventTimeOptions } from './api/event-time.js';
export {
  type FromOptions,
  type InputsOf,
  type JobModule,
  job,
  type OutputsOf,
  type ParamsOf,
} from './api/job.js';
export { JoinedStreams } from './api/joined-streams.js';
export { KeyedStream } from './api/keyed-stream.js';
export type { View } from './api/row-types.js';
export type { Branches, Split } from './api/split.js';
export { PassingStream, Stream } from './api/stream.js';
export type { ViewOption } from './api/view-option.js';
export { WindowedStream } from './api/windowed-stream.js';
export { sliding, tumbling, type WindowOptions } from './api/windows.js';
export type { Duration } from './base/duration.js';
export type { ErrorCode } from './base/error-catalogue.js';
export { isSluiceError, SluiceError } from './base/errors.js';
export type { Cause, Diagnosis, Finding } from './control/diagnosis/diagnosis.js';
export type { Episode } from './control/diagnosis/diagnosis-history.js';
export type { ExamineOptions } from './control/diagnosis/run-doctor.js';
export { start } from './control/engine.js';
export type { LiveInput, LiveInputOptions } from './control/live/live-input.js';
export type {
  InputMetrics,
  LatencyMetrics,
  Metrics,
  OutputMetrics,
  ResidenceMetrics,
  TaskMetrics,
  TimeRatios,
  VertexMetrics,
} from './control/metrics/metrics.js';
export type { FlameGraph, FlameGraphNode, FlameGraphType } from './control/profile/flame-graph.js';
export type { Frame, FrameKind } from './control/profile/frame-tree.js';
export type { HotFunction, OnCpu, OwnerTime } from './control/profile/on-cpu.js';
export type { ProfileOptions, RunProfile } from './control/profile/run-profile.js';
export type { TaskProfile } from './control/profile/task-profile.js';
export type {
  Run,
  RunSource,
  RunState,
  ServeOptions,
  StartOptions,
  Summary,
  TaskSummary,
} from './control/run.js';
export type { TraceSummary } from './control/taps/run-trace.js';
export {
  type DeadLetter,
  type DeadLetterAction,
  deadLetter,
  deadLetterOf,
  type OnError,
} from './functions/dead-letter.js';
export {
  type AggregateFunction,
  AggregatingState,
  aggregatingState,
  ListState,
  listState,
  MapState,
  mapState,
  ReducingState,
  reducingState,
  type StateOptions,
  ValueState,
  valueState,
} from './functions/keyed-state.js';
export { type OutputTag, outputTag } from './functions/output-tag.js';
export {
  type FunctionContext,
  type KeyedContext,
  KeyedCoProcessFunction,
  KeyedProcessFunction,
  type ProcessContext,
  ProcessFunction,
  type TimerContext,
  type Timers,
} from './functions/process-function.js';
export type { TaskTimes } from './memory/task-clock.js';
export type { AsyncCall } from './plan/async-plan.js';
export type { WatermarkGenerator } from './plan/watermark-generator.js';
export {
  type FieldType,
  type RecordType,
  type RowOf,
  type RowOfFields,
  t,
  type UnionOf,
} from './records/schema.js';
