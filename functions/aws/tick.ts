/** The time of an evaluation. The schedule says when it was meant, the clock when it is; whoever is right has to be told apart. */

/** A tick may wait this long to be handed over (`infra/functions.ts`: a minute, and a retry). */
const LATE_MS = 3 * 60_000;
const SKEW_MS = 30_000;

export interface Present {
  readonly nowMs: number;
  /** Clock minus schedule, where waiting does not explain the difference; else 0. */
  readonly skewMs: number;
}

/**
 * A tick that is a little late is evaluated at the present, so that two runs that overlap agree about leases. When clock and
 * schedule disagree by more, the schedule is believed: a clock that is wrong must not decide which minutes are over.
 */
export function presentAt(event: unknown, clockMs: number): Present {
  const { time } = Object(event);
  const meantMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (!Number.isFinite(meantMs)) return { nowMs: clockMs, skewMs: 0 };
  const lateMs = clockMs - meantMs;
  if (lateMs >= -SKEW_MS && lateMs <= LATE_MS) return { nowMs: Math.max(clockMs, meantMs), skewMs: 0 };
  return { nowMs: meantMs, skewMs: lateMs };
}
