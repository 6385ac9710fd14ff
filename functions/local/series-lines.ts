/** The JSON lines of `gridwatch detect`: a hello, rows in the order of their arrival, and a tick when a minute is over. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Settings } from '../../shared/settings.ts';
import { type PageEvent, type SeriesRow, type Watch, watch } from '../../shared/watch.ts';
import { MINUTE_MS } from '../../shared/window.ts';
import { UsageError } from './exit.ts';
import { say } from './terminal.ts';

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
async function* linesOf(file: string): AsyncGenerator<{ at: number; text: string }> {
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

export interface Tick {
  readonly minute: number;
  readonly isStrict: boolean;
  readonly events: readonly PageEvent[];
}

/** Bad lines told one by one before they are only counted. */
const TOLD = 5;

/** Judges the series of an input tick by tick; says what it had to leave out. */
export async function seriesOf(
  file: string,
  settings: Settings,
  onTick: (tick: Tick) => void,
): Promise<{ readonly bad: number }> {
  let [startMs, isStrict, bad, late] = [0, false, 0, 0];
  let series: Watch = watch([], settings);
  for await (const { at, text } of linesOf(file)) {
    const line = readSeriesLine(text);
    if (line === null) {
      bad += 1;
      if (bad <= TOLD) say(`line ${at} is no hello, row or tick of a series; it was left out.`);
    } else if (line.kind === 'hello') {
      ({ startMs, isStrict } = line);
      series = watch(line.series, settings);
    } else if (line.kind === 'row') {
      late += series.add({ ...line.row, windowMs: startMs + line.minute * MINUTE_MS }) ? 0 : 1;
    } else {
      onTick({ minute: line.minute, isStrict, events: series.tick(startMs + line.minute * MINUTE_MS) });
    }
  }
  if (bad > TOLD) say(`${bad} lines were left out.`);
  if (late > 0) say(`${late} rows came more than ten minutes late and were not judged.`);
  return { bad };
}
