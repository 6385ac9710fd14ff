/**
 * The evidence that a series fails far more than normal: the log-likelihood ratio of its minutes, in nats, summed and never
 * below zero. Two charts run side by side, a soft one for a lasting small rise and a hard one for an outage. The minute in
 * which they left zero is `since`.
 */
import { MINUTE_MS } from '../window.ts';
import { clamp, clumpOf, type Minute, type Normal, shareOf, weight } from './normal.ts';

export interface Evidence {
  readonly soft: number;
  readonly hard: number;
  readonly sinceMs: number;
  readonly calls: number;
  readonly failures: number;
  /** Last minute that was clearly above normal. */
  readonly lastBadMs: number | null;
  /** Sum of the failing shares, and number, of the minutes above normal: what a blip cannot have. */
  readonly badMinutes: number;
  readonly elevatedMinutes: number;
}

/** No minute decides alone: what one overwhelming minute can say is `unconfirmed`. */
export const NATS_PER_MINUTE = { least: -2, most: 6 };
/** Bad minutes further apart are not one blip, and less likely one incident: what spoke before the pause counts less. */
const APART_MS = 10 * MINUTE_MS;
const AFTER_PAUSE = 0.75;

/** Nats that the failures of a minute speak for share `p1` rather than `p0`. */
export const nats = ({ calls: n, failures: x }: Minute, p1: number, p0: number): number =>
  weight(n) * (x * Math.log(p1 / p0) + (n - x) * Math.log((1 - p1) / (1 - p0)));

export const isBad = ({ calls, failures }: Minute, normal: Normal, minShare: number): boolean =>
  failures >= 1 && failures / calls >= Math.max(minShare / 2, 2.5 * shareOf(normal));

export const strengthOf = (evidence: Evidence | null): number =>
  evidence === null ? 0 : Math.max(evidence.soft, evidence.hard);

/** The evidence after one more minute with calls. */
export function weigh(before: Evidence | null, minute: Minute, normal: Normal, minShare: number): Evidence | null {
  if (before === null && minute.failures === 0) return null;
  const p0 = shareOf(normal);
  const clump = clumpOf(normal);
  const gain = (p1: number) =>
    clamp(nats(minute, Math.min(0.97, p1), p0) / clump, NATS_PER_MINUTE.least, NATS_PER_MINUTE.most);
  const { atMs, calls: n, failures: x } = minute;
  const bad = isBad(minute, normal, minShare);
  const isApart = bad && before?.lastBadMs != null && atMs - before.lastBadMs > APART_MS;
  const kept = isApart ? AFTER_PAUSE : 1;
  const soft = Math.max(0, kept * (before?.soft ?? 0) + gain(Math.max(1.4 * minShare, 3 * p0)));
  const hard = Math.max(0, kept * (before?.hard ?? 0) + gain(Math.max(6 * minShare, 10 * p0)));
  if (soft === 0 && hard === 0) return null;
  const isNew = before?.lastBadMs == null || isApart;
  return {
    soft,
    hard,
    sinceMs: before?.sinceMs ?? atMs,
    calls: (before?.calls ?? 0) + n,
    failures: (before?.failures ?? 0) + x,
    lastBadMs: bad ? atMs : (before?.lastBadMs ?? null),
    badMinutes: (isNew ? 0 : before.badMinutes) + (bad ? Math.max(0, (x - n * p0) / (n + 0.5)) : 0),
    elevatedMinutes: (isNew ? 0 : before.elevatedMinutes) + (bad ? 1 : 0),
  };
}
