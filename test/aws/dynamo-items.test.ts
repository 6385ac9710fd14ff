/** Faults of what is in the table, with their numbers in the fault catalogue: size, spread, versions, clashes, expiry. */

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  paginateScan,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { shardOf } from '../../functions/aws/item.ts';
import { dynamoStore } from '../../functions/aws/store.ts';
import { fold } from '../../shared/fold.ts';
import type { Store } from '../../shared/ports.ts';
import type { Contribution, CountedCell, Entry } from '../../shared/window.ts';
import { contributionAt, rollUpAt } from '../contract/store.ts';
import { clientOf, type Endpoint, type FaultProxy, newTable, startDynalite, startProxy } from './dynamo-server.ts';

const DAY = 86_400_000;
const T0 = contributionAt(0, '').windowMs;
const MINUTE = 60_000;
const noise = (text: string): string => createHash('sha256').update(text).digest('hex');
const entry = (name: string): Entry => {
  const event = noise(name).slice(0, 16);
  return { event, call: event, rank: 'final', cell: 0, attempts: 1 };
};

let server: Endpoint;
let proxy: FaultProxy;
let client: DynamoDBClient;
let tableName: string;
let nowMs = T0;
const open = (through: DynamoDBClient = client): Store =>
  dynamoStore({ client: through, tableName, nowMs: () => nowMs, shards: 2 });

beforeAll(async () => {
  server = await startDynalite();
  proxy = await startProxy(server.url);
  client = clientOf(server.url);
});
beforeEach(async () => {
  nowMs = T0;
  proxy.decide = () => null;
  tableName = await newTable(client);
});
afterAll(async () => {
  client.destroy();
  await proxy.close();
  await server.close();
});

/** Runs with a client whose first failure is final, through the proxy. */
async function crashing<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const fragile = clientOf(proxy.url, { attempts: 1 });
  try {
    return await work(open(fragile));
  } finally {
    fragile.destroy();
  }
}

type Item = Record<string, AttributeValue>;
const items = async (prefix: string): Promise<Item[]> => {
  const found: Item[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { TableName: tableName })) found.push(...Items);
  return found.filter(({ PK }) => PK?.S?.startsWith(prefix));
};
const update = ({ PK, SK }: Item, UpdateExpression: string, values: Item) =>
  client.send(
    new UpdateItemCommand({
      TableName: tableName,
      Key: { PK: PK ?? { S: '' }, SK: SK ?? { S: '' } },
      UpdateExpression,
      ExpressionAttributeValues: values,
    }),
  );

describe('C10: no partition is hot', () => {
  test('keys spread evenly over 16 shards, each by its first hexadecimal digit', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 16_000; i++) {
      const hex = noise(`${i}`).slice(0, 32);
      const shard = shardOf(BigInt(`0x${hex}`).toString(32).padStart(26, '0'), 16);
      if (shard !== hex[0]) throw new Error(`${hex} is in shard ${shard}`);
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([...'0123456789abcdef']);
    expect(Math.max(...counts.values())).toBeLessThan(1_150);
  });

  test('writers of one minute share no item, their marks neither beyond a shard', async () => {
    const store = open();
    for (const key of ['a', 'b', 'c', 'd', 'e']) await store.add([contributionAt(0, key)]);
    expect(await items('C#')).toHaveLength(5);
    expect(await items('DIRTY#')).toHaveLength(2);
    expect(await store.dirty()).toHaveLength(1);
  });

  test('a throttled partition holds up only its own contributions', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    const cold = keys.filter((key) => shardOf(key, 2) === '1');
    proxy.decide = (_, body) => (/"C#\d+#0"/.test(body) ? 'ThrottlingException' : null);
    await crashing((store) => Promise.allSettled(keys.map((key) => store.add([contributionAt(0, key)]))));
    const stored = async () => (await open().contributions(T0, T0 + MINUTE)).map(({ key }) => key);
    expect(await stored()).toEqual(cold);
    await open().add(keys.map((key) => contributionAt(0, key)));
    expect(await stored()).toEqual(keys);
  });
});

