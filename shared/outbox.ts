/**
 * Alerts in the store, and the delivery of what they decided to tell. A notification is saved with its alert before it is
 * sent and cleared after: a crash between the two sends it again, never not at all. A lease keeps two evaluators from
 * sending at once.
 */
import type { Alert, Notification } from './alert.ts';
import { render } from './message.ts';
import type { Notifier, Store } from './ports.ts';
import type { Settings } from './settings.ts';

const PREFIX = 'alert/';
const LEASE_KEY = 'lease/outbox';
const LEASE_MS = 50_000;
/** A resolved alert may reopen within this time, so the decision needs to see it. */
const REOPEN_MS = 3_600_000;

interface StoredAlert {
  readonly version: number;
  readonly alert: Alert;
}

async function storedAlerts(store: Store): Promise<StoredAlert[]> {
  return (await store.list(PREFIX)).map(({ version, value }) => ({ version, alert: value as Alert }));
}

/** Alerts that still matter at a time: open ones and those resolved within the hour before. */
export async function alertsAt(store: Store, atMs: number): Promise<Alert[]> {
  const alerts = (await storedAlerts(store)).map(({ alert }) => alert);
  return alerts.filter((alert) => alert.resolvedMs === null || alert.resolvedMs > atMs - REOPEN_MS);
}

/** Saves decided alerts; an alert that another evaluator has taken further already stays as it is. */
export async function saveAlerts(store: Store, alerts: readonly Alert[]): Promise<void> {
  for (const alert of alerts) {
    const stored = await store.load(`${PREFIX}${alert.id}`);
    const known = stored?.value as Alert | undefined;
    if (known !== undefined && known.evaluatedMs >= alert.evaluatedMs) continue;
    await store.save(`${PREFIX}${alert.id}`, alert, stored?.version ?? 0);
  }
}

/** Sends everything that is waiting; returns how many messages went out. Throws when the notifier does, keeping the rest. */
export async function deliver(store: Store, notifier: Notifier, settings: Settings, nowMs: number): Promise<number> {
  const waiting = (await storedAlerts(store)).filter(({ alert }) => alert.outbox.length > 0);
  if (waiting.length === 0 || !(await takeLease(store, nowMs))) return 0;
  let sent = 0;
  for (const { alert, version } of waiting) {
    for (const notification of alert.outbox) {
      await notifier.send(render(notification, { summaryUrl: settings.summaryUrl }));
      sent += 1;
    }
    await clearOutbox(store, alert, version);
  }
  await releaseLease(store, nowMs);
  return sent;
}

async function clearOutbox(store: Store, sent: Alert, version: number): Promise<void> {
  if (await store.save(`${PREFIX}${sent.id}`, { ...sent, outbox: [] }, version)) return;
  // The alert moved on while we sent: take out only what went out.
  const stored = await store.load(`${PREFIX}${sent.id}`);
  if (stored === null) return;
  const alert = stored.value as Alert;
  const outbox = alert.outbox.filter((waiting: Notification) => !sent.outbox.some(({ id }) => id === waiting.id));
  await store.save(`${PREFIX}${sent.id}`, { ...alert, outbox }, stored.version);
}

async function takeLease(store: Store, nowMs: number): Promise<boolean> {
  const lease = await store.load(LEASE_KEY);
  const untilMs = (lease?.value as { untilMs: number } | undefined)?.untilMs ?? 0;
  // No lease lasts longer than LEASE_MS; one that seems to was taken under another clock (a replay) and is void.
  if (untilMs > nowMs && untilMs <= nowMs + LEASE_MS) return false;
  return store.save(LEASE_KEY, { untilMs: nowMs + LEASE_MS }, lease?.version ?? 0);
}

async function releaseLease(store: Store, nowMs: number): Promise<void> {
  const lease = await store.load(LEASE_KEY);
  if (lease !== null) await store.save(LEASE_KEY, { untilMs: nowMs }, lease.version);
}
