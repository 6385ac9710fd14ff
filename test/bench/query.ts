/**
 * How long the query API takes over a large history, and how often it reads DynamoDB: 90 days of 50 models and 200 keys,
 * every roll-up as full as the caps let it be. Hours are kept for the newest 8 days and minutes for the newest 30 hours,
 * because no question reads more of them. `npm run bench:query`; `-- --dynamo` counts reads through an emulator as well.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dynamoStore } from '../../functions/aws/store.ts';
import { openSqliteStore } from '../../functions/local/sqlite-store.ts';
import { queryApi } from '../../shared/api.ts';
import { DETECTOR_KEY } from '../../shared/judge.ts';
import type { Store } from '../../shared/ports.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import {
  type CountedCell,
  DAY_MS,
  type Granularity,
  HOUR_MS,
  type RollUp,
  SPAN_MS,
  windowOf,
} from '../../shared/window.ts';
import { clientOf, newTable, startDynalite } from '../aws/dynamo-server.ts';
import { rng } from '../fixtures/rng.ts';

const NOW = Date.parse('2026-11-17T10:37:20Z');
const DAYS = 90;
const MODELS = 50;
const KEYS = 200;
const ROUNDS = Number(process.env['ROUNDS'] ?? 20);
const FAILURES = [
  [429, 'rate_limit_requests'],
  [429, 'budget_exceeded'],
  [503, 'provider_overloaded'],
  [500, 'internal_error'],
  [null, 'client_timeout'],
] as const;
const random = rng(1);
const pick = (n: number) => Math.floor(random.next() ** 2 * n);

function cellsOf(count: number, windowMs: number, spanMs: number): CountedCell[] {
  const lastMs = windowMs + spanMs - 60_000;
  const seen = new Map<string, CountedCell>();
  while (seen.size < count) {
    const [model, key, kind] = [pick(MODELS), pick(KEYS), Math.floor(random.next() * 10)];
    const [status, cause] = FAILURES[kind] ?? [200, null];
    const calls = 1 + pick(500);
    seen.set(`${model} ${key} ${cause}`, {
      ...{ kind: cause === null ? 'success' : 'failure', status, cause, model: `vendor-model-${model}` },
      ...{ provider: `provider-${model % 6}`, tenant: `tenant-${key % 20}`, project: `project-${key % 60}` },
      ...{ key: `service-${key}-prod`, logGroup: `/aws/lambda/service-${key % 40}` },
      ...{ calls, attempts: calls + pick(9), recovered: cause === null ? pick(5) : 0, firstMs: windowMs, lastMs },
    });
  }
  return [...seen.values()];
}

async function fill(store: Store): Promise<void> {
  const put = async (granularity: Granularity, fromMs: number, toMs: number): Promise<void> => {
    const spanMs = SPAN_MS[granularity];
    const count = DEFAULT_SETTINGS.maxCells * (granularity === 'minute' ? 1 : 4);
    for (let windowMs = fromMs; windowMs < toMs; windowMs += spanMs) {
      const totals = { received: 9000, counted: 9000, notCall: 0, malformed: 0, tooLate: 0 };
      const cells = cellsOf(count, windowMs, spanMs);
      const rollUp: RollUp = { granularity, windowMs, contributions: 60, totals, skipped: { 'not-a-call': 9 }, cells };
      await store.putRollUp(rollUp);
    }
  };
  const [day, hour, minute] = [windowOf(NOW, 'day'), windowOf(NOW, 'hour'), windowOf(NOW)];
  await put('day', day - DAYS * DAY_MS, day);
  await put('hour', day - 8 * DAY_MS, hour);
  await put('minute', hour - 30 * HOUR_MS, minute + 60_000);
  await store.save('open-windows', { hour: [hour], day: [day] }, 0);
  await store.save(DETECTOR_KEY, { evaluatedMs: minute, series: [] }, 0);
}

const QUESTIONS = [
  '/v1/summary?from=-90d',
  '/v1/summary?from=-90d&by=model,cause',
  '/v1/summary?from=-90d&by=key&top=200',
  '/v1/summary?from=-90d&by=model&key=service-7-prod&cause=budget_exceeded',
  '/v1/series?from=-90d&by=category',
  '/v1/series?from=-90d&by=key&top=10',
  '/v1/series?from=-7d&by=cause',
  '/v1/series?from=-24h&by=cause',
  '/v1/series?from=-1h&by=cause',
  '/v1/summary',
  '/v1/health',
  '/v1/alerts',
];

const at = (sorted: readonly number[], share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(0).padStart(6);

async function ask(store: Store, path: string): Promise<number> {
  const api = queryApi({ store, now: () => NOW, version: 'bench' });
  const before = performance.now();
  const response = await api(new Request(`http://127.0.0.1${path}`));
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return performance.now() - before;
}

async function measure(name: string, store: Store, { rounds, reads }: { rounds: number; reads?: () => number }) {
  console.log(`\n${name}\n   p50    p95  ms${reads ? '  reads' : ''}`);
  for (const path of QUESTIONS) {
    const times: number[] = [];
    const readsBefore = reads?.() ?? 0;
    for (let round = 0; round < rounds; round++) times.push(await ask(store, path));
    times.sort((a, b) => a - b);
    const read = reads ? String(Math.round((reads() - readsBefore) / rounds)).padStart(7) : '';
    console.log(`${at(times, 0.5)} ${at(times, 0.95)}    ${read}  ${path}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'gridwatch-bench-'));
try {
  const path = join(folder, 'bench.db');
  const store = openSqliteStore(path);
  const before = performance.now();
  await fill(store);
  const megabytes = statSync(path).size / 1e6;
  console.log(
    `${DAYS} days, ${MODELS} models, ${KEYS} keys: ${megabytes.toFixed(0)} MB in ${((performance.now() - before) / 1000).toFixed(0)} s`,
  );
  await measure('SQLite', store, { rounds: ROUNDS });
  await store.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

if (process.argv.includes('--dynamo')) {
  const dynalite = await startDynalite();
  const client = clientOf(dynalite.url, { timeoutMs: 120_000 });
  let sent = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      sent += 1;
      return next(args);
    },
    { step: 'initialize' },
  );
  try {
    const store = dynamoStore({ client, tableName: await newTable(client), nowMs: () => NOW });
    await fill(store);
    await measure('DynamoDB (emulated: its times mean nothing)', store, { rounds: 1, reads: () => sent });
  } finally {
    client.destroy();
    await dynalite.close();
  }
}