describe('C11: larger than an item', () => {
  const size = 60_000;
  const large: Contribution = {
    ...contributionAt(0, 'large', { entries: 0 }),
    entries: Array.from({ length: size }, (_, i) => entry(`${i}`)),
  };

  test('a contribution comes back whole; repeating it changes nothing', async () => {
    const store = open();
    await expect(store.add([large])).resolves.toEqual(['added']);
    await expect(store.add([large, contributionAt(0, 'small')])).resolves.toEqual(['duplicate', 'added']);
    const [found, small] = await store.contributions(T0, T0 + MINUTE);
    expect(small?.key).toBe('small');
    expect(found?.entries.length).toBe(size);
    expect(JSON.stringify(found) === JSON.stringify(large)).toBe(true);
  });

  test('crashed between its parts, it counts for nothing until it is delivered again', async () => {
    for (const fault of ['drop-before', 'drop-after'] as const) {
      for (const at of [1, 2, 3]) {
        let puts = 0;
        proxy.decide = (action) => (action === 'PutItem' && ++puts === at ? fault : null);
        await expect(crashing((store) => store.add([large]))).rejects.toMatchObject({ code: 'TABLE_FAILED' });
        const whole = (await open().contributions(T0, T0 + MINUTE)).map(({ entries }) => entries.length);
        expect([[], [size]]).toContainEqual(whole);
      }
    }
    await expect(open().add([large])).resolves.toEqual(['duplicate']);
    const rollUp = fold(await open().contributions(T0, T0 + MINUTE), T0, 10);
    expect(rollUp.cells.map(({ calls }) => calls)).toEqual([size]);
  });

  test('a roll-up comes back whole', async () => {
    const cells = Array.from({ length: 15_000 }, (_, i): CountedCell => {
      const [cell] = rollUpAt(0, 1).cells;
      return { ...(cell as CountedCell), model: noise(`model ${i}`) };
    });
    const store = open();
    const rollUp = { ...rollUpAt(0, 2), cells };
    await expect(store.putRollUp(rollUp)).resolves.toBe(true);
    await expect(store.putRollUp(rollUpAt(0, 1))).resolves.toBe(false);
    expect((await items('P#R#')).length).toBeGreaterThan(0);
    const [found] = await store.rollUps('minute', T0, T0 + MINUTE);
    // Not toEqual, which would print a difference of 15,000 cells.
    expect(isDeepStrictEqual(found, rollUp)).toBe(true);
  });

  const document = (version: number) => Array.from({ length: 10_500 }, (_, i) => noise(`${version} ${i}`));

  test('a document switches at once: a crash leaves the old one or the new one', async () => {
    await open().save('detector', document(0), 0);
    let version = 1;
    for (const fault of ['drop-before', 'drop-after'] as const) {
      for (const at of [1, 2]) {
        let puts = 0;
        proxy.decide = (action) => (action === 'PutItem' && ++puts === at ? fault : null);
        await crashing((store) => store.save('detector', document(version), version)).catch(() => 'crashed');
        const stored = await open().load('detector');
        expect([version, version + 1]).toContain(stored?.version);
        version = stored?.version ?? 0;
        expect(JSON.stringify(stored?.value) === JSON.stringify(document(version - 1))).toBe(true);
      }
    }
    await open().save('detector', document(version), version);
    const [head] = (await items('D')).filter(({ SK }) => SK?.S === 'WM');
    const generations = (await items('P#D#')).map(({ SK }) => SK?.S?.split('#')[0]);
    expect(new Set(generations)).toEqual(new Set([head?.['gen']?.S]));
    await open().save('detector', 'small', version + 1);
    expect(await items('P#')).toEqual([]);
  });

  test.each([
    { times: 1, read: 'load' },
    { times: 4, read: 'load' },
    { times: 4, read: 'list' },
  ] as const)('a $read overtaken by $times writes gives the last of them', async ({ times, read }) => {
    await open().save('detector', document(0), 0);
    let version = 1;
    proxy.decide = async (action, body) => {
      if (action !== 'Query' || !body.includes('P#D#') || version > times) return null;
      await open().save('detector', document(version), version++);
      return null;
    };
    const found = await crashing(async (store) =>
      read === 'load' ? store.load('detector') : (await store.list('detector'))[0],
    );
    expect(found?.version).toBe(times + 1);
    expect(JSON.stringify(found?.value) === JSON.stringify(document(times))).toBe(true);
  });

  test('a part that somebody deleted is an error, never a smaller count', async () => {
    await open().add([large]);
    const [part] = await items('P#C#');
    await client.send(
      new DeleteItemCommand({
        TableName: tableName,
        Key: { PK: part?.['PK'] ?? { S: '' }, SK: part?.['SK'] ?? { S: '' } },
      }),
    );
    await expect(open().contributions(T0, T0 + MINUTE)).rejects.toThrow('lacks parts of item C#');
  });
});

describe('C18: older and newer programs share the table', () => {
  const fill = async (store: Store) => {
    await store.add([contributionAt(0, 'a')]);
    await store.putRollUp(rollUpAt(0, 1));
    await store.save('alert/1', { state: 'firing' }, 0);
  };
  const read = async (store: Store) => [
    await store.contributions(T0, T0 + MINUTE),
    await store.rollUps('minute', T0, T0 + MINUTE),
    await store.list('alert/'),
    (await store.dirty()).length,
  ];

  test('attributes that a newer program added are ignored', async () => {
    await fill(open());
    const before = await read(open());
    for (const item of await items('')) await update(item, 'SET newer = :x', { ':x': { S: 'x' } });
    expect(await read(open())).toStrictEqual(before);
    await expect(open().save('alert/1', { state: 'resolved' }, 1)).resolves.toBe(true);
  });

  test('a contribution of before there were sources is read without one', async () => {
    const store = open();
    const contribution = contributionAt(0, 'a');
    await store.add([contribution]);
    for (const item of await items('C#')) await update(item, 'REMOVE src SET older = :x', { ':x': { S: 'x' } });
    expect(await store.contributions(T0, T0 + MINUTE)).toEqual([{ ...contribution, source: '' }]);
  });

  test('what only a newer program can read is refused with what to do', async () => {
    await fill(open());
    for (const item of await items('')) await update(item, 'SET v = :v', { ':v': { N: '2' } });
    const sentence = /layout 2, newer than this gridwatch reads \(1\); deploy the newer one\.$/;
    await expect(open().contributions(T0, T0 + MINUTE)).rejects.toThrow(sentence);
    await expect(open().rollUps('minute', T0, T0 + MINUTE)).rejects.toThrow(sentence);
    await expect(open().load('alert/1')).rejects.toThrow(sentence);
  });
});

