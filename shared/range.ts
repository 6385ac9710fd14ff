/**
 * A range of time: how a person writes it, and how finely it can be shown. Ranges are half-open, `fromMs <= t < toMs`, in
 * milliseconds since the epoch.
 */
import { DAY_MS, type Granularity, HOUR_MS, MINUTE_MS } from './window.ts';

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The last time a JavaScript date can name. */
const MAX_MS = 8.64e15;

export const LONGEST_RANGE_MS = 400 * DAY_MS;

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
  const [, count, unit = ''] = /^([+-]\d{1,9})([smhdw])$/.exec(text) ?? [];
  if (count !== undefined) return Math.max(0, nowMs + Number(count) * (UNIT_MS.get(unit) ?? Number.NaN));
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

/** Steps a series may have, by their names. */
export const STEPS: ReadonlyMap<string, number> = new Map([
  ...[1, 5, 10, 15, 30].map((n) => [`${n}m`, n * MINUTE_MS] as const),
  ...[1, 3, 6, 12].map((n) => [`${n}h`, n * HOUR_MS] as const),
  ['1d', DAY_MS],
]);
/** Reads that answer in a moment: more minutes or hours than these are thousands of roll-ups. */
const LONGEST_MS: Readonly<Record<Granularity, number>> = {
  minute: 36 * HOUR_MS,
  hour: 31 * DAY_MS,
  day: LONGEST_RANGE_MS + DAY_MS,
};
const MAX_POINTS = 2000;
/** Without a step asked for, a series has at most so many points, and is made of at most so many roll-ups. */
const USUAL_POINTS = 300;
const USUAL_MS: Readonly<Record<Granularity, number>> = { minute: DAY_MS, hour: 14 * DAY_MS, day: LONGEST_MS.day };

/** The coarsest roll-ups that steps of this length can be made of. */
export const granularityOf = (stepMs: number): Granularity =>
  stepMs % DAY_MS === 0 ? 'day' : stepMs % HOUR_MS === 0 ? 'hour' : 'minute';

export const stepName = (stepMs: number): string => [...STEPS].find(([, ms]) => ms === stepMs)?.[0] ?? '';

/** Names of the steps that a series of this range may have. */
export const stepsFor = ({ fromMs, toMs }: Range): string[] =>
  [...STEPS]
    .filter(([, ms]) => toMs - fromMs <= Math.min((MAX_POINTS - 1) * ms, LONGEST_MS[granularityOf(ms)]))
    .map(([name]) => name);

export const usualStep = ({ fromMs, toMs }: Range): number =>
  [...STEPS.values()].find((ms) => toMs - fromMs <= Math.min(USUAL_POINTS * ms, USUAL_MS[granularityOf(ms)])) ?? DAY_MS;

/** A long range begins at a whole hour or day (UTC), so that it is not the minutes of its first hour that cost most. */
export function widen(range: Range): Range {
  const { fromMs, toMs } = alignRange(range);
  const sizeMs = toMs - fromMs > LONGEST_MS.hour ? DAY_MS : toMs - fromMs > LONGEST_MS.minute ? HOUR_MS : MINUTE_MS;
  return { fromMs: Math.floor(fromMs / sizeMs) * sizeMs, toMs };
}
