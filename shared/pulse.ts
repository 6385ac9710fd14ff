/** What a deployed gridwatch says of itself after each evaluation, out of the roll-ups of the last minutes. Pure. */
import type { Category, CauseId } from './causes.ts';
import { categoryOfCell } from './summary.ts';
import { lawHolds, MINUTE_MS, type RollUp, windowOf } from './window.ts';

/** How far back a pulse looks. */
export const PULSE_MS = 10 * MINUTE_MS;
/** CloudWatch Logs usually delivers within three minutes, so an earlier figure would be too small and stay so. */
const SETTLED_MS = 3 * MINUTE_MS;

export interface Pulse {
  /** Failed calls of one minute, the one that began three minutes ago, so that each minute is said once. */
  readonly failures: Readonly<Record<Category, number>>;
  /** The same by cause; only causes that were seen. */
  readonly causes: ReadonlyMap<CauseId, number>;
  /** Roll-ups whose log events do not add up. */
  readonly lawBroken: number;
  /** Since the newest minute with log events ended; null when there was none. */
  readonly newestAgeMs: number | null;
}

/** `rollUps`: the minutes of `[nowMs - PULSE_MS, nowMs]`. */
export function pulse(rollUps: readonly RollUp[], nowMs: number): Pulse {
  const failures = { request: 0, throttle: 0, transient: 0, connection: 0 };
  const causes = new Map<CauseId, number>();
  const settledMs = windowOf(nowMs) - SETTLED_MS;
  for (const cell of rollUps.find(({ windowMs }) => windowMs === settledMs)?.cells ?? []) {
    const category = categoryOfCell(cell);
    if (category === null) continue;
    failures[category] += cell.calls;
    const cause = cell.cause ?? 'unknown';
    causes.set(cause, (causes.get(cause) ?? 0) + cell.calls);
  }
  const newestMs = Math.max(...rollUps.map(({ windowMs }) => windowMs));
  return {
    failures,
    causes,
    lawBroken: rollUps.filter(({ totals }) => !lawHolds(totals)).length,
    newestAgeMs: rollUps.length === 0 ? null : Math.max(0, nowMs - newestMs - MINUTE_MS),
  };
}
