/** Columns without boxes: they survive pipes, tickets and narrow terminals. Colour only where a person looks. */
import Table from 'cli-table3';
import pc from 'picocolors';

/** `CI` and pipes are no person; NO_COLOR and FORCE_COLOR are obeyed. */
export const colours = pc.createColors(
  pc.isColorSupported && (process.stdout.isTTY === true || process.env['FORCE_COLOR'] !== undefined),
);

const NONE = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left'];
const NONE_INSIDE = ['left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];

/** `right`: the columns of numbers, by their place. */
export const columns = (head: readonly string[], right: readonly number[]) =>
  new Table({
    head: head.map((title) => colours.dim(title)),
    colAligns: head.map((_, at) => (right.includes(at) ? 'right' : 'left')),
    chars: { ...Object.fromEntries([...NONE, ...NONE_INSIDE].map((part) => [part, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });

const BARS = '▁▂▃▄▅▆▇█';
const WIDEST = 60;

/** One character for one or several values, the largest full height; nothing is a dot. */
export function sparkline(values: readonly number[], most: number = Math.max(...values)): string {
  const size = Math.ceil(values.length / WIDEST);
  const parts = Array.from({ length: Math.ceil(values.length / size) }, (_, at) =>
    Math.max(...values.slice(at * size, (at + 1) * size)),
  );
  return parts.map((value) => (value <= 0 ? '·' : (BARS[Math.ceil((value / most) * BARS.length) - 1] ?? '█'))).join('');
}
