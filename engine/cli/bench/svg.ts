import { escaped } from '../../base/html-text.js';

/** Pieces of drawings in SVG. Colours are classes, so that a page chooses them for light and dark. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** @param label  what a reader who cannot see it is told */
export function drawing(width: number, height: number, label: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(label)}">${parts.join('')}</svg>`;
}

export function label(at: Point, text: string, anchor: 'start' | 'middle' | 'end', kind = 'label'): string {
  return `<text class="${kind}" x="${at.x.toFixed(1)}" y="${at.y.toFixed(1)}" text-anchor="${anchor}">${escaped(text)}</text>`;
}

/** @param title  told where a pointer rests on it */
export function bar(kind: string, at: Point, width: number, height: number, title: string): string {
  return `<rect class="${kind}" x="${at.x.toFixed(1)}" y="${at.y.toFixed(1)}" width="${width.toFixed(1)}" height="${height}"><title>${escaped(title)}</title></rect>`;
}

export function stroke(kind: string, from: Point, to: Point): string {
  return `<line class="${kind}" x1="${from.x.toFixed(1)}" y1="${from.y.toFixed(1)}" x2="${to.x.toFixed(1)}" y2="${to.y.toFixed(1)}"/>`;
}

export function dot(kind: string, at: Point, title: string): string {
  return `<circle class="${kind}" cx="${at.x.toFixed(1)}" cy="${at.y.toFixed(1)}" r="4"><title>${escaped(title)}</title></circle>`;
}

export function path(kind: string, points: readonly Point[]): string {
  return `<polyline class="${kind}" points="${points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}"/>`;
}

/** From a value to its place between the least, 0, and the most, 1, by powers. */
export function logScale(values: readonly number[]): (value: number) => number {
  const [least, most] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  return (value) => (most === least ? 0.5 : (Math.log(value) - least) / (most - least));
}
