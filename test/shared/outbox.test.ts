/**
 * Nothing is missed, and a message goes out twice only where a publish or its note was lost: by enumeration of all faults of
 * one delivery, and of all interleavings of two.
 */
import { memoryStore } from '../../functions/local/memory-store.ts';
import type { Alert } from '../../shared/alert.ts';
import type { Message } from '../../shared/message.ts';
import { alertsAt, readOpen, saveAlerts } from '../../shared/open-alerts.ts';
import { deliver } from '../../shared/outbox.ts';
import type { Notifier, Store } from '../../shared/ports.ts';
import { AT_MS, waiting } from './alerts.ts';

const MINUTE_MS = 60_000;
const settings = { summaryUrl: null };

async function storeOf(...alerts: readonly Alert[]): Promise<Store> {
  const store = memoryStore();
  await saveAlerts(store, await readOpen(store), alerts);
  return store;
}
type Around = (name: string, call: () => Promise<unknown>) => Promise<unknown>;
const plainly: Around = (_name, call) => call();
/** One delivery; `around` stands before and after everything it does to the world. */
async function delivery(store: Store, sent: Message[], nowMs: number, around: Around = plainly): Promise<number> {
  const wrapped = Object.fromEntries(
    Object.entries(store).map(([name, method]) => [
      name,
      (...args: readonly unknown[]) => around(`${name} ${args[0]}`, () => method(...args)),
    ]),
  ) as unknown as Store;
  const send = async (message: Message): Promise<void> => void sent.push(message);
  const notifier = { send: (message: Message) => around('send', () => send(message)) } as Notifier;
  const open = alertsAt(await readOpen(store), nowMs);
  return deliver({ store: wrapped, settings, nowMs }, notifier, open);
}
const ids = (sent: readonly Message[]): string[] => sent.map(({ notificationId }) => notificationId);

describe('a delivery', () => {
  test('sends what is waiting once and clears it', async () => {
    const store = await storeOf(waiting());
    const sent: Message[] = [];
    expect(await delivery(store, sent, AT_MS)).toBe(1);
    expect(await delivery(store, sent, AT_MS + MINUTE_MS)).toBe(0);
    expect(ids(sent)).toEqual(['a-first']);
  });

  test('tells together what waits together', async () => {
    const store = await storeOf(waiting(), waiting({ id: 'b' }), waiting({ id: 'c' }, 'resolved'));
    const sent: Message[] = [];
    expect(await delivery(store, sent, AT_MS)).toBe(1);
    expect(sent.map(({ json }) => json['reason'])).toEqual(['storm']);
    expect(await delivery(store, sent, AT_MS + MINUTE_MS)).toBe(0);
  });

  test('sends one message a minute, however often it is asked', async () => {
    const store = await storeOf(waiting());
    const sent: Message[] = [];
    await delivery(store, sent, AT_MS);
    await saveAlerts(store, await readOpen(store), [waiting({ id: 'b' })]);
    expect(await delivery(store, sent, AT_MS + MINUTE_MS - 1 - (AT_MS % MINUTE_MS))).toBe(0);
    expect(await delivery(store, sent, AT_MS + MINUTE_MS)).toBe(1);
    expect(ids(sent)).toEqual(['a-first', 'b-first']);
  });

  test('keeps what was decided while it was sending', async () => {
    const store = await storeOf(waiting());
    const sent: Message[] = [];
    const meanwhile: Around = async (name, call) => {
      const result = await call();
      if (name === 'send') {
        const next = waiting({ evaluatedMs: AT_MS + MINUTE_MS }, 'resolved');
        await saveAlerts(store, await readOpen(store), [next]);
      }
      return result;
    };
    await delivery(store, sent, AT_MS, meanwhile);
    await delivery(store, sent, AT_MS + MINUTE_MS);
    expect(ids(sent)).toEqual(['a-first', 'a-resolved']);
  });

  test('a lease of another clock is void', async () => {
    const store = await storeOf(waiting());
    await store.save('lease/outbox', { untilMs: AT_MS + 365 * 24 * 60 * MINUTE_MS }, 0);
    expect(await delivery(store, [], AT_MS)).toBe(1);
  });
});

