/** The table of docs/architecture.md (Table layout) against what a deployment really writes, item by item and condition by condition. */
import '../functions/environment.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AttributeValue, type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { postOnce } from '../../functions/aws/post-once.ts';
import { dynamoStore } from '../../functions/aws/store.ts';
import { evaluateHandler } from '../../functions/evaluate.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { deliver, evaluateAt } from '../functions/deployment.ts';
import { fakeTopic, MINUTE, minuteOf, packed, subscription, T0 } from '../functions/fakes.ts';
import { clientOf, type Endpoint, type FaultProxy, newTable, startDynalite, startProxy } from './dynamo-server.ts';

interface Row {
  readonly item: string;
  readonly pk: RegExp;
  readonly sk: RegExp;
  readonly attributes: readonly string[];
  /** Written without a condition as well. */
  readonly isFree: boolean;
  readonly conditions: readonly string[];
}

/** `C#<minute>#<shard>`: whatever stands for what is in brackets. */
const patternOf = (cell: string): RegExp =>
  new RegExp(`^${cell.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/<\w+>/g, '.+')}$`, 's');
const codes = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string);

const DOCUMENT = readFileSync(join(import.meta.dirname, '../../docs/architecture.md'), 'utf8');
const ROWS = (DOCUMENT.split('## Table layout')[1] as string)
  .split('\n## ')[0]
  ?.split('\n')
  .filter((line) => /^\| \w/.test(line) && !line.startsWith('| Item'))
  .map((line): Row => {
    const [, item = '', pk = '', sk = '', attributes = '', condition = ''] = line.split('|').map((cell) => cell.trim());
    return {
      item,
      pk: patternOf(codes(pk)[0] ?? ''),
      sk: patternOf(codes(sk)[0] ?? ''),
      attributes: codes(attributes),
      isFree: condition.startsWith('none'),
      conditions: codes(condition),
    };
  }) as readonly Row[];

type Item = Readonly<Record<string, AttributeValue>>;
/** The first row that fits: `WM` stands before the other documents. */
const rowOf = ({ PK, SK }: Item): Row => {
  const row = ROWS.find(({ pk, sk }) => pk.test(PK?.S ?? '') && sk.test(SK?.S ?? ''));
  if (row === undefined) throw new Error(`no row of the document fits ${PK?.S} / ${SK?.S}`);
  return row;
};

