/** How long a profile takes. */
export const PROFILE_SECONDS = { min: 0.05, max: 600, default: 5 } as const;