/** How a call fails: nothing of it happened, or all of it and the answer is lost. */
const FAULTS = ['before', 'after'] as const;

test.each([
  ['one alert', 1],
  ['three alerts', 3],
])('%s: no single or double fault loses a message', async (_name, n) => {
  const alerts = Array.from({ length: n }, (_, i) => waiting({ id: `a${i}` }));
  const CALLS = 8 + 2 * n;
  const surprises: string[] = [];
  let runs = 0;
  const run = async (faults: ReadonlyMap<number, (typeof FAULTS)[number]>): Promise<void> => {
    runs += 1;
    const store = await storeOf(...alerts);
    const sent: Message[] = [];
    let nth = 0;
    let unclear = 0;
    const around: Around = async (name, call) => {
      nth += 1;
      const fault = faults.get(nth);
      // Whoever crashed between publish and note cannot know; neither can who lost the answer.
      if (fault !== undefined && (name !== 'send' || fault === 'after'))
        unclear += sent.length > 0 || name === 'send' ? 1 : 0;
      if (fault === 'before') throw new Error(`crash before ${name}`);
      const result = await call();
      if (fault === 'after') throw new Error(`crash after ${name}`);
      return result;
    };
    for (let minute = 0; minute < 6; minute += 1)
      await delivery(store, sent, AT_MS + minute * MINUTE_MS, around).catch(() => 0);
    const told = new Set(
      sent.flatMap(({ alertId, json }) =>
        'alerts' in json ? (json['alerts'] as { alert: { id: string } }[]).map((it) => it.alert.id) : [alertId],
      ),
    );
    if (told.size !== n) surprises.push(`${[...faults]}: told ${told.size} of ${n}`);
    if (sent.length > 1 + unclear) surprises.push(`${[...faults]}: sent ${sent.length} times, unclear ${unclear}`);
  };
  const calls = Array.from({ length: CALLS }, (_, i) => i + 1);
  for (const first of calls)
    for (const kind of FAULTS) {
      await run(new Map([[first, kind]]));
      for (const second of calls.filter((call) => call > first))
        for (const other of FAULTS)
          await run(
            new Map([
              [first, kind],
              [second, other],
            ]),
          );
    }
  expect(surprises).toEqual([]);
  expect(runs).toBeGreaterThan(150);
});

test('two evaluators send once, however their steps interleave', async () => {
  const STEPS = 7;
  const surprises: string[] = [];
  let runs = 0;
  /** Every order in which two times seven steps can be taken. */
  function* orders(a: number, b: number): Generator<string> {
    if (a + b === 0) yield '';
    if (a > 0) for (const rest of orders(a - 1, b)) yield `a${rest}`;
    if (b > 0) for (const rest of orders(a, b - 1)) yield `b${rest}`;
  }
  for (const order of orders(STEPS, STEPS)) {
    runs += 1;
    const store = await storeOf(waiting());
    const sent: Message[] = [];
    const doors: Record<string, (() => void)[]> = { a: [], b: [] };
    const done: Record<string, boolean> = {};
    const start = (who: string): Promise<unknown> =>
      delivery(store, sent, AT_MS, async (_name, call) => {
        await new Promise<void>((open) => doors[who]?.push(open));
        return call();
      }).finally(() => (done[who] = true));
    const both = [start('a'), start('b')];
    const settle = async (): Promise<void> => {
      for (let i = 0; i < 12; i += 1) await Promise.resolve();
    };
    await settle();
    for (const who of `${order}${'ab'.repeat(STEPS)}`) {
      doors[who]?.shift()?.();
      await settle();
    }
    await Promise.all(both);
    if (sent.length !== 1) surprises.push(`${order}: sent ${sent.length} times`);
  }
  expect(surprises).toEqual([]);
  expect(runs).toBe(3432);
});
