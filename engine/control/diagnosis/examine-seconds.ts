/** How long what limits a run is profiled when it is examined. */
export const EXAMINE_SECONDS = { min: 0.05, max: 60, default: 1 } as const;
