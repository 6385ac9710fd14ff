/**
 * Has this happened before? For every scope, group and leading cause that ever fired, one small document tells since when
 * and how often, so that an alert says "new" or "back after 3 days" without a search. Written before the alert: after a
 * crash between the two the same alert finds itself there, and what was before it.
 */
import { idOf } from './alert/state.ts';
import type { Alert, History } from './alert.ts';
import { loadAlert } from './open-alerts.ts';
import type { Store } from './ports.ts';

const PREFIX = 'seen/';

interface Firing {
  readonly id: string;
  readonly firedMs: number;
}
interface Seen {
  readonly firstSeenMs: number;
  readonly times: number;
  readonly last: Firing;
  readonly before: Firing | null;
}

/** Alerts that begin to fire, or that are found when they are over, with their history; the others as they are. */
export async function withHistory(store: Store, alerts: readonly Alert[]): Promise<Alert[]> {
  return Promise.all(
    alerts.map(async (alert) => {
      const hasBegun = alert.state === 'firing' || alert.reason === 'found-late';
      if (!hasBegun || alert.history !== undefined) return alert;
      const history = await historyOf(store, alert);
      const outbox = alert.outbox.map((told) => ({ ...told, alert: { ...told.alert, history } }));
      return { ...alert, history, outbox };
    }),
  );
}

async function historyOf(store: Store, alert: Alert): Promise<History> {
  const { id, group, scope, causes, sinceMs } = alert;
  const key = PREFIX + idOf(group, scope.by, scope.value, causes[0]?.cause ?? null);
  const stored = await store.load(key);
  const seen = withFiring(stored && (stored.value as Seen), { id, firedMs: alert.firedMs ?? sinceMs }, sinceMs);
  // Losing the race to another evaluator is fine: it wrote the same.
  await store.save(key, seen, stored?.version ?? 0);
  // One found late may be older than what was seen last: then it is not back after that.
  const endedMs = seen.last.id === id && seen.before ? await endOf(store, seen.before) : null;
  return {
    firstSeenMs: seen.firstSeenMs,
    times: seen.times,
    backAfterMs: endedMs === null ? null : Math.max(0, sinceMs - endedMs),
  };
}

function withFiring(seen: Seen | null, firing: Firing, sinceMs: number): Seen {
  if (seen === null) return { firstSeenMs: sinceMs, times: 1, last: firing, before: null };
  if (seen.last.id === firing.id || seen.last.firedMs > firing.firedMs) return seen;
  return { ...seen, times: seen.times + 1, last: firing, before: seen.last };
}

async function endOf(store: Store, { id, firedMs }: Firing): Promise<number> {
  const alert = (await loadAlert(store, id))?.alert;
  return alert?.untilMs ?? alert?.resolvedMs ?? firedMs;
}
