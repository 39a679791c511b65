/** One rate that was tried. */
export interface RateTrial {
  readonly perSecond: number;
  readonly isHeld: boolean;
}

export interface RateFound {
  /** The highest rate that was held; null: none was. */
  readonly heldPerSecond: number | null;
  /** In the order in which they were tried. */
  readonly trials: readonly RateTrial[];
}

/** The answer is this close to a rate that was not held. */
const PRECISION = 0.03;
const TRIALS_MAX = 14;
/** First step up, as a share, and first step down, as a factor; each further one is twice as large, up to a limit. */
const UP = 0.1;
const DOWN = 0.8;
const STEPS_MAX = 8;

/**
 * Finds the highest rate that is held: upwards or downwards from a first guess until a held and a refused one are
 * known, then by halves.
 *
 * A rate that was held stays so for the search, and so does one that was refused: what the machine did meanwhile is
 * found out by repeating the search.
 *
 * @param guess   records per second, above 0
 * @param isHeld  tries a rate
 */
export async function searchRate(
  guess: number,
  isHeld: (perSecond: number) => Promise<boolean>,
): Promise<RateFound> {
  const trials: RateTrial[] = [];
  let held = 0;
  let refused = Number.POSITIVE_INFINITY;
  let perSecond = guess;
  let steps = 1;
  while (trials.length < TRIALS_MAX && refused > held * (1 + PRECISION)) {
    const answer = await isHeld(perSecond);
    trials.push({ perSecond, isHeld: answer });
    if (answer) held = perSecond;
    else refused = perSecond;
    if (refused === Number.POSITIVE_INFINITY) {
      perSecond = held * (1 + UP * steps);
      steps = Math.min(2 * steps, STEPS_MAX);
    } else if (held === 0) {
      perSecond = refused * DOWN ** steps;
      steps = Math.min(2 * steps, STEPS_MAX);
    } else perSecond = (held + refused) / 2;
  }
  return { heldPerSecond: held === 0 ? null : held, trials };
}
