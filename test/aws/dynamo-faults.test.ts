/**
 * Faults between the store and DynamoDB, with their numbers in the fault catalogue: what is counted is exact whatever
 * becomes of a request. A delivery that fails is delivered again, as Lambda, its queue and the redrive do it.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoStore } from '../../functions/aws/store.ts';
import { memoryStore } from '../../functions/local/memory-store.ts';
import { contributionsOf } from '../../shared/contribution.ts';
import { fold } from '../../shared/fold.ts';
import type { Store } from '../../shared/ports.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import type { Contribution } from '../../shared/window.ts';
import { contributionAt, rollUpAt } from '../contract/store.ts';
import { failure } from '../fixtures/failures.ts';
import { SHAPES } from '../fixtures/shapes.ts';
import {
  clientOf,
  type Endpoint,
  type Fault,
  type FaultProxy,
  newTable,
  startDynalite,
  startProxy,
} from './dynamo-server.ts';

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 10, 17, 9, 0);
const nowMs = () => T0;

let server: Endpoint;
let proxy: FaultProxy;
let tableName: string;
const clients: DynamoDBClient[] = [];
const storeAt = (url: string, options: Parameters<typeof clientOf>[1]): Store => {
  const client = clientOf(url, options);
  clients.push(client);
  return dynamoStore({ client, tableName, nowMs, shards: 1 });
};
const storeWith = (options: Parameters<typeof clientOf>[1]): Store => storeAt(proxy.url, options);
/** Reads without the proxy. */
const reader = (): Store => storeAt(server.url, {});

beforeAll(async () => {
  server = await startDynalite();
  proxy = await startProxy(server.url);
});
beforeEach(async () => {
  proxy.decide = () => null;
  const client = clientOf(server.url);
  tableName = await newTable(client);
  client.destroy();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});
afterAll(async () => {
  await proxy.close();
  await server.close();
});

// ---- deliveries

const failed = failure('tokens per minute, OpenAI');

/** Nine failing calls, 13 seconds apart: they touch two minutes. */
const eventsFrom = (fromMs: number) =>
  Array.from({ length: 9 }, (_, i) => {
    const atMs = fromMs + i * 13_000;
    const call = { atMs, model: `gpt-${i % 2}`, requestId: `req-${atMs}`, failure: failed };
    return { id: `e${atMs}`, timestamp: atMs, message: SHAPES['llmgrid-call-log']?.render(call)[0] ?? '' };
  });

/** Two batches cut from one stream so that three events are in both; each makes a contribution to both minutes. */
function twoBatches(fromMs: number): Contribution[][] {
  const events = eventsFrom(fromMs);
  const cut = (from: number, to: number) =>
    contributionsOf(
      { owner: '1', logGroup: '/app/a', logStream: 's', events: events.slice(from, to) },
      { ...DEFAULT_SETTINGS, hosts: 'any' },
      { nowMs: fromMs },
    );
  return [cut(0, 6), cut(3, 9)];
}

/** Delivers until the store says that it has the batch; returns how many deliveries that took. */
async function deliver(store: Store, batch: readonly Contribution[], most = 60): Promise<number> {
  for (let delivery = 1; ; delivery++) {
    try {
      await store.add(batch);
      return delivery;
    } catch (error) {
      if (delivery === most) throw error;
    }
  }
}

/** Everything that is counted of the two minutes. */
async function counted(store: Store, fromMs: number) {
  const contributions = await store.contributions(fromMs, fromMs + 2 * MINUTE);
  const folds = [0, 1].map((minute) => fold(contributions, fromMs + minute * MINUTE, 500));
  const calls = folds.flatMap(({ cells }) => cells).reduce((sum, cell) => sum + cell.calls, 0);
  return { contributions, folds, calls };
}

/** The windows with a mark that was not `seen` before. */
async function newlyMarked(store: Store, seen: Set<string>): Promise<number[]> {
  const marks = (await store.dirty()).filter(({ token }) => !seen.has(token));
  for (const { token } of marks) seen.add(token);
  return marks.map(({ windowMs }) => windowMs);
}

async function countedInMemory(fromMs: number, batches = twoBatches(fromMs)) {
  const store = memoryStore();
  for (const batch of batches) await store.add(batch);
  return counted(store, fromMs);
}

/** Spoils the puts with these numbers, counting from 1. */
function spoil(plan: Readonly<Record<number, Fault>>): void {
  let puts = 0;
  proxy.decide = (action) => (action === 'PutItem' ? (plan[++puts] ?? null) : null);
}

