/** The engine's histogram for probes, which are not joined with parts of the engine as programs of this folder are. */
export { HISTOGRAM_BUCKETS, LatencyHistogram } from '../../engine/base/latency-histogram.js';
