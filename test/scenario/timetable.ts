/**
 * Timetables in virtual time: applications call for hours, faults begin and end at written minutes, and the walk from
 * roll-ups to notifications is evaluated once a minute as the pipeline does it.
 */
import { memoryStore } from '../../functions/local/memory-store.ts';
import { type Alert, decide, type Evaluation, type Notification } from '../../shared/alert.ts';
import type { CauseId } from '../../shared/causes.ts';
import {
  ALL,
  bucketsByScope,
  detect,
  HISTORY_MS,
  type Scope,
  type SeriesState,
  type Verdict,
} from '../../shared/detect.ts';
import type { Maintenance } from '../../shared/maintenance.ts';
import type { Message } from '../../shared/message.ts';
import { alertsAt, forgetOver, matters, readOpen, saveAlerts } from '../../shared/open-alerts.ts';
import { deliver } from '../../shared/outbox.ts';
import type { Store } from '../../shared/ports.ts';
import { withHistory } from '../../shared/seen.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { type Silence, silencer } from '../../shared/silence.ts';
import { type Cell, type CountedCell, MINUTE_MS, type RollUp } from '../../shared/window.ts';

export const START_MS = Date.UTC(2026, 0, 5, 12, 0);
export const SEED = 7;
const settings = DEFAULT_SETTINGS;

export type Caller = Omit<Cell, 'kind' | 'status' | 'cause'>;
export const caller = (project: string, model: string, provider: string): Caller => ({
  model,
  provider,
  tenant: 'acme',
  project,
  key: `${project}-prod`,
  logGroup: `/app/${project}`,
});
export const CHECKOUT = caller('checkout', 'gpt-4o', 'openai');
export const SEARCH = caller('search', 'claude-sonnet-4', 'anthropic');
export const SEARCH_MINI = caller('search', 'gpt-4o-mini', 'openai');
export const REPORTS = caller('reports', 'gpt-4o', 'openai');
export const SUPPORT = caller('support', 'claude-sonnet-4', 'anthropic');
const TRAFFIC: readonly [Caller, number][] = [
  [CHECKOUT, 30],
  [SEARCH, 40],
  [SEARCH_MINI, 20],
  [REPORTS, 10],
  [SUPPORT, 25],
];

export interface Fault {
  readonly from: number;
  readonly to: number;
  readonly hits: (caller: Caller) => boolean;
  readonly share: number;
  readonly cause: CauseId;
  readonly status: number | null;
}
export interface Timetable {
  /** First minute; the faults are written for one that leaves forty minutes to learn. */
  readonly begin?: number;
  readonly minutes: number;
  /** Who calls how often a minute; the four applications unless told otherwise. */
  readonly traffic?: readonly (readonly [Caller, number])[];
  readonly faults: readonly Fault[];
  readonly isCalling?: (minute: number) => boolean;
  /** Calls of one more client, that are not part of the traffic above. */
  readonly extra?: (minute: number) => readonly CountedCell[];
}

