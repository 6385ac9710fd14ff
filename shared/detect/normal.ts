/**
 * What is normal for one series and group: the share of calls that fail, and how far failures come in clumps (one doomed
 * request tried five times is no five pieces of evidence). Both fade with a half-life of a day of traffic and start from a
 * cautious prior. Learned five settled minutes at a time, so that between two blocks nothing about it has to be stored.
 */
import { MINUTE_MS } from '../window.ts';

/** Decayed failures and calls; decayed squares of what stretches of ten minutes were off by, and what was expected in them. */
export interface Normal {
  readonly failures: number;
  readonly calls: number;
  readonly clumpSquares: number;
  readonly clumpExpected: number;
  /** The stretch that is not complete yet. */
  readonly stretch: { readonly minutes: number; readonly failures: number; readonly expected: number };
}

/** A minute with calls, of one group. */
export interface Minute {
  readonly atMs: number;
  readonly calls: number;
  readonly failures: number;
}

export const BLOCK_MS = 5 * MINUTE_MS;
const HALF_LIFE_MINUTES = 24 * 60;
/** More calls than this in a minute are not more evidence: they share one cause of noise. */
const CALLS_CAP = 100;
const PRIOR = { share: 0.01, calls: 100, clump: 2, clumpExpected: 3 };

/** Retries follow within minutes: in a stretch as long as this, clumps show. */
const STRETCH_MINUTES = 10;
const EMPTY = { minutes: 0, failures: 0, expected: 0 };

export const UNKNOWN: Normal = {
  failures: PRIOR.share * PRIOR.calls,
  calls: PRIOR.calls,
  clumpSquares: PRIOR.clump * PRIOR.clumpExpected,
  clumpExpected: PRIOR.clumpExpected,
  stretch: EMPTY,
};

export const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));
export const weight = (calls: number): number => Math.min(1, CALLS_CAP / calls);
export const shareOf = ({ failures, calls }: Normal): number => clamp(failures / calls, 0.0005, 0.2);
export const clumpOf = ({ clumpSquares, clumpExpected }: Normal): number => clamp(clumpSquares / clumpExpected, 1, 6);
/** Calls of this group that did not fail, as far as they are remembered. */
export const workedOf = ({ failures, calls }: Normal): number => calls - failures - PRIOR.calls * (1 - PRIOR.share);

/** Learns from the settled minutes of a block. What is far above normal teaches little: the caller leaves out spikes. */
export function learn(normal: Normal, minutes: readonly Minute[]): Normal {
  if (minutes.length === 0) return normal;
  const p0 = shareOf(normal);
  const keep = 2 ** (-minutes.length / HALF_LIFE_MINUTES);
  let [calls, seen, failures, expected] = [0, 0, 0, 0];
  for (const { calls: n, failures: x } of minutes) {
    calls += n;
    seen += Math.min(x, Math.max(3 * p0, 0.01) * n + 2);
    failures += weight(n) * x;
    expected += weight(n) * n * p0;
  }
  const minutesOfStretch = normal.stretch.minutes + minutes.length;
  const stretch = {
    minutes: minutesOfStretch,
    failures: normal.stretch.failures + failures,
    expected: normal.stretch.expected + expected,
  };
  const isComplete = minutesOfStretch >= STRETCH_MINUTES;
  return {
    failures: normal.failures * keep + seen + (1 - keep) * UNKNOWN.failures,
    calls: normal.calls * keep + calls + (1 - keep) * UNKNOWN.calls,
    ...(isComplete
      ? clumps(normal, stretch)
      : { clumpSquares: normal.clumpSquares, clumpExpected: normal.clumpExpected, stretch }),
  };
}

function clumps(
  normal: Normal,
  { minutes, failures, expected }: Normal['stretch'],
): Pick<Normal, 'clumpSquares' | 'clumpExpected' | 'stretch'> {
  const keep = 2 ** (-minutes / HALF_LIFE_MINUTES);
  const square = Math.min((failures - expected) ** 2, Math.max(40, 25 * expected));
  return {
    clumpSquares: normal.clumpSquares * keep + square + (1 - keep) * UNKNOWN.clumpSquares,
    clumpExpected: normal.clumpExpected * keep + expected + (1 - keep) * UNKNOWN.clumpExpected,
    stretch: EMPTY,
  };
}
