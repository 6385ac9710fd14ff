/**
 * Delivery of what alerts decided to tell. A notification is saved with its alert before it is sent and cleared after: a
 * crash between the two sends it again, never not at all. A lease keeps two evaluators from sending at once. One message a
 * minute at most goes out: what is told at the same time is told together.
 */
import type { Alert } from './alert.ts';
import { digest } from './digest.ts';
import { render } from './message.ts';
import { keyOf, loadAlert, type StoredAlert } from './open-alerts.ts';
import type { Notifier, Store } from './ports.ts';
import type { Settings } from './settings.ts';
import { windowOf } from './window.ts';

const LEASE_KEY = 'lease/outbox';
const LEASE_MS = 50_000;

interface World {
  readonly store: Store;
  readonly settings: Pick<Settings, 'summaryUrl'>;
  readonly nowMs: number;
}

/** Sends everything that is waiting; returns how many messages went out. Throws when the notifier does: then all of it waits on. */
export async function deliver(
  { store, settings, nowMs }: World,
  notifier: Notifier,
  open: readonly Alert[],
): Promise<number> {
  const ids = open.filter(isWaiting).map(({ id }) => id);
  if (ids.length === 0 || !(await takeLease(store, nowMs))) return 0;
  // As they are under the lease: another evaluator may have sent what this one saw waiting.
  const loaded = await Promise.all(ids.map((id) => loadAlert(store, id)));
  const waiting = loaded.filter((stored) => stored !== null).filter(({ alert }) => isWaiting(alert));
  const messages = waiting.flatMap(({ alert }) => alert.outbox).map((told) => render(told, settings));
  const message = messages.length > 1 ? digest(messages, nowMs) : messages[0];
  if (message) await notifier.send(message);
  for (const stored of waiting) await clearOutbox(store, stored);
  await releaseLease(store, nowMs, message !== undefined);
  return message ? 1 : 0;
}

const isWaiting = ({ outbox }: Alert): boolean => outbox.length > 0;

async function clearOutbox(store: Store, { alert: sent, version }: StoredAlert): Promise<void> {
  if (await store.save(keyOf(sent.id), { ...sent, outbox: [] }, version)) return;
  // The alert moved on while we sent: take out only what went out.
  const stored = await loadAlert(store, sent.id);
  if (stored === null) return;
  const outbox = stored.alert.outbox.filter((told) => !sent.outbox.some(({ id }) => id === told.id));
  await store.save(keyOf(sent.id), { ...stored.alert, outbox }, stored.version);
}

interface Lease {
  readonly untilMs: number;
  /** When a message went out last. */
  readonly sentMs?: number;
}

async function takeLease(store: Store, nowMs: number): Promise<boolean> {
  const stored = await store.load(LEASE_KEY);
  const { untilMs, sentMs }: Lease = stored ? (stored.value as Lease) : { untilMs: 0 };
  // No lease lasts longer than LEASE_MS; one that seems to was taken under another clock (a replay) and is void.
  if (untilMs > nowMs && untilMs <= nowMs + LEASE_MS) return false;
  if (sentMs !== undefined && windowOf(sentMs) === windowOf(nowMs)) return false;
  return store.save(LEASE_KEY, { untilMs: nowMs + LEASE_MS }, stored?.version ?? 0);
}

async function releaseLease(store: Store, nowMs: number, isSent: boolean): Promise<void> {
  const lease = await store.load(LEASE_KEY);
  if (lease === null) return;
  await store.save(LEASE_KEY, { untilMs: nowMs, ...(isSent && { sentMs: nowMs }) } satisfies Lease, lease.version);
}
