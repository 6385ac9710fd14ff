/**
 * Alerts in the store. They are kept for a year, so what still matters (open, resolved within the hour, or not yet told) is
 * found by one small document that names it. The document names an alert before the alert is saved, and forgets it after all
 * else is done: a crash in between leaves a name too many, never an alert that nobody looks at.
 */
import type { Alert } from './alert.ts';
import { changeDocument } from './change.ts';
import { REOPEN_MS } from './detect.ts';
import type { Store } from './ports.ts';
import { HOUR_MS } from './window.ts';

/** Under this prefix is every alert. */
export const ALERT_PREFIX = 'alert/';
const OPEN_KEY = 'open-alerts';
/** Names alerts that were over within these hours: data that come late may belong to one. */
const OVER_KEY = 'over-alerts';
const OVER_MS = 8 * HOUR_MS;

export interface StoredAlert {
  readonly alert: Alert;
  readonly version: number;
}
export interface OpenAlerts {
  readonly stored: ReadonlyMap<string, StoredAlert>;
  /** What the document names. */
  readonly named: ReadonlySet<string>;
}

export const keyOf = (id: string): string => `${ALERT_PREFIX}${id}`;

export async function loadAlert(store: Store, id: string): Promise<StoredAlert | null> {
  const document = await store.load(keyOf(id));
  return document && { alert: document.value as Alert, version: document.version };
}

async function loadAlerts(store: Store, ids: readonly string[]): Promise<Map<string, StoredAlert>> {
  const loaded = await Promise.all(ids.map(async (id) => [id, await loadAlert(store, id)] as const));
  return new Map(loaded.flatMap(([id, alert]) => (alert === null ? [] : [[id, alert] as const])));
}

/** A resolved alert may reopen within the hour, so it is looked at for so long. */
export const matters = ({ resolvedMs, outbox }: Alert, atMs: number): boolean =>
  resolvedMs === null || resolvedMs > atMs - REOPEN_MS || outbox.length > 0;

export async function readOpen(store: Store): Promise<OpenAlerts> {
  const document = await store.load(OPEN_KEY);
  // A store of before there was such a document: everything is looked at, once.
  const ids = document
    ? (document.value as string[])
    : (await store.list(ALERT_PREFIX)).map(({ key }) => key.slice(ALERT_PREFIX.length));
  return { stored: await loadAlerts(store, ids), named: new Set(document ? ids : []) };
}

/** Alerts that matter at a time. */
export const alertsAt = ({ stored }: OpenAlerts, atMs: number): Alert[] =>
  [...stored.values()].map(({ alert }) => alert).filter((alert) => matters(alert, atMs));

/** Saves decided alerts; one that another evaluator has taken further already stays as it is. */
export async function saveAlerts(store: Store, open: OpenAlerts, alerts: readonly Alert[]): Promise<OpenAlerts> {
  const isNamed = alerts.every(({ id }) => open.named.has(id));
  const ids = new Set([...open.stored.keys(), ...alerts.map(({ id }) => id)]);
  const named = isNamed ? open.named : await changeNames(store, (known) => new Set([...known, ...ids]));
  const stored = new Map(open.stored);
  for (const alert of alerts) stored.set(alert.id, await save(store, alert, stored.get(alert.id)?.version ?? 0));
  return { stored, named };
}

async function save(store: Store, alert: Alert, version: number): Promise<StoredAlert> {
  if (await store.save(keyOf(alert.id), alert, version)) return { alert, version: version + 1 };
  const other = await loadAlert(store, alert.id);
  if (other === null || other.alert.evaluatedMs >= alert.evaluatedMs) return other ?? { alert, version };
  const isSaved = await store.save(keyOf(alert.id), alert, other.version);
  return isSaved ? { alert, version: other.version + 1 } : ((await loadAlert(store, alert.id)) ?? { alert, version });
}

/** Forgets the names of alerts that have not mattered for an hour; they stay under their own keys. */
export async function forgetOver(store: Store, { stored, named }: OpenAlerts, nowMs: number): Promise<void> {
  const isOver = ({ alert }: StoredAlert): boolean => !matters(alert, nowMs - REOPEN_MS);
  const over = new Set([...stored].filter(([, alert]) => isOver(alert)).map(([id]) => id));
  if (over.size === 0) return;
  await nameOver(store, [...stored.values()].filter(isOver), nowMs);
  // Without a document yet, what matters is what is not over.
  const known = named.size === 0 ? stored.keys() : null;
  await changeNames(store, (ids) => new Set([...(known ?? ids)].filter((id) => !over.has(id))));
}

/** Alerts that are over, of the last hours. */
export async function readOver(store: Store): Promise<ReadonlyMap<string, StoredAlert>> {
  const document = await store.load(OVER_KEY);
  return loadAlerts(store, Object.keys((document?.value ?? {}) as Over));
}

type Over = Readonly<Record<string, number>>;

/** Losing this race to another evaluator is fine: it forgets the same alerts. */
async function nameOver(store: Store, over: readonly StoredAlert[], nowMs: number): Promise<void> {
  const document = await store.load(OVER_KEY);
  const known = Object.entries((document?.value ?? {}) as Over);
  const added = over.map(({ alert }): [string, number] => [alert.id, alert.resolvedMs ?? nowMs]);
  const kept = new Map([...known, ...added].filter(([, overMs]) => overMs > nowMs - OVER_MS));
  await store.save(OVER_KEY, Object.fromEntries(kept), document?.version ?? 0);
}

const changeNames = async (
  store: Store,
  next: (known: ReadonlySet<string>) => Set<string>,
): Promise<ReadonlySet<string>> =>
  new Set(await changeDocument(store, OPEN_KEY, (known: string[] | null) => [...next(new Set(known))].sort()));
