/** An alert as tests need one. */
import type { Alert, Notification } from '../../shared/alert.ts';

export const AT_MS = Date.UTC(2026, 0, 5, 14, 5);

export const alertOf = (change: Partial<Alert> = {}): Alert => ({
  ...{ id: 'a', group: 'e429', scope: { by: 'key', value: 'checkout' }, state: 'firing', reason: 'share-above-normal' },
  ...{ sinceMs: AT_MS - 300_000, firedMs: AT_MS, resolvedMs: null, evaluatedMs: AT_MS, untilMs: AT_MS },
  ...{ calls: 100, failures: 40, normalShare: 0.01, blastRadius: [], lastNotifiedMs: AT_MS, outbox: [] },
  causes: [{ cause: 'budget_exceeded', status: 429, failures: 40 }],
  ...change,
});

export function notificationOf(change: Partial<Alert> = {}, reason: Notification['reason'] = 'first'): Notification {
  const { outbox: _, ...alert } = alertOf(change);
  return { id: `${alert.id}-${reason}`, reason, atMs: AT_MS, alert };
}

/** An alert with something to tell. */
export const waiting = (change: Partial<Alert> = {}, reason: Notification['reason'] = 'first'): Alert =>
  alertOf({ ...change, outbox: [notificationOf(change, reason)] });
