/** For programs that are not joined with the parts of the engine that they use, as those of this folder are. */
export { HISTOGRAM_BUCKETS, LatencyHistogram } from '../../engine/base/latency-histogram.js';
