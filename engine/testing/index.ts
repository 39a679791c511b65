/** The entry `sluice/testing`: run jobs in one thread, and check connectors against their contracts. */
export { ManualClock } from '../base/clock.js';
export {
  checkSinkContract,
  checkSourceContract,
  type SinkContractOptions,
  type SourceContractOptions,
} from './contracts.js';
export { type HarnessOptions, type OperatorHarness, operatorHarness } from './operator-harness.js';
export { type RunInlineOptions, runInline } from './run-inline.js';