const PUTS = 8;
const positions = Array.from({ length: PUTS }, (_, i) => i + 1);

describe('ingest of two batches: counts are exact and equal to those in memory', () => {
  /** Each run has minutes of its own in the one table, ten minutes after the run before. */
  async function run(plans: readonly Record<number, Fault>[], attempts: number): Promise<void> {
    const store = storeWith({ attempts });
    const direct = reader();
    const seen = new Set<string>();
    for (const [index, plan] of plans.entries()) {
      const fromMs = T0 + index * 10 * MINUTE;
      const batches = twoBatches(fromMs);
      spoil(plan);
      for (const batch of batches) {
        await deliver(store, batch);
        expect(await newlyMarked(direct, seen)).toEqual([fromMs, fromMs + MINUTE]);
      }
      const found = { plan, ...(await counted(direct, fromMs)) };
      expect(found).toStrictEqual({ plan, ...(await countedInMemory(fromMs, batches)) });
      expect(found.calls).toBe(9);
    }
  }

  const singly = (...faults: Fault[]) => faults.flatMap((fault) => positions.map((at) => ({ [at]: fault })));

  const FAULTS: readonly Fault[] = ['drop-before', '500-after', 'drop-after', '500-before'];
  const couples = FAULTS.flatMap((first) => FAULTS.map((second) => [first, second] as const));
  /** Each pair of places, the second also the first put of the redelivery, with each couple of faults in turn. */
  const pairs = positions
    .flatMap((a) => [...positions, PUTS + 1].filter((b) => b > a).map((b) => [a, b] as const))
    .map(([a, b], index) => {
      const [first, second] = couples[(index * 5) % couples.length] ?? couples[0] ?? ['drop-before', 'drop-before'];
      return { [a]: first, [b]: second };
    });

  test.each([
    { name: 'C1: crashed before a put', plans: singly('drop-before', '500-before'), attempts: 1 },
    { name: 'C2, C4: crashed after a put, its outcome unknown', plans: singly('drop-after', '500-after'), attempts: 1 },
    { name: 'C5: the SDK repeats a put that was applied', plans: singly('drop-after', '500-after'), attempts: 3 },
    { name: 'C1, C2: crashed twice', plans: pairs, attempts: 1 },
    { name: 'C5: two faults within the retries', plans: pairs.filter((_, i) => i % 2 === 0), attempts: 3 },
  ])('$name', async ({ plans, attempts }) => run(plans, attempts), 20_000);

  test('C4: a put that times out after it was applied', async () => {
    const store = storeWith({ attempts: 1, timeoutMs: 40 });
    spoil({ 1: 'hang-after', 4: 'hang-after' });
    for (const batch of twoBatches(T0)) await deliver(store, batch);
    expect(await counted(reader(), T0)).toStrictEqual(await countedInMemory(T0));
  });

  test.each([0, 1])('C3: crashed between the minutes of a batch, minute %i missing', async (missing) => {
    const store = storeWith({ attempts: 1 });
    const [first = [], second = []] = twoBatches(T0);
    const written = new Date(T0 + missing * MINUTE).toISOString().replace(/\D/g, '').slice(0, 12);
    proxy.decide = (action, body) => (action === 'PutItem' && body.includes(`C#${written}`) ? 'drop-before' : null);
    await expect(store.add(first)).rejects.toMatchObject({ code: 'TABLE_FAILED' });
    expect((await counted(reader(), T0)).contributions).toHaveLength(1);
    proxy.decide = () => null;
    for (const batch of [first, second]) await deliver(store, batch);
    expect(await counted(store, T0)).toStrictEqual(await countedInMemory(T0));
  });

  test('two deliveries at once, each with a fault of its own', async () => {
    const stores = [storeWith({ attempts: 1 }), storeWith({ attempts: 3 })];
    spoil({ 2: '500-after', 3: 'drop-before', 5: 'drop-after', 9: '500-after' });
    await Promise.all(
      stores.map(async (store) => {
        for (const batch of twoBatches(T0)) await deliver(store, batch);
      }),
    );
    expect(await counted(reader(), T0)).toStrictEqual(await countedInMemory(T0));
  });

  test.each([
    { times: 1, deliveries: 1 },
    { times: 3, deliveries: 2 },
    { times: 100, deliveries: 34 },
  ])('C6: throttled $times times, stored by delivery $deliveries', async ({ times, deliveries }) => {
    const store = storeWith({ attempts: 3 });
    const [first = [], second = []] = twoBatches(T0);
    let left = times;
    proxy.decide = (action) => (action === 'PutItem' && left-- > 0 ? 'ProvisionedThroughputExceededException' : null);
    // One contribution, so that the attempts of two do not share the refusals.
    expect(await deliver(store, first.slice(0, 1))).toBe(deliveries);
    for (const batch of [first, second]) await deliver(store, batch);
    expect(await counted(store, T0)).toStrictEqual(await countedInMemory(T0));
  });
});

