/** Colours of text on a terminal. */

const COLORS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, gray: 90 } as const;
export type Color = keyof typeof COLORS;

/** Text in a colour, which takes no columns. */
export function paint(color: Color, text: string, isOn: boolean): string {
  return isOn && text !== '' ? `\x1b[${COLORS[color]}m${text}\x1b[0m` : text;
}

/** How many colours a terminal has; 0: none are wanted. */
export type ColorCount = 0 | 16 | 256;

/** https://no-color.org; the rest is Node's own judgement of the terminal. */
export function colorsOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): ColorCount {
  const isOff = (env['NO_COLOR'] ?? '') !== '';
  if (stream.isTTY !== true || isOff || stream.hasColors?.() !== true) return 0;
  return stream.hasColors(256) ? 256 : 16;
}

type Rgb = readonly [red: number, green: number, blue: number];

// As in Flink's dashboard: what idles is blue, what is busy red, and what is backpressured black.
const IDLE: Rgb = [56, 120, 220];
const BUSY: Rgb = [224, 56, 56];
const BACKPRESSURED: Rgb = [38, 38, 38];

/** Text on the colour of a vertex: from blue to red by how busy it is, and to black by its backpressure. */
export function onHeat(
  text: string,
  { busyRatio, backpressuredRatio }: { readonly busyRatio: number; readonly backpressuredRatio: number },
  colors: ColorCount,
): string {
  if (colors === 0 || text === '') return text;
  return `\x1b[${background(busyRatio, backpressuredRatio, colors)};97m${text}\x1b[0m`;
}

function background(busy: number, backpressured: number, colors: ColorCount): string {
  if (colors === 16) return String(backpressured > 0.5 ? 40 : busy > 0.66 ? 41 : busy > 0.33 ? 45 : 44);
  const color = mixed(mixed(IDLE, BUSY, busy), BACKPRESSURED, backpressured);
  return `48;5;${nearestOf256(color)}`;
}

function mixed(from: Rgb, to: Rgb, share: number): Rgb {
  const at = Math.min(1, Math.max(0, share));
  const [red, green, blue] = from.map((value, i) => value + (to[i]! - value) * at);
  return [red!, green!, blue!];
}

/** Of the cube of 6 x 6 x 6 colours and the ramp of 24 greys. */
function nearestOf256(color: Rgb): number {
  const mean = (color[0] + color[1] + color[2]) / 3;
  const isGray = color.every((value) => Math.abs(value - mean) < 12);
  if (isGray) return 232 + Math.min(23, Math.max(0, Math.round((mean - 8) / 10)));
  const [red, green, blue] = color.map((value) =>
    value < 48 ? 0 : value < 115 ? 1 : Math.round((value - 55) / 40),
  );
  return 16 + 36 * red! + 6 * green! + blue!;
}
