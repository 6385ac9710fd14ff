/** What counting costs: the writes of one large batch in the units that DynamoDB charges for, and the calls of one evaluation. The README says the same figures. */
import '../functions/environment.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoStore } from '../../functions/aws/store.ts';
import { evaluateHandler } from '../../functions/evaluate.ts';
import { ingest } from '../../shared/pipeline.ts';
import type { LogBatch } from '../../shared/record.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { MIXED, type Mix, mixedEvents } from '../fixtures/mix.ts';
import { deliver, evaluateAt } from '../functions/deployment.ts';
import { fakeTopic, MINUTE, minuteOf, packed, subscription } from '../functions/fakes.ts';
import { clientOf, newTable, startDynalite, startProxy } from './dynamo-server.ts';

const EVENTS = 10_000;
const AT_MS = Date.UTC(2026, 10, 17, 9);
/** What costs most: records that all name their call. */
const NAMED = ['llmgrid-trace'];

/** 100 seconds of one log stream, so two minutes. */
const batchOf = (mix: Mix): LogBatch => ({
  ...{ owner: '123456789012', logGroup: '/app', logStream: 's' },
  events: mixedEvents(EVENTS, AT_MS, mix).slice(0, EVENTS),
});

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
function bytesOf({ S, N, B, M }: AttributeValue): number {
  if (S !== undefined) return Buffer.byteLength(S);
  if (B !== undefined) return B.length;
  if (N !== undefined) return Math.ceil(N.length / 2) + 1;
  if (M !== undefined) return 3 + sum(Object.entries(M).map(([name, value]) => 1 + name.length + bytesOf(value)));
  throw new Error('an attribute of a kind that is never written');
}

/** Takes every put, and remembers how many units it would have cost. */
function counting() {
  const units: number[] = [];
  const send = async ({ input }: { input: { Item: Readonly<Record<string, AttributeValue>> } }) => {
    const size = sum(Object.entries(input.Item).map(([name, value]) => name.length + bytesOf(value)));
    units.push(Math.ceil(size / 1024));
    return {};
  };
  return { units, client: { send } as unknown as DynamoDBClient };
}

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const [, calls, least, most] =
  /costs\s+(\d+)\s+DynamoDB\s+writes\s+of\s+together\s+about\s+(\d+)\s.*?to\s+(\d+)\s+write\s+units/s.exec(README) ??
  [];

test.each([
  { name: '5 % of the events are calls', mix: { carriers: MIXED, relevant: 0.05, failed: 0.33 }, said: least },
  {
    name: 'all are calls that name themselves, all failed',
    mix: { carriers: NAMED, relevant: 1, failed: 1 },
    said: most,
  },
])(
  'a batch of 10,000 events of which $name costs what the README says',
  async ({ mix, said }) => {
    const { units, client } = counting();
    const store = dynamoStore({ client, tableName: 't' });
    const { totals } = await ingest(batchOf(mix), { store, settings: DEFAULT_SETTINGS, nowMs: AT_MS });
    expect(totals.received).toBe(EVENTS);
    expect(units).toHaveLength(Number(calls));
    // Node's versions compress a little differently.
    expect(Math.abs(sum(units) / Number(said) - 1)).toBeLessThan(0.1);
  },
  60_000,
);

/** Reads and writes of DynamoDB by each evaluation: of four minutes with calls, and of two without. */
async function callsOfMinutes(): Promise<{ reads: number; writes: number }[]> {
  const server = await startDynalite();
  const proxy = await startProxy(server.url);
  const client = clientOf(proxy.url);
  let made = { reads: 0, writes: 0 };
  proxy.decide = (action) => {
    if (/^(?:Get|Query)/.test(action)) made.reads += 1;
    if (/^(?:Put|Delete)/.test(action)) made.writes += 1;
    return null;
  };
  const tableName = await newTable(client);
  let nowMs = AT_MS;
  const store = dynamoStore({ client, tableName, nowMs: () => nowMs });
  const settings = { ...DEFAULT_SETTINGS, keySalt: '' };
  const evaluate = evaluateHandler(() => ({ store, settings, alerts: fakeTopic(), chat: null, now: () => nowMs }));
  const minutes: { reads: number; writes: number }[] = [];
  for (let minute = 0; minute < 6; minute++) {
    const event = packed(subscription(minuteOf(nowMs, 60, 0)));
    nowMs += MINUTE;
    if (minute < 4) await deliver(store, nowMs, event);
    made = { reads: 0, writes: 0 };
    await evaluateAt(nowMs, evaluate);
    minutes.push(made);
  }
  client.destroy();
  await proxy.close();
  await server.close();
  return minutes;
}

test('a minute is evaluated in as many calls as the README says', async () => {
  const minutes = await callsOfMinutes();
  const said = /(\d+)\s+reads\s+and\s+(\d+)\s+writes\s+in\s+a\s+minute\s+with\s+calls,\s+(\d+)\s+and\s+(\d+)\s+in/.exec(
    README,
  );
  const [busy, quiet] = [minutes[3], minutes[5]];
  const made = [busy?.reads, busy?.writes, quiet?.reads, quiet?.writes];
  const ratios = made.map((count, nth) => (count ?? 0) / Number(said?.[nth + 1]));
  for (const ratio of ratios) expect(Math.abs(ratio - 1)).toBeLessThan(0.25);
}, 60_000);
