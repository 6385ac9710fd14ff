/** A spike of one group from its opening to its recovery, and for an hour after, while it may come back. */
import { MINUTE_MS } from '../window.ts';
import { type Evidence, isBad, nats } from './evidence.ts';
import { clamp, type Minute, type Normal, shareOf } from './normal.ts';

export interface Spike {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly openedMs: number;
  readonly closedMs: number | null;
  readonly closedBy: 'recovered' | 'silence' | null;
  /** Minutes before this one belong to a spike that was closed. */
  readonly fromMs: number;
  readonly lastCallMs: number;
  /** Share when it opened; recovery is measured against it. */
  readonly share: number;
  readonly calls: number;
  readonly failures: number;
  /** Counted since the last bad minute; joins the totals when failures go on. */
  readonly tailCalls: number;
  readonly tailFailures: number;
  /** Nats for "well again". */
  readonly recovery: number;
  readonly calmMinutes: number;
  /** Calm minutes that close it; doubles when it comes back within the hour. */
  readonly calmNeeded: number;
}

/** What comes back within this time after it was over is the same incident. */
export const REOPEN_MS = 60 * MINUTE_MS;
/** After this long without a call an incident is closed: nobody is hit, and nothing shows that it is over. */
export const SILENCE_MS = 60 * MINUTE_MS;
const CALM_MINUTES = { first: 5, most: 40 };
const RECOVERY_NATS = 5;

export const isOpen = (spike: Spike | null): spike is Spike => spike !== null && spike.closedMs === null;

export function open(evidence: Evidence, atMs: number, recent: Spike | null): Spike {
  const { sinceMs, lastBadMs, calls, failures } = evidence;
  return {
    sinceMs,
    untilMs: (lastBadMs ?? sinceMs) + MINUTE_MS,
    openedMs: atMs,
    closedMs: null,
    closedBy: null,
    fromMs: recent?.closedMs ?? 0,
    lastCallMs: lastBadMs ?? sinceMs,
    share: failures / calls,
    calls,
    failures,
    tailCalls: 0,
    tailFailures: 0,
    recovery: 0,
    calmMinutes: 0,
    calmNeeded: recent === null ? CALM_MINUTES.first : Math.min(CALM_MINUTES.most, recent.calmNeeded * 2),
  };
}

/** Totals and recovery after one more minute with calls. Without calls nothing recovers: silence is not calm. */
export function follow(spike: Spike, minute: Minute, normal: Normal, minShare: number): Spike {
  if (!isOpen(spike) || minute.atMs < spike.sinceMs) return spike;
  const { atMs, calls: n, failures: x } = minute;
  const [tailCalls, tailFailures] = [spike.tailCalls + n, spike.tailFailures + x];
  const counted = isBad(minute, normal, minShare)
    ? {
        calls: spike.calls + tailCalls,
        failures: spike.failures + tailFailures,
        untilMs: atMs + MINUTE_MS,
        tailCalls: 0,
        tailFailures: 0,
      }
    : { tailCalls, tailFailures };
  const lastCallMs = Math.max(spike.lastCallMs, atMs);
  if (atMs < spike.openedMs) return { ...spike, ...counted, lastCallMs };
  const p0 = shareOf(normal);
  const still = Math.max(2.5 * p0 + 0.0125, 0.4 * spike.share);
  const well = nats(minute, clamp(p0, 0.005, 0.1), still);
  return {
    ...spike,
    ...counted,
    lastCallMs,
    recovery: Math.max(0, spike.recovery + Math.min(1, well)),
    calmMinutes: x / n >= still && well < -1 ? 0 : spike.calmMinutes + 1,
  };
}

/** Why an open spike is over at `atMs`, or null. */
export function endOf({ recovery, calmMinutes, calmNeeded, lastCallMs }: Spike, atMs: number): Spike['closedBy'] {
  if (atMs - MINUTE_MS - lastCallMs >= SILENCE_MS) return 'silence';
  return recovery >= RECOVERY_NATS && calmMinutes >= calmNeeded ? 'recovered' : null;
}
