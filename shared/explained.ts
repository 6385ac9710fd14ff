/** Alerts with something to tell -> the same with what their minutes show. Reads more history than judging needs, and only then. */
import type { Alert, Notification } from './alert.ts';
import { findingsOf } from './findings.ts';
import type { Store } from './ports.ts';
import { HOUR_MS, type RollUp } from './window.ts';

/** What a long alert was like in between does not matter for what to do now. */
async function around(store: Store, { sinceMs }: Alert, atMs: number): Promise<RollUp[]> {
  const beganMs = Math.min(sinceMs + HOUR_MS, atMs);
  const early = await store.rollUps('minute', sinceMs - HOUR_MS, beganMs);
  return [...early, ...(await store.rollUps('minute', Math.max(beganMs, atMs - HOUR_MS), atMs))];
}

/** Once an alert is resolved it keeps what was found while it failed. */
export async function explained(store: Store, alerts: readonly Alert[], atMs: number): Promise<Alert[]> {
  const isNew = (told: Notification) => told.atMs === atMs && told.reason !== 'resolved';
  return Promise.all(
    alerts.map(async (alert) => {
      if (!alert.outbox.some(isNew)) return alert;
      const findings = findingsOf(alert, await around(store, alert, atMs), atMs);
      const outbox = alert.outbox.map((told) => (isNew(told) ? { ...told, alert: { ...told.alert, findings } } : told));
      return { ...alert, findings, outbox };
    }),
  );
}
