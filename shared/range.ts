/**
 * A range of time: how a person writes it, what it is when they do not, and the roll-ups that cover it exactly once.
 * Ranges are half-open, `fromMs <= t < toMs`, in milliseconds since the epoch.
 */
import type { Store } from './ports.ts';
import { type Granularity, MINUTE_MS, type RollUp } from './window.ts';

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** Up to here a range is read minute by minute: fewer reads than an hour's roll-ups and both edges would cost. */
const MINUTES_ONLY_MS = 6 * HOUR_MS;
/** Clocks of log writers may be ahead of ours, and a time without a zone is read as UTC. */
const AHEAD_MS = DAY_MS;
/** The last time a JavaScript date can name. */
const MAX_MS = 8.64e15;

export const iso = (ms: number): string => new Date(ms).toISOString();

/** The range widened to whole steps counted from the epoch (UTC hours and days for those steps). */
export const alignRange = ({ fromMs, toMs }: Range, stepMs: number = MINUTE_MS): Range => ({
  fromMs: Math.floor(fromMs / stepMs) * stepMs,
  toMs: Math.ceil(toMs / stepMs) * stepMs,
});

export const TIME_FORMS =
  'an ISO time (2026-01-31T08:00Z), epoch milliseconds, or relative such as -90m, -1h, -7d, now';

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', MINUTE_MS],
  ['h', HOUR_MS],
  ['d', DAY_MS],
  ['w', 7 * DAY_MS],
]);
const ISO_TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+ -]\d\d:?\d\d)?)?$/i;

/** One of TIME_FORMS as milliseconds, else null. A time without a zone is UTC. */
export function parseTime(text: string, nowMs: number): number | null {
  if (text === 'now') return nowMs;
  if (/^\d{1,16}$/.test(text)) return Number(text) <= MAX_MS ? Number(text) : null;
  const [, count, unit = ''] = /^-(\d{1,9})([smhdw])$/.exec(text) ?? [];
  if (count !== undefined) return Math.max(0, nowMs - Number(count) * (UNIT_MS.get(unit) ?? Number.NaN));
  const [, day, time = '00:00', zone = 'Z'] = ISO_TIME.exec(text) ?? [];
  if (day === undefined || !isDay(day)) return null;
  // An unescaped `+` in a query string arrives as a space.
  const ms = Date.parse(`${day}T${time}${zone.toUpperCase().replace(' ', '+')}`);
  return ms >= 0 ? ms : null;
}

/** Date.parse turns 30 February into 1 March; nobody who writes it means that. */
function isDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00Z`);
  return !Number.isNaN(ms) && iso(ms).startsWith(day);
}

/** The last 24 hours; of a store that holds only older data (a replayed file), its newest 24 hours. */
export async function defaultRange(store: Store, nowMs: number): Promise<Range> {
  const newestMs = await newestMinute(store, nowMs);
  const endMs = newestMs === null ? nowMs : newestMs + MINUTE_MS;
  const isOld = endMs <= nowMs - DAY_MS;
  const { toMs } = alignRange({ fromMs: 0, toMs: isOld ? endMs : Math.max(nowMs, endMs) });
  return { fromMs: toMs - DAY_MS, toMs };
}

/** Looks back in steps that double, so that live data costs one short read and the oldest file about twenty. */
async function newestMinute(store: Store, nowMs: number): Promise<number | null> {
  let toMs = nowMs + AHEAD_MS;
  for (let stepMs = HOUR_MS, fromMs = nowMs - stepMs; toMs > 0; stepMs *= 2, toMs = fromMs, fromMs -= stepMs) {
    const newest = (await store.rollUps('minute', Math.max(0, fromMs), toMs)).at(-1);
    if (newest) return newest.windowMs;
  }
  return null;
}

const COARSE_FIRST: readonly (readonly [Granularity, number])[] = [
  ['day', DAY_MS],
  ['hour', HOUR_MS],
  ['minute', MINUTE_MS],
];

/**
 * Disjoint roll-ups that cover the range (widened to whole minutes), ordered by window: days and hours that lie in it whole
 * and are rolled up, minutes for the rest. None is coarser than `coarsest`.
 */
export async function readRollUps(
  store: Store,
  fromMs: number,
  toMs: number,
  coarsest: Granularity = 'day',
): Promise<RollUp[]> {
  const whole = alignRange({ fromMs, toMs });
  if (whole.toMs - whole.fromMs <= MINUTES_ONLY_MS) return store.rollUps('minute', whole.fromMs, whole.toMs);
  const found: RollUp[][] = [];
  let gaps = [whole];
  for (const [granularity, sizeMs] of COARSE_FIRST.slice(COARSE_FIRST.findIndex(([name]) => name === coarsest))) {
    const reads = await Promise.all(gaps.map((gap) => readWhole(store, granularity, sizeMs, gap)));
    gaps = gaps.flatMap((gap, at) => uncovered(gap, reads[at] ?? [], sizeMs));
    found.push(...reads);
  }
  return found.flat().sort((a, b) => a.windowMs - b.windowMs);
}

async function readWhole(store: Store, granularity: Granularity, sizeMs: number, gap: Range): Promise<RollUp[]> {
  const fromMs = Math.ceil(gap.fromMs / sizeMs) * sizeMs;
  const toMs = Math.floor(gap.toMs / sizeMs) * sizeMs;
  return fromMs < toMs ? store.rollUps(granularity, fromMs, toMs) : [];
}

function uncovered(gap: Range, covered: readonly RollUp[], sizeMs: number): Range[] {
  const starts = [...covered.map(({ windowMs }) => windowMs), gap.toMs];
  const ends = [gap.fromMs, ...covered.map(({ windowMs }) => windowMs + sizeMs)];
  return starts.flatMap((toMs, at) => {
    const fromMs = ends[at] ?? toMs;
    return fromMs < toMs ? [{ fromMs, toMs }] : [];
  });
}
