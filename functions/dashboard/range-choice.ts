/** Ranges a person may choose, and how finely a range is shown. Pure. */
import { iso, parseTime, STEPS, stepsFor } from '../../shared/range.ts';
import { DAY_MS, HOUR_MS } from '../../shared/window.ts';

export const PRESETS = [
  ['-1h', 'last hour'],
  ['-6h', 'last 6 hours'],
  ['-24h', 'last 24 hours'],
  ['-7d', 'last 7 days'],
  ['-30d', 'last 30 days'],
  ['-90d', 'last 90 days'],
] as const;

/** The finest step of `/v1/series` that it gives for a range of this length, and that makes at most so many points. */
export function stepFor(lengthMs: number, points: number): string {
  const allowed = stepsFor({ fromMs: 0, toMs: lengthMs });
  return allowed.find((name) => lengthMs <= points * stepMs(name)) ?? '1d';
}

export const stepMs = (name: string): number => STEPS.get(name) ?? DAY_MS;

/** Null where the page's address holds something that is no time; the query API then says so. */
export function lengthOf(from: string | null, to: string | null, nowMs: number): number | null {
  const toMs = to === null ? nowMs : parseTime(to, nowMs);
  const fromMs = from === null ? (toMs ?? 0) - DAY_MS : parseTime(from, nowMs);
  return fromMs === null || toMs === null || fromMs >= toMs ? null : toMs - fromMs;
}

const LEAST_MS = HOUR_MS;

/**
 * Where nobody has chosen a range: the query API's own (24 hours), less what lies before the first call, so that an hour
 * replayed from a file is not a sliver at the edge of an empty day.
 */
export function narrowed(
  points: readonly { readonly at: string; readonly calls: number }[],
  to: string,
): string | null {
  const first = points.find(({ calls }) => calls > 0);
  const start = points[0];
  if (first === undefined || start === undefined) return start?.at ?? null;
  const [startMs, firstMs, toMs] = [Date.parse(start.at), Date.parse(first.at), Date.parse(to)];
  const fromMs = Math.min(firstMs, toMs - LEAST_MS);
  return iso(fromMs - startMs > (toMs - startMs) / 4 ? fromMs : startMs);
}
