/**
 * Timetables whose log groups deliver late: contributions put into a store when they come, and the real evaluation once a
 * minute. What is told is told by the minute it was told in.
 */
import { memoryStore } from '../../functions/local/memory-store.ts';
import type { Alert } from '../../shared/alert.ts';
import type { Message } from '../../shared/message.ts';
import { evaluate } from '../../shared/pipeline.ts';
import type { Store } from '../../shared/ports.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import {
  type Contribution,
  type CountedCell,
  type Entry,
  MINUTE_MS,
  nameOf,
  type StatedCell,
  sha256,
} from '../../shared/window.ts';
import { callsOf, START_MS, type Timetable } from './timetable.ts';

export const settings = DEFAULT_SETTINGS;
export const msOf = (minute: number): number => START_MS + minute * MINUTE_MS;
export const minuteAt = (ms: number): number => (ms - START_MS) / MINUTE_MS;

/** What a log group tells of a minute, in one batch. */
export function batchOf(windowMs: number, logGroup: string | null, counted: readonly CountedCell[]): Contribution {
  const cells = counted.map(({ kind, status, cause, model, provider, tenant, project, key }): StatedCell => {
    return { kind, status, cause, model, provider, tenant, project, key, logGroup };
  });
  const entries = counted.flatMap(({ calls, kind }, i): Entry[] =>
    Array.from({ length: calls }, (_, n) => {
      const event = nameOf(String(windowMs), String(logGroup), JSON.stringify(cells[i]), String(n));
      return { event, call: event, rank: kind === 'success' ? 'success' : 'final', cell: i, attempts: 1 };
    }),
  );
  const digest = sha256(JSON.stringify([windowMs, cells, entries]));
  const received = entries.length;
  const totals = { received, counted: received, notCall: 0, malformed: 0, tooLate: 0 };
  const key = digest.slice(0, 16);
  return { windowMs, key, source: 's', digest, classifier: 1, totals, skipped: {}, cells, entries };
}

/** In which minute a batch of a log group comes; null: never. */
export type Delay = (logGroup: string, minute: number) => number | null;
export const onTime: Delay = () => 0;

/** The batches of a timetable by the minute they come in. */
export function deliveriesOf(table: Timetable, delay: Delay): Map<number, Contribution[]> {
  const deliveries = new Map<number, Contribution[]>();
  for (const { windowMs, cells } of callsOf(table)) {
    const minute = minuteAt(windowMs);
    for (const logGroup of new Set(cells.map((cell) => cell.logGroup))) {
      const late = delay(logGroup ?? '', minute);
      if (late === null) continue;
      const own = cells.filter((cell) => cell.logGroup === logGroup && cell.calls > 0);
      deliveries.set(minute + late, [...(deliveries.get(minute + late) ?? []), batchOf(windowMs, logGroup, own)]);
    }
  }
  return deliveries;
}

export interface Sent {
  readonly minute: number;
  readonly message: Message;
}
export interface World {
  readonly store: Store;
  readonly sent: Sent[];
}
export const worldOf = (store: Store = memoryStore()): World => ({ store, sent: [] });

/** Delivers and evaluates the minutes `[from, to)`; `platform` runs a step as whatever invokes it does. */
export async function live(
  { store, sent }: World,
  deliveries: ReadonlyMap<number, readonly Contribution[]>,
  [from, to]: readonly [number, number],
  platform: (step: () => Promise<unknown>) => Promise<unknown> = (step) => step(),
): Promise<void> {
  for (let minute = from; minute < to; minute += 1) {
    for (const batch of deliveries.get(minute) ?? []) await platform(() => store.add([batch]));
    const send = async (message: Message): Promise<void> => {
      sent.push({ minute: minute + 1, message });
    };
    await platform(() => evaluate({ store, settings, nowMs: msOf(minute + 1), notifier: { send } }));
  }
}

interface Shown {
  readonly id: string;
  readonly since: string;
  readonly until: string;
  readonly failures: number;
  readonly reason: string;
  readonly scope: { readonly by: string; readonly value: string };
}
export const shown = ({ message }: Sent): Shown => message.json['alert'] as Shown;
const clock = (iso: string): number => minuteAt(Date.parse(iso));
/** `minute reason scope since–until`. */
export const line = (sent: Sent): string => {
  const { scope, since, until } = shown(sent);
  const what = [scope.by, scope.value].join(' ').trim();
  return `${sent.minute} ${sent.message.json['reason']} ${what} ${clock(since)}–${clock(until)}`;
};
export const linesOf = ({ sent }: World): string[] => sent.map(line);

export const alertsOf = async ({ store }: World): Promise<Alert[]> =>
  (await store.list('alert/')).map(({ value }) => value as Alert);

/** A whole timetable. */
export async function told(table: Timetable, delay: Delay): Promise<World> {
  const world = worldOf();
  await live(world, deliveriesOf(table, delay), [table.begin ?? 80, table.minutes]);
  return world;
}