function mulberry(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const cell = (
  who: Caller,
  calls: number,
  failure: { cause: CauseId; status: number | null } | null,
): CountedCell => ({
  ...who,
  kind: failure === null ? 'success' : 'failure',
  status: failure === null ? 200 : failure.status,
  cause: failure?.cause ?? null,
  calls,
  attempts: calls,
  recovered: 0,
  firstMs: 0,
  lastMs: 0,
});

const rollUp = (windowMs: number, cells: readonly CountedCell[]): RollUp => ({
  granularity: 'minute',
  windowMs,
  contributions: 1,
  totals: { received: 0, counted: 0, notCall: 0, malformed: 0, tooLate: 0 },
  skipped: {},
  cells,
});

/** The calls of a timetable, minute by minute. */
export function* callsOf(table: Timetable): Generator<RollUp> {
  const random = mulberry(SEED);
  for (let minute = table.begin ?? 80; minute < table.minutes; minute += 1) yield minuteOf(table, minute, random);
}

function minuteOf(table: Timetable, minute: number, random: () => number): RollUp {
  const cells = (table.traffic ?? TRAFFIC).flatMap(([who, rate]) => {
    const fault = table.faults.find((f) => minute >= f.from && minute < f.to && f.hits(who));
    const calls = Array.from({ length: rate }, () => random());
    const failed = calls.filter((r) => fault && r < fault.share).length;
    const usual = calls.filter((r) => r > 0.996).length;
    return [
      cell(who, rate - failed - usual, null),
      ...(failed > 0 && fault ? [cell(who, failed, fault)] : []),
      ...(usual > 0 ? [cell(who, usual, { cause: 'provider_unstable', status: 500 })] : []),
    ];
  });
  const isCalling = table.isCalling?.(minute) ?? true;
  return rollUp(START_MS + minute * MINUTE_MS, isCalling ? [...cells, ...(table.extra?.(minute) ?? [])] : []);
}

export interface Told {
  readonly minute: number;
  readonly notification: Notification;
}

export interface Around {
  /** Evaluations of each minute, to show that asking twice changes nothing. */
  readonly evaluations?: number;
  readonly silences?: readonly Silence[];
  readonly maintenance?: readonly Maintenance[];
  /** From this minute on evaluation is so many minutes behind. */
  readonly behind?: (minute: number) => number;
}

interface Ran {
  readonly told: readonly Told[];
  readonly alerts: readonly Alert[];
  /** `minute | reason | scope | reason of the alert's state` of each notification. */
  readonly line: readonly string[];
}

/** The verdicts of each minute, from the calls of the timetable. */
function* minutesOf(table: Timetable): Generator<Omit<Evaluation, 'alerts' | 'settings'> & { minute: number }> {
  const random = mulberry(SEED);
  const rollUps: RollUp[] = [];
  const states = new Map<string, { scope: Scope; state: SeriesState }>();
  for (let minute = table.begin ?? 80; minute < table.minutes; minute += 1) {
    rollUps.push(minuteOf(table, minute, random));
    const atMs = START_MS + (minute + 1) * MINUTE_MS;
    const recent = rollUps.slice(-HISTORY_MS / MINUTE_MS);
    const series = bucketsByScope(recent);
    const verdicts: Verdict[] = [];
    for (const key of new Set([...states.keys(), ...series.keys()])) {
      const scope = series.get(key)?.scope ?? states.get(key)?.scope ?? ALL;
      const out = detect(series.get(key)?.buckets ?? [], states.get(key)?.state ?? null, atMs, settings, scope);
      states.set(key, { scope, state: out.state });
      verdicts.push(...out.verdicts);
    }
    yield { minute, atMs, verdicts, rollUps: recent };
  }
}

/** Runs a timetable, and hands out what is decided as if every notification were sent at once. */
export function run(table: Timetable, around: Around = {}): Ran {
  const { evaluations = 1, silences = [], maintenance = [], behind = () => 0 } = around;
  const alerts = new Map<string, Alert>();
  const told: Told[] = [];
  for (const { minute, ...now } of minutesOf(table)) {
    const nowMs = now.atMs + behind(minute) * MINUTE_MS;
    for (let i = 0; i < evaluations; i += 1) {
      const known = [...alerts.values()].filter((alert) => matters(alert, now.atMs));
      const silencedBy = silencer(silences, maintenance, [now.atMs, nowMs]);
      for (const alert of decide({ ...now, nowMs, settings, silencedBy, alerts: known }).alerts) {
        told.push(...alert.outbox.map((notification) => ({ minute: minute + 1, notification })));
        alerts.set(alert.id, { ...alert, outbox: [] });
      }
    }
  }
  const line = told.map(({ minute, notification: { reason, alert } }) =>
    [minute, reason, `${alert.scope.by} ${alert.scope.value}`.trim(), alert.reason].join(' | '),
  );
  return { told, alerts: [...alerts.values()], line };
}

/** Runs a timetable with a store and a notifier: what really goes out, by minute. */
export async function runStored(
  tables: readonly Timetable[],
  send: (minute: number) => Promise<void> = async () => {},
): Promise<{ store: Store; sent: { minute: number; message: Message }[] }> {
  const store = memoryStore();
  const sent: { minute: number; message: Message }[] = [];
  for (const { minute, ...now } of tables.flatMap((table) => [...minutesOf(table)])) {
    const nowMs = now.atMs;
    const open = await readOpen(store);
    const decided = decide({ ...now, settings, alerts: alertsAt(open, nowMs) }).alerts;
    const saved = await saveAlerts(store, open, await withHistory(store, decided));
    const notifier = {
      send: async (message: Message) => {
        await send(minute + 1);
        sent.push({ minute: minute + 1, message });
      },
    };
    const kept = [...saved.stored.values()].map(({ alert }) => alert);
    await deliver({ store, settings, nowMs }, notifier, kept).catch(() => 0);
    await forgetOver(store, saved, nowMs);
  }
  return { store, sent };
}

export const budget = (who: Caller, from: number, to: number, share = 1): Fault => ({
  from,
  to,
  hits: (c) => c.key === who.key,
  share,
  cause: 'budget_exceeded',
  status: 429,
});
export const overload = (from: number, to: number, share = 0.4): Fault => ({
  from,
  to,
  hits: (c) => c.provider === 'openai',
  share,
  cause: 'provider_overloaded',
  status: 503,
});
export const badKey = (from: number, to: number): Fault => ({
  from,
  to,
  hits: (c) => c.logGroup === '/app/support',
  share: 1,
  cause: 'expired_or_revoked_key',
  status: 401,
});