interface Write {
  readonly action: string;
  readonly Item?: Item;
  readonly Key?: Item;
  readonly ConditionExpression?: string;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

let server: Endpoint;
let proxy: FaultProxy;
let client: DynamoDBClient;
const writes: Write[] = [];
const items: Item[] = [];

/** Twelve minutes of which two fail, a repeat, a batch that cannot be read, a post to Slack, a silence and a large document. */
beforeAll(async () => {
  server = await startDynalite();
  proxy = await startProxy(server.url);
  client = clientOf(proxy.url);
  const tableName = await newTable(client);
  let nowMs = T0;
  const store = dynamoStore({ client, tableName, nowMs: () => nowMs, shards: 4 });
  proxy.decide = (action, body) => {
    if (/^(?:Put|Delete|Update|Batch|Transact)/.test(action)) writes.push({ action, ...JSON.parse(body) });
    return null;
  };
  const topic = fakeTopic();
  const world = { store, settings: { ...DEFAULT_SETTINGS, keySalt: '' }, alerts: topic, chat: null, now: () => nowMs };
  const evaluate = evaluateHandler(() => world);
  for (let index = 0; index < 15; index++) {
    const event = packed(subscription(minuteOf(nowMs, 60, index < 10 ? 0 : 40)));
    nowMs += MINUTE;
    await deliver(store, nowMs, event);
    if (index === 0) await deliver(store, nowMs, event);
    await evaluateAt(nowMs, evaluate);
  }
  await deliver(store, nowMs, packed('{"messageType'));
  const onRefused = async () => {};
  const answer = { status: 200, retryAfterMs: null, word: 'ok' };
  const post = async () => ({ answer, webhook: 'w' });
  await postOnce('notification', { store, now: () => nowMs, webhook: 'w', post, onRefused });
  for (const key of ['silence/s1', 'seen/s1'])
    for (const version of [0, 1]) await store.save(key, { version }, version);
  const large = Array.from({ length: 60_000 }, (_, i) => Math.sin(i));
  for (const version of [0, 1]) await store.save('large', large, version);
  for await (const { Items = [] } of paginateScan({ client }, { TableName: tableName })) items.push(...Items);
}, 60_000);

afterAll(async () => {
  client.destroy();
  await proxy.close();
  await server.close();
});

test('every item is one of the rows, and every row is written', () => {
  const written = new Set(
    [...items, ...writes.map(({ Item, Key }) => Item ?? (Key as Item))].map((it) => rowOf(it).item),
  );
  expect([...written].sort()).toEqual(ROWS.map(({ item }) => item).sort());
  expect(ROWS).toHaveLength(11);
});

test.each(ROWS)('$item: its attributes are those of the row', ({ item, attributes }) => {
  const found = items.filter((it) => rowOf(it).item === item);
  const names = new Set(found.flatMap((it) => Object.keys(it)));
  names.delete('PK');
  names.delete('SK');
  // Its mark is gone once a minute is folded.
  const put = writes.flatMap(({ Item }) => (Item && rowOf(Item).item === item ? Object.keys(Item) : []));
  for (const name of put) if (name !== 'PK' && name !== 'SK') names.add(name);
  expect([...names].sort()).toEqual([...attributes].sort());
});

test.each(ROWS)('$item: it is written under the condition of the row', ({ item, isFree, conditions }) => {
  const own = writes.filter(({ Item, Key }) => rowOf(Item ?? (Key as Item)).item === item);
  const asked = new Set(own.map(({ ConditionExpression }) => ConditionExpression ?? 'none'));
  expect([...asked].sort()).toEqual([...conditions, ...(isFree ? ['none'] : [])].sort());
});

describe('for people who look at the table', () => {
  const written = (item: string): Item[] =>
    writes.flatMap(({ Item }) => (Item && rowOf(Item).item === item ? [Item] : []));

  test('contributions of one stream have one source, which does not name it', () => {
    const sources = new Set(written('contribution').map(({ src }) => src?.S));
    expect([...sources]).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
  });

  test('a roll-up counts its failures by cause, and its log events', () => {
    const minutes = written('roll-up of a minute, hour, day').filter(({ PK }) => PK?.S === 'R#minute#ALL');
    expect(minutes[0]?.['c']).toEqual({ M: {} });
    expect(minutes.at(-1)).toMatchObject({
      ev: { N: '60' },
      c: { M: { service_unavailable_unspecified: { N: '40' } } },
    });
  });

  test('an alert names the message that waits, until it is sent', () => {
    const waits = written('alert with its outbox').map(({ pend }) => pend?.M?.['kind']?.S ?? null);
    expect(waits).toContain('first');
    expect(waits.at(-1)).toBeNull();
  });
});

test('only single items are put and deleted, and a refused put asks for what refused it', () => {
  expect(new Set(writes.map(({ action }) => action))).toEqual(new Set(['PutItem', 'DeleteItem']));
  const asked = writes.filter(({ action, ConditionExpression }) => action === 'PutItem' && ConditionExpression);
  expect(new Set(asked.map((it) => it.ReturnValuesOnConditionCheckFailure))).toEqual(new Set(['ALL_OLD']));
});

test('the mark follows each put of a contribution, a repeat as well', () => {
  const puts = writes.flatMap(({ Item }) => (Item && /^(?:C|DIRTY)#/.test(Item['PK']?.S ?? '') ? [Item] : []));
  const [first, mark, repeat, again] = puts.map((it) => rowOf(it).item.split(' ')[0]);
  expect([first, mark, repeat, again]).toEqual(['contribution', 'mark', 'contribution', 'mark']);
  expect(puts.filter((it) => it['h'])).toHaveLength(puts.length / 2);
  expect(puts[1]?.['tok']).not.toEqual(puts[3]?.['tok']);
});
