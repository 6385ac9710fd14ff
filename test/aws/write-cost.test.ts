/** What counting costs: the writes of one large batch, in the units that DynamoDB charges for. The README says the same figures. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoStore } from '../../functions/aws/store.ts';
import { ingest } from '../../shared/pipeline.ts';
import type { LogBatch } from '../../shared/record.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { FAILURES, SUCCESS } from '../fixtures/failures.ts';
import { NOISE } from '../fixtures/noise.ts';
import { hexOf, type Rng, rng } from '../fixtures/rng.ts';
import { type Call, canRender, SHAPES } from '../fixtures/shapes.ts';

const EVENTS = 10_000;
const AT_MS = Date.UTC(2026, 10, 17, 9);
/** As applications print calls; and what costs most, records that all name their call. */
const MIXED = ['pino', 'httpx-line', 'powertools-ts', 'openai-python'] as const;
const NAMED = ['llmgrid-trace'] as const;

interface Mix {
  readonly carriers: typeof MIXED | typeof NAMED;
  /** Share of events that belong to calls, and of calls that failed. */
  readonly relevant: number;
  readonly failed: number;
}

/** 100 seconds of one log stream, so two minutes. */
function batchOf({ carriers, relevant, failed }: Mix): LogBatch {
  const random = rng(7);
  const events: LogBatch['events'][number][] = [];
  while (events.length < EVENTS) {
    const atMs = AT_MS + events.length * 10;
    const noise = `${random.pick(NOISE)} id=${hexOf(`${events.length}`, 12)}`;
    const lines = random.chance(relevant) ? callLines(random, atMs, { carriers, failed }) : [noise];
    for (const message of lines) events.push({ id: hexOf(`event ${events.length}`, 32), timestamp: atMs, message });
  }
  return { owner: '123456789012', logGroup: '/app', logStream: 's', events: events.slice(0, EVENTS) };
}

function callLines(random: Rng, atMs: number, { carriers, failed }: Omit<Mix, 'relevant'>): string[] {
  const shape = SHAPES[random.pick<keyof typeof SHAPES>(carriers)];
  if (shape === undefined) return [];
  const failure = random.pick(FAILURES.filter((row) => canRender(shape, row)));
  const base = { atMs, model: 'gpt-4o', latencyMs: random.int(80, 9000), requestId: `req-${hexOf(`${atMs}`, 16)}` };
  return shape.render((random.chance(failed) ? { ...base, failure } : { ...base, success: SUCCESS }) as Call);
}

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
])('a batch of 10,000 events of which $name costs what the README says', async ({ mix, said }) => {
  const { units, client } = counting();
  const store = dynamoStore({ client, tableName: 't' });
  const { totals } = await ingest(batchOf(mix), { store, settings: DEFAULT_SETTINGS, nowMs: AT_MS });
  expect(totals.received).toBe(EVENTS);
  expect(units).toHaveLength(Number(calls));
  // Node's versions compress a little differently.
  expect(Math.abs(sum(units) / Number(said) - 1)).toBeLessThan(0.1);
});
