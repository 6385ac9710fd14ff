// Reads changed log lines for as long as it is told to, and stops at the first that breaks a promise: nothing throws, the law
// holds, what is remembered is read as if it were not, no prototype changes, no planted key comes out, and time stays in
// bounds. `npm run fuzz -- --seconds 20`, `--runs N`, `--seed S`, `--slack N`; a case is named by its seed and number, and `--only N` runs that one alone.
import { parseArgs } from 'node:util';
import { contributionsOf } from '../../shared/contribution.ts';
import { coverageOf } from '../../shared/coverage.ts';
import { fold } from '../../shared/fold.ts';
import type { LogBatch } from '../../shared/record.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../shared/settings.ts';
import { readerOf, wholeReader } from '../../shared/template.ts';
import { lawHolds, sumByName } from '../../shared/window.ts';
import { FAILURES, SUCCESS } from '../fixtures/failures.ts';
import { NOISE } from '../fixtures/noise.ts';
import { rng } from '../fixtures/rng.ts';
import { CANARY, type Call, canRender, SHAPES } from '../fixtures/shapes.ts';
import { type Events, MUTATIONS, SECRETS } from './mutations.ts';

const AT_MS = Date.UTC(2026, 10, 17, 9);
const MAX_STEPS = 5;
/** Events of one batch whose reading is compared with one that remembers nothing. */
const MAX_COMPARED = 4;
/** CPU milliseconds for the characters of one batch on a quiet machine; `--slack 2` allows a busy one twice as much. */
let slack = 1;
const limitMs = (size: number): number => slack * (size <= 262_144 ? 50 : 250 * Math.max(1, size / 1_048_576));

const OWN: Settings = {
  ...DEFAULT_SETTINGS,
  hosts: 'any',
  rules: [{ name: 'house', when: { text: 'error * reached' }, cause: 'quota_exceeded' }],
  shapes: [{ name: 'house', text: 'request to {model} * status {status}' }],
  fields: { model: ['deployment'], status: ['http'], message: ['note'] },
  services: ['checkout-assistant'],
};
const SETTINGS: readonly Settings[] = [
  DEFAULT_SETTINGS,
  { ...DEFAULT_SETTINGS, hosts: 'any' },
  OWN,
  { ...OWN, rules: [], shapes: [] },
];

function samples(): Events[] {
  const base = { atMs: AT_MS, model: 'gpt-4o', tenant: 'acme', keyAlias: 'prod', requestId: 'req-fixture-1' };
  const calls = (shape: (typeof SHAPES)[string]): Call[] => [
    ...FAILURES.filter((row) => canRender(shape, row)).map((failure) => ({ ...base, failure })),
    ...(shape.successes ? [{ ...base, success: SUCCESS }] : []),
  ];
  const printed = Object.values(SHAPES).flatMap((shape) => calls(shape).map((call) => shape.render(call)));
  return [...printed, ...NOISE.map((line) => [line])];
}

const SAMPLES = samples();
const NAMES = Object.keys(MUTATIONS);

