// CPU time of judging 10,000 series for one minute, and the bytes of state an evaluation writes. Minutes follow each other as
// they do live; the median is printed, because a shared machine is noisy. Run with `npm run bench:detect`.
import { gzipSync } from 'node:zlib';
import { headOf, type Series, shardsOf } from '../../shared/detect/state.ts';
import { type Bucket, detect, scopeKey } from '../../shared/detect.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { MINUTE_MS } from '../../shared/window.ts';
import { rng } from '../fixtures/rng.ts';

const SERIES = 10_000;
const MINUTES = 60;
const START_MS = Date.UTC(2026, 0, 5);
const random = rng(1);

/** From 1 to 1,000 calls a minute, half a percent of which fail; one series in a hundred is in an outage. */
function bucketOf(series: number, minute: number): Bucket {
  const calls = random.int(0, 2 * 10 ** (series % 4));
  const isOut = series % 100 === 7 && minute > 30;
  const failed = Math.min(calls, Math.round(calls * (isOut ? 0.5 : 0.005) + (random.chance(0.02) ? 1 : 0)));
  return { windowMs: START_MS + minute * MINUTE_MS, calls, e429: 0, e5xx: failed, timeout: 0, auth: 0, e4xx: 0 };
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const zipped = (value: unknown): number => Math.round(gzipSync(JSON.stringify(value)).length / 1000);

const scopes = Array.from({ length: SERIES }, (_, i) => ({ by: 'key', value: `application-${i}-prod` }) as const);
const buckets: Bucket[][] = scopes.map(() => []);
const series = new Map<string, Series>();
const taken: number[] = [];
const heads: number[] = [];
for (let minute = 0; minute < MINUTES; minute += 1) {
  for (const [i, own] of buckets.entries()) {
    own.push(bucketOf(i, minute));
    if (own.length > 10) own.shift();
  }
  const atMs = START_MS + (minute + 1) * MINUTE_MS;
  const before = process.cpuUsage();
  for (const [i, scope] of scopes.entries()) {
    const key = scopeKey(scope);
    const { state } = detect(buckets[i] ?? [], series.get(key)?.state ?? null, atMs, DEFAULT_SETTINGS, scope);
    series.set(key, { scope, state });
  }
  const { user, system } = process.cpuUsage(before);
  if (minute >= 10) taken.push((user + system) / 1000);
  if (minute >= 40) heads.push(zipped(headOf(series.values(), atMs)));
}
const shards = shardsOf(series.values()).map(zipped);
console.log(`${SERIES} series: ${Math.round(median(taken))} ms CPU an evaluation (median of ${taken.length})`);
console.log(
  `written each minute: ${median(heads)} kB (gzip); every fifth also ${shards.reduce((a, b) => a + b, 0)} kB in ${shards.length} shards`,
);
