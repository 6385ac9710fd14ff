/**
 * What LLMGrid support needs to find failed calls in its own logs: when, which model, whose, how many, and the ids of single
 * calls where log files were read again. Figures, names and ids; never the text of a line. The store keeps no ids, so they
 * can only come from the user's own files.
 */
import type { Alert } from './alert.ts';
import type { Placed } from './calls.ts';
import { causeById } from './causes.ts';
import { type FailureGroup, groupOf, type Scope } from './detect.ts';
import { cellsOf, isRefused, sceneOf, sumOf } from './findings/scene.ts';
import { iso } from './range.ts';
import { redact } from './redact.ts';
import { MINUTE_MS, OTHER, type RollUp } from './window.ts';
import { nameWords, printable, scopeWords } from './words.ts';

export interface PacketCall {
  readonly at: string;
  readonly requestId: string | null;
  readonly traceId: string | null;
  readonly status: number | null;
  readonly model: string | null;
}

/** What the store knows. */
export interface Packet {
  readonly alert: string;
  readonly group: FailureGroup;
  readonly scope: Scope;
  /** The scope in words. */
  readonly where: string;
  readonly from: string;
  readonly to: string;
  readonly causes: readonly {
    readonly cause: string;
    readonly title: string;
    readonly status: number | null;
    readonly failures: number;
  }[];
  /** Calls and failures of the alert's scope, a minute each. */
  readonly minutes: readonly { readonly at: string; readonly calls: number; readonly failures: number }[];
  /** Names of failed calls with their failures, the most hit of each kind first; a key by its alias or by digits of a salted hash. */
  readonly names: readonly { readonly by: (typeof NAMES)[number]; readonly name: string; readonly failures: number }[];
}

const NAMES = ['model', 'provider', 'tenant', 'project', 'key', 'logGroup'] as const;
const CALLS_A_MINUTE = 5;
const MOST_CALLS = 100;
const MOST_NAMES = 20;
/** The shape of an id: a word of letters, digits and few signs. Whatever else stands in such a field stays where it is. */
const ID = /^[A-Za-z0-9][\w.:-]{3,79}$/;
const safeId = (id: string | null): string | null => (id !== null && ID.test(id) && redact(id) === id ? id : null);

export const rangeOfPacket = ({ sinceMs, untilMs, evaluatedMs }: Alert): { fromMs: number; toMs: number } => ({
  fromMs: sinceMs,
  toMs: Math.max(untilMs ?? evaluatedMs, sinceMs + MINUTE_MS),
});

/** A failed call of the packet, or null: of its group, within its time, and of its scope as far as the line says. */
export function packetCall(
  { group, scope: { by, value }, from, to }: Packet,
  { outcome: { record, failed, cause }, rank }: Placed,
): PacketCall | null {
  const own = failed && rank !== 'part' ? groupOf({ status: record.status, cause }) : null;
  if (own !== group || record.atMs < Date.parse(from) || record.atMs >= Date.parse(to)) return null;
  const key = record.keyAlias ?? (record.keyHash === null ? null : `key:${record.keyHash}`);
  const named = { ...record, key, all: '' }[by];
  // Of files the log group is not known: the name of a file stands for it.
  if (named !== value && by !== 'all' && by !== 'logGroup') return null;
  const [requestId, traceId] = [safeId(record.requestId), safeId(record.traceId)];
  if (requestId === null && traceId === null) return null;
  return {
    at: iso(record.atMs),
    requestId,
    traceId,
    status: record.status,
    model: record.model && printable(record.model),
  };
}

/** `rollUps`: minutes of its range. */
export function packetOf(alert: Alert, rollUps: readonly RollUp[]): Packet {
  const { fromMs, toMs } = rangeOfPacket(alert);
  const { during } = sceneOf(alert, rollUps, toMs);
  const failed = cellsOf(during).filter((cell) => isRefused(cell, alert.group));
  const named = (by: (typeof NAMES)[number]) => {
    const sums = new Map<string, number>();
    for (const cell of failed) {
      const value = cell[by];
      if (value !== null && value !== OTHER) sums.set(value, (sums.get(value) ?? 0) + cell.calls);
    }
    return [...sums]
      .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      .slice(0, MOST_NAMES)
      .map(([value, failures]) => ({ by, name: nameWords({ by, value }), failures }));
  };
  return {
    alert: alert.id,
    group: alert.group,
    scope: alert.scope,
    where: scopeWords(alert.scope),
    from: iso(fromMs),
    to: iso(toMs),
    causes: alert.causes.map(({ cause, status, failures }) => {
      const { id, title } = causeById(cause) ?? { id: 'unknown', title: 'Cause not recognised' };
      return { cause: id, title, status, failures };
    }),
    minutes: during.map(({ windowMs, cells }) => {
      const sum = sumOf(cells, alert.group);
      return { at: iso(windowMs), calls: sum.calls, failures: sum.refused };
    }),
    names: NAMES.flatMap(named),
  };
}

/** Of calls in any order the first few of each minute: a long incident is not told by its first minute alone. */
export function spread(calls: readonly PacketCall[]): PacketCall[] {
  const perMinute = new Map<string, number>();
  const seen = new Set<string>();
  return [...calls]
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .filter(({ at, requestId, traceId }) => {
      const id = `${requestId} ${traceId}`;
      const minute = at.slice(0, 16);
      const n = perMinute.get(minute) ?? 0;
      if (seen.has(id) || n >= CALLS_A_MINUTE) return false;
      seen.add(id);
      perMinute.set(minute, n + 1);
      return true;
    })
    .slice(0, MOST_CALLS);
}

const NAME_WORDS: Record<(typeof NAMES)[number], string> = {
  model: 'Models',
  provider: 'Providers',
  tenant: 'Tenants',
  project: 'Projects',
  key: 'Virtual keys',
  logGroup: 'Log groups',
};

/** To be pasted into a ticket. `calls`: from log files that were looked through for ids; null where none were. */
export function packetText(packet: Packet, calls: readonly PacketCall[] | null): string {
  const names = NAMES.flatMap((by) => {
    const own = packet.names.filter((one) => one.by === by);
    const all = own.map(({ name, failures }) => `${name} (${failures})`);
    return all.length === 0 ? [] : [`${NAME_WORDS[by]}: ${all.join(', ')}`];
  });
  const shortTime = (at: string) => at.slice(11, 16);
  const ids = (calls ?? []).map(({ at, requestId, traceId, status, model }) =>
    [at, requestId && `request ${requestId}`, traceId && `trace ${traceId}`, status ?? 'no answer', model]
      .filter((part) => part !== null)
      .join(', '),
  );
  const sections = [
    [
      `Failed LLMGrid calls: ${packet.where}`,
      `From ${packet.from} to ${packet.to} (UTC)`,
      ...packet.causes.map(({ title, status, failures }) => `${title}, ${status ?? 'no answer'}: ${failures} failed`),
    ],
    names,
    [
      'Failed of all calls, a minute each:',
      ...packet.minutes.map(({ at, calls, failures }) => `${shortTime(at)}  ${failures} of ${calls}`),
    ],
    ids.length === 0
      ? [
          calls !== null
            ? 'No call ids: the log files given name none for these calls (x-request-id or trace_id).'
            : 'No call ids: add --logs FILE… to read them from your own log files.',
        ]
      : ['Calls, as an example:', ...ids],
    [`gridwatch alert ${packet.alert}. No text of any log line, prompt or answer is in this.`],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}
