/**
 * A process that dies while it ingests loses nothing it had acknowledged, and running it again to the end gives what one
 * undisturbed run gives: each minute counted once, each notification sent at least once.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { callLine, type Ended, endChildren, eventually, launch, type Running, run, summaryIn } from './cli.ts';
import { directory, removeDirectories } from './input/reading.ts';

const FROM = Date.UTC(2026, 10, 17, 9);
const LINES = 30_000;
/**
 * Two hours of one application, 250 lines a minute, every fifth one a call. In every 30 minutes ten are bad, each time in
 * another way, so that alerts fire and resolve all along.
 */
const LOG = Array.from({ length: LINES }, (_, n) => {
  const atMs = FROM + n * 240;
  const minute = Math.floor((atMs - FROM) / 60_000);
  const bad = [503, 429, 401, 503][Math.floor(minute / 30)] ?? 503;
  if (n % 5 !== 0) return `${new Date(atMs).toISOString()} INFO app.orders: order ${n} priced in ${n % 97} ms`;
  return callLine(atMs, minute % 30 >= 10 && minute % 30 < 20 && n % 10 === 0 ? bad : 200);
}).join('\n');

const dir = directory({ 'app.log': `${LOG}\n` });
const args = (db: string) => ['start', '--no-serve', '--json', '--db', join(dir, db), join(dir, 'app.log')];
/** Notifications of these runs; a killed one may have cut its last line. */
const sent = (...runs: readonly Ended[]) =>
  runs.flatMap(({ stdout }) => [...stdout.matchAll(/"notificationId":"(\w+)".*\n/g)].map(([, id]) => id));

jest.setTimeout(60_000);
let undisturbed: Ended;
let tries: { readonly died: Ended; readonly again: Ended }[] = [];
/** All at once: what they wait for is what a child says, not a time. */
beforeAll(async () => {
  [undisturbed, ...tries] = await Promise.all([run(args('undisturbed.db')), ...MOMENTS.map(interrupted)] as const);
});
afterAll(() => {
  endChildren();
  removeDirectories();
});

const lines = (count: number) => new RegExp(`(?:.*\\n){${count}}`);
/** Alerts are moments that come at any speed of the machine; a few milliseconds more end between two writes of a minute. */
const after = (count: number, ms: number) => async (running: Running) => {
  await running.said('stdout', lines(count));
  await delay(ms);
};

test('an undisturbed run tells alerts all along', () => {
  expect(sent(undisturbed).length).toBeGreaterThanOrEqual(6);
  expect(summaryIn(undisturbed).totals.calls).toBe(LINES / 5);
});

type Moment = readonly [NodeJS.Signals, string, (running: Running, db: string) => Promise<unknown>];
const MOMENTS: readonly Moment[] = [
  [
    'SIGKILL',
    'as soon as the store exists',
    (_: Running, db: string) => eventually(async () => existsSync(db), Boolean),
  ],
  ['SIGKILL', 'at the first alert', after(1, 0)],
  ['SIGKILL', 'soon after the second alert', after(2, 13)],
  ['SIGKILL', 'well after the third alert', after(3, 37)],
  ['SIGINT', 'at the first alert', after(1, 0)],
];

async function interrupted([signal, moment, reached]: Moment) {
  const db = `${signal}-${moment.replaceAll(' ', '-')}.db`;
  const dying = launch(args(db));
  await reached(dying, join(dir, db));
  dying.signal(signal);
  const died = await dying.ended;
  return { died, again: await run(args(db)) };
}

describe.each(MOMENTS.map(([signal, moment], n) => ({ signal, moment, n })))('$signal $moment', ({ signal, n }) => {
  const died = () => tries[n]?.died ?? undisturbed;
  const again = () => tries[n]?.again ?? undisturbed;

  test('ends the process half-way', () => {
    expect(died().code).toBe(signal === 'SIGKILL' ? null : 0);
    expect(sent(died()).length).toBeLessThan(sent(undisturbed).length);
  });

  test('changes no count of a second run', () => {
    expect([again().code, again().stderr]).toEqual([0, '']);
    expect(summaryIn(again())).toEqual(summaryIn(undisturbed));
  });

  test('costs no notification', () => {
    expect(new Set(sent(died(), again()))).toEqual(new Set(sent(undisturbed)));
    expect(sent(died(), again()).length).toBeLessThanOrEqual(sent(undisturbed).length + 1);
  });
});