describe('C5: the SDK repeats a write whose answer was lost', () => {
  const lose = (action: string) => {
    let isFirst = true;
    proxy.decide = (seen) => {
      if (seen !== action || !isFirst) return null;
      isFirst = false;
      return 'drop-after';
    };
  };
  const at = (minute: number, key = 'a') => ({ ...contributionAt(minute, key), windowMs: T0 + minute * MINUTE });

  test('a contribution finds itself and is a duplicate', async () => {
    lose('PutItem');
    await expect(storeWith({}).add([at(0)])).resolves.toEqual(['duplicate']);
  });

  test.each([0, 1])('a document of version %i is saved, not lost to somebody else', async (version) => {
    const store = storeWith({});
    if (version === 1) await store.save('lease', 'before', 0);
    lose('PutItem');
    await expect(store.save('lease', 'after', version)).resolves.toBe(true);
    await expect(store.load('lease')).resolves.toEqual({ key: 'lease', version: version + 1, value: 'after' });
  });

  test('a roll-up is put', async () => {
    lose('PutItem');
    await expect(storeWith({}).putRollUp(rollUpAt(0, 1))).resolves.toBe(true);
  });

  test('a mark is gone, though cleaning cannot say that it removed it', async () => {
    const store = storeWith({});
    await store.add([at(0)]);
    const [mark] = await store.dirty();
    lose('DeleteItem');
    await expect(store.clean(mark ?? { windowMs: 0, token: '' })).resolves.toBe(false);
    await expect(store.dirty()).resolves.toEqual([]);
  });
});

describe('C9: a broken world is thrown with the table and the action', () => {
  const calls: readonly { action: string; call: (store: Store) => Promise<unknown> }[] = [
    { action: 'PutItem', call: (store) => store.add([contributionAt(0, 'a')]) },
    { action: 'PutItem', call: (store) => store.putRollUp(rollUpAt(0, 1)) },
    { action: 'PutItem', call: (store) => store.save('a', 1, 0) },
    { action: 'GetItem', call: (store) => store.load('a') },
    { action: 'Query', call: (store) => store.list('a') },
    { action: 'Query', call: (store) => store.dirty() },
    { action: 'Query', call: (store) => store.contributions(T0, T0 + MINUTE) },
    { action: 'Query', call: (store) => store.rollUps('minute', T0, T0 + MINUTE) },
    { action: 'Scan', call: (store) => store.forget(T0, 'contributions') },
    { action: 'DeleteItem', call: (store) => store.clean({ windowMs: T0, token: '0:a' }) },
  ];

  test.each(calls)('$action on a missing table: $call', async ({ action, call }) => {
    tableName = 'nowhere';
    await expect(call(storeWith({}))).rejects.toMatchObject({
      code: 'TABLE_MISSING',
      message: `dynamodb:${action} on table nowhere found no such table in this region; restore it or deploy the stack again.`,
      cause: { name: 'ResourceNotFoundException' },
    });
  });

  test.each(calls)('$action is denied: $call', async ({ action, call }) => {
    proxy.decide = () => 'AccessDeniedException';
    await expect(call(storeWith({}))).rejects.toMatchObject({
      code: 'TABLE_DENIED',
      message: expect.stringMatching(`^dynamodb:${action} on table ${tableName} was denied; .+\\.$`),
      cause: { name: 'AccessDeniedException' },
    });
  });

  test('what was refused is counted once the table is there', async () => {
    const name = tableName;
    tableName = 'gone';
    const [first = [], second = []] = twoBatches(T0);
    await expect(storeWith({}).add(first)).rejects.toMatchObject({ code: 'TABLE_MISSING' });
    tableName = name;
    const store = storeWith({});
    for (const batch of [first, second]) await deliver(store, batch);
    expect(await counted(store, T0)).toStrictEqual(await countedInMemory(T0));
  });
});
