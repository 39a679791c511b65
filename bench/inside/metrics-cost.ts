/**
 * What does it cost that a job is measured and looked at, all of it at default settings?
 *
 *   node --import pulse-switch.js metrics-cost.js <size>
 *
 * A slice is a little more than a second, so that none escapes what is done once a second.
 */
import { costInSlices } from '../probes/alternating-slices.js';
import { reportFigures, sizeArgument } from '../probes/probe-report.js';
import { switchPulse } from './pulse-switch.js';

const [warmUpMs, pairs, ms] = sizeArgument() === 'smoke' ? [0, 1, 100] : [3_000, 20, 1_100];
reportFigures({
  'metrics-cost': await costInSlices({ warmUpMs, pairs, ms, switchTo: (isOn) => switchPulse(isOn) }),
});
