/** The JSON lines of `gridwatch detect`: a hello, rows in the order of their arrival, and a tick when a minute is over. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { SeriesRow } from '../../shared/watch.ts';
import { MINUTE_MS } from '../../shared/window.ts';
import { UsageError } from './exit.ts';

export type SeriesLine =
  | { readonly kind: 'hello'; readonly isStrict: boolean; readonly startMs: number; readonly series: readonly string[] }
  | { readonly kind: 'row'; readonly row: Omit<SeriesRow, 'windowMs'>; readonly minute: number }
  | { readonly kind: 'tick'; readonly minute: number };

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0;

/** Null for a line that is none of the three. */
export function readSeriesLine(text: string): SeriesLine | null {
  const line = parsed(text);
  if (line === null) return null;
  if ('tick' in line) return isCount(line['tick']) ? { kind: 'tick', minute: line['tick'] } : null;
  if ('hello' in line) return readHello(line['hello']);
  const { series, batch, t, total, e429 = 0, e5xx = 0, timeout = 0, auth = 0, e4xx = 0 } = line;
  if (typeof series !== 'string' || typeof batch !== 'string' || !isCount(t) || !isCount(total)) return null;
  if (!isCount(e429) || !isCount(e5xx) || !isCount(timeout) || !isCount(auth) || !isCount(e4xx)) return null;
  if (e429 + e5xx + timeout + auth + e4xx > total) return null;
  return { kind: 'row', minute: t, row: { series, batch, calls: total, e429, e5xx, timeout, auth, e4xx } };
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : null;
  } catch {
    return null;
  }
}

function readHello(hello: unknown): SeriesLine | null {
  if (typeof hello !== 'object' || hello === null) return null;
  const fields: Record<string, unknown> = { ...hello };
  const { strict, start, series } = fields;
  const startMs = typeof start === 'string' ? Date.parse(start) : Number.NaN;
  const names = Array.isArray(series) ? series.filter((name): name is string => typeof name === 'string') : [];
  // Minutes count from midnight 1970 where no start is told; to the detector only differences matter.
  const alignedMs = Number.isNaN(startMs) ? 0 : Math.floor(startMs / MINUTE_MS) * MINUTE_MS;
  return { kind: 'hello', isStrict: strict === true, startMs: alignedMs, series: names };
}

/** Numbered lines of a file or of standard input; blank ones are left out. */
export async function* linesOf(file: string): AsyncGenerator<{ at: number; text: string }> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let at = 0;
  try {
    for await (const text of lines) {
      at += 1;
      if (text.trim() !== '') yield { at, text };
    }
  } catch (error) {
    throw error instanceof Error && 'code' in error ? unreadable(file, String(error.code)) : error;
  }
}

const unreadable = (file: string, code: string): UsageError =>
  new UsageError(`${file}: cannot be read (${code}); name a file of JSON lines, or - for standard input.`);