describe('C19, C20: the same name again', () => {
  const [cell] = contributionAt(0, 'a').cells;
  const named = (
    key: string,
    classifier: number,
    cause: 'rate_limit_tokens' | 'unknown',
    events: string[],
  ): Contribution => ({
    ...contributionAt(0, key, { entries: 0 }),
    classifier,
    cells: [{ ...(cell as Contribution['cells'][number]), cause }],
    entries: events.map(entry),
  });
  const cellsOf = async (store: Store) =>
    fold(await store.contributions(T0, T0 + MINUTE), T0, 10).cells.map(({ cause, calls }) => [cause, calls]);

  test('C19: a redelivery read by a newer classifier changes nothing', async () => {
    const store = open();
    await store.add([named('a', 1, 'unknown', ['1', '2'])]);
    await expect(store.add([named('a', 2, 'rate_limit_tokens', ['1', '2'])])).resolves.toEqual(['duplicate']);
    expect(await cellsOf(store)).toEqual([['unknown', 2]]);
  });

  test('C19: cut anew and read by a newer classifier, an event stays in the cell it was in', async () => {
    const store = open();
    await store.add([named('z', 1, 'unknown', ['1', '2'])]);
    await store.add([named('b', 2, 'rate_limit_tokens', ['2', '3'])]);
    expect(await cellsOf(store)).toEqual([
      ['unknown', 2],
      ['rate_limit_tokens', 1],
    ]);
  });

  test('C20: other content under the same key is a mismatch and never overwrites', async () => {
    const store = open();
    await store.add([contributionAt(0, 'a', { digest: 'first' })]);
    const before = await items('C#');
    await expect(store.add([contributionAt(0, 'a', { digest: 'second', entries: 9 })])).resolves.toEqual(['mismatch']);
    expect(await items('C#')).toEqual(before);
  });
});

describe('C21: expired but not yet deleted', () => {
  test('contributions and marks are ignored 16 days after their minute', async () => {
    const store = open();
    await store.add([contributionAt(0, 'a')]);
    nowMs = T0 + 16 * DAY - 1;
    expect(await store.contributions(T0, T0 + MINUTE)).toHaveLength(1);
    expect(await store.contributions(0, Infinity)).toHaveLength(1);
    expect(await store.dirty()).toHaveLength(1);
    nowMs += 1;
    expect(await store.contributions(T0, T0 + MINUTE)).toEqual([]);
    expect(await store.contributions(0, Infinity)).toEqual([]);
    expect(await store.dirty()).toEqual([]);
    expect(await items('C#')).toHaveLength(1);
  });

  test.each([
    { granularity: 'minute', days: 90 },
    { granularity: 'hour', days: 400 },
    { granularity: 'day', days: 400 },
  ] as const)('roll-ups by $granularity are ignored after $days days', async ({ granularity, days }) => {
    const store = open();
    await store.putRollUp(rollUpAt(0, 1, granularity));
    nowMs = T0 + days * DAY - 1;
    expect(await store.rollUps(granularity, 0, Infinity)).toHaveLength(1);
    nowMs += 1;
    expect(await store.rollUps(granularity, 0, Infinity)).toEqual([]);
  });

  test('an alert is gone 400 days after its last change, and its key is free', async () => {
    const store = open();
    await store.save('alert/1', 'old', 0);
    await store.save('detector', 'state', 0);
    nowMs = T0 + 400 * DAY;
    expect(await store.load('alert/1')).toBeNull();
    expect((await store.list('')).map(({ key }) => key)).toEqual(['detector']);
    await expect(store.save('alert/1', 'new', 0)).resolves.toBe(true);
    expect(await store.load('alert/1')).toEqual({ key: 'alert/1', version: 1, value: 'new' });
  });

  test('every item but documents carries the time of its deletion in seconds', async () => {
    const store = open();
    await store.add([contributionAt(0, 'a')]);
    await store.putRollUp(rollUpAt(0, 1));
    await store.save('alert/1', 1, 0);
    await store.save('detector', 1, 0);
    const lives = (await items('')).map(({ PK, exp }) => [PK?.S, exp && (Number(exp.N) - T0 / 1000) / 86_400]);
    const shard = shardOf('a', 2);
    expect(Object.fromEntries(lives)).toEqual({
      [`C#202311142213#${shard}`]: 16,
      [`DIRTY#${shard}`]: 16,
      'R#minute#ALL': 90,
      A: 400,
      D: undefined,
    });
  });
});