function caseOf(seed: number, number: number) {
  const random = rng((Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0);
  let events: Events = random.pick(SAMPLES);
  const steps = Array.from({ length: random.int(0, MAX_STEPS) }, () => random.pick(NAMES));
  for (const step of steps) events = MUTATIONS[step]?.(random, events, random.pick(SAMPLES)) ?? events;
  const batch: LogBatch = {
    owner: 'local',
    logGroup: '/app/fuzz',
    logStream: 's',
    events: events.map((message, i) => ({ id: String(i), timestamp: AT_MS + i * random.int(0, 9000), message })),
  };
  return { batch, steps, settings: random.pick(SETTINGS), size: events.reduce((sum, text) => sum + text.length, 0) };
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The least of several tries: what else the machine does, and compiling, only ever adds. */
function leastMs(work: () => void, enough: number): number {
  let least = cpuMs(work);
  for (let tries = 0; least > enough && tries < 6; tries += 1) least = Math.min(least, cpuMs(work));
  return least;
}

const TYPES = [Object, Array, String, Map, Function, RegExp].map((type): object => type.prototype);
/** Compared, not frozen: under a frozen prototype V8 stores into typed arrays forty times as slowly, and time is measured here. */
const properties = (): unknown[] =>
  TYPES.flatMap((type) =>
    Reflect.ownKeys(type).flatMap((key) => {
      const property = Object.getOwnPropertyDescriptor(type, key);
      return [key, property?.value, property?.get];
    }),
  );
const WORLD = properties();

function isWorldChanged(): boolean {
  const now = properties();
  return now.length !== WORLD.length || now.some((what, at) => what !== WORLD[at]);
}

/** What is broken, or null. */
function broken({ batch, settings, size }: ReturnType<typeof caseOf>): string | null {
  let text = '';
  const work = (): void => {
    const contributions = contributionsOf(batch, settings, { nowMs: AT_MS });
    text = JSON.stringify(contributions);
    const totals = sumByName(contributions.map((one) => ({ ...one.totals })));
    if (!contributions.every((one) => lawHolds(one.totals))) throw new Error('the law does not hold');
    if ((totals['received'] ?? 0) !== batch.events.length) throw new Error('events were lost');
    const rollUps = contributions.map((one) => fold([one], one.windowMs, settings.maxCells));
    if (rollUps.length > 0) coverageOf(rollUps);
  };
  try {
    const ms = leastMs(work, limitMs(size));
    slowest = Math.max(slowest, ms / limitMs(size));
    if (ms > limitMs(size)) return `${ms.toFixed(0)} ms of CPU for ${size} characters`;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const forgetful = wholeReader(settings);
  for (const event of batch.events.slice(0, MAX_COMPARED)) {
    // The text may be known by now: all of it was read above, and its like in other cases.
    const [known, whole] = [readerOf(settings), forgetful].map((read) => JSON.stringify(read(event, batch)));
    if (known !== whole) return `remembered ${known}, but read whole ${whole}`;
  }
  const leaked = [...SECRETS, CANARY].find((secret) => text.includes(secret));
  return leaked === undefined ? null : `a planted text came out: ${leaked}`;
}

let slowest = 0;

function main(): number {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      seconds: { type: 'string', default: '60' },
      slack: { type: 'string', default: '1' },
      runs: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const [seed, seconds] = [Number(values.seed), Number(values.seconds)];
  slack = Number(values.slack);
  const only = values.only === undefined ? null : Number(values.only);
  const last = values.runs === undefined ? Number.POSITIVE_INFINITY : Number(values.runs);
  const used = process.cpuUsage();
  const until = values.runs === undefined ? Date.now() + seconds * 1000 : Number.POSITIVE_INFINITY;
  console.log(`fuzz: seed ${seed}, ${SAMPLES.length} samples, ${NAMES.length} mutations`);
  let [number, characters, largest] = [only ?? 0, 0, 0];
  for (; number < (only === null ? last : only + 1) && Date.now() < until; number += 1) {
    const one = caseOf(seed, number);
    characters += one.size;
    largest = Math.max(largest, one.size);
    const what = broken(one) ?? (isWorldChanged() ? 'a prototype changed' : null);
    if (what === null) continue;
    console.error(`case ${number} of seed ${seed} (${one.steps.join(', ') || 'as it is'}): ${what}`);
    console.error(`again: npm run fuzz -- --seed ${seed} --only ${number}`);
    return 1;
  }
  const { user, system } = process.cpuUsage(used);
  console.log(
    `${number} inputs, ${Math.round(characters / 1e6)} million characters, largest ${largest}, in ${Math.round((user + system) / 1e6)} s of CPU: ` +
      `nothing broke; the slowest took ${Math.round(100 * slowest)} % of its time`,
  );
  return 0;
}

process.exitCode = main();
