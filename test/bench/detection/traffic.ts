/**
 * A week of calls of a world, told twice from the same dice: as the tries that logs show, and as the calls they are once
 * retries are folded. A doomed call fails at every try; other failures are cured by the next. Rows arrive late and in
 * disorder, as logs do.
 */
import { type Rng, rng } from '../../fixtures/rng.ts';
import type { Happening, OutcomeName, World } from './world.ts';

export const OUTCOMES: readonly OutcomeName[] = ['ok', 'e429', 'e5xx', 'timeout', 'auth', 'e4xx'];

/** Rows by the minute they arrive in; each is minute, route and outcome in one number. */
export type Arrivals = readonly (readonly number[])[];
export const packed = (minute: number, route: number, outcome: number): number => (minute * 64 + route) * 8 + outcome;
export const unpacked = (row: number) => ({
  minute: Math.floor(row / 512),
  route: Math.floor(row / 8) % 64,
  outcome: row % 8,
});

/** What a happening did, minute by minute, to the calls of its routes. */
export interface Effect {
  readonly happening: Happening;
  readonly calls: Map<number, number>;
  readonly failures: Map<number, number>;
}

export interface Traffic {
  readonly tries: Arrivals;
  readonly calls: Arrivals;
  readonly effects: readonly Effect[];
}

const MOST_LATE = 4;
/** Of failures on an ordinary day: those no retry cures. */
const DOOMED = 0.4;
const ORDINARY: readonly (readonly [OutcomeName, number])[] = [
  ['e5xx', 0.45],
  ['timeout', 0.2],
  ['e429', 0.3],
  ['auth', 0.05],
];

function poisson(random: Rng, mean: number): number {
  if (mean > 30)
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * (random.next() + random.next() + random.next() - 1.5) * 2));
  const limit = Math.exp(-mean);
  let n = 0;
  for (let product = random.next(); product > limit; product *= random.next()) n += 1;
  return n;
}

const exponential = (random: Rng): number => -Math.log(1 - random.next());

function ordinary(random: Rng): OutcomeName {
  let left = random.next();
  for (const [name, share] of ORDINARY) {
    left -= share;
    if (left < 0) return name;
  }
  return 'e5xx';
}

export function trafficOf({ seed, minutes, routes, happenings }: World): Traffic {
  const random = rng(seed * 104_729 + 1);
  const tries: number[][] = Array.from({ length: minutes + 10 }, () => []);
  const calls: number[][] = Array.from({ length: minutes + 10 }, () => []);
  const effects = happenings.map((happening): Effect => ({ happening, calls: new Map(), failures: new Map() }));
  const lateness = latenessOf(random, minutes);
  const arrive = (rows: number[][], atMinute: number, route: number, outcome: OutcomeName): void => {
    const minute = Math.min(minutes - 1, Math.floor(atMinute));
    const late = random.chance(0.15) ? 1 : 0;
    const delay = Math.min(MOST_LATE, late + random.int(0, lateness[minute] ?? 0));
    rows[minute + 1 + delay]?.push(packed(minute, route, OUTCOMES.indexOf(outcome)));
  };
  for (let minute = 0; minute < minutes; minute += 1) {
    const now = effects.filter(({ happening: h }) => minute + 1 > h.from && minute < h.to);
    const season = 1 + 0.6 * Math.sin((2 * Math.PI * (minute % 1440)) / 1440 - 2);
    for (const [i, route] of routes.entries()) {
      const mine = now.filter(({ happening }) => happening.routes.has(i));
      const factor = mine.reduce((product, { happening }) => product * happening.traffic, 1);
      const burst = 0.5 + 0.5 * exponential(random);
      // Failures of an ordinary day come in clumps as well: a bad minute is bad for all of its calls.
      const usual = route.normal * (0.4 + 0.6 * exponential(random));
      const count = poisson(random, route.perMinute * season * factor * burst);
      for (let n = 0; n < count; n += 1) {
        const atMinute = minute + random.next();
        const hit = mine.find(({ happening: h }) => atMinute >= h.from && atMinute < h.to);
        const fails = hit !== undefined && random.chance(hit.happening.share(atMinute));
        const isOrdinary = !fails && random.chance(usual);
        const outcome = fails ? hit.happening.outcome : isOrdinary ? ordinary(random) : 'ok';
        // What is refused or malformed is not tried again.
        const isRetried = outcome !== 'ok' && outcome !== 'auth' && outcome !== 'e4xx';
        const isDoomed = fails || !isRetried || random.chance(DOOMED);
        const most = outcome === 'ok' ? 0 : !isRetried ? 1 : isDoomed ? route.tries : Math.min(1, route.tries - 1);
        let when = atMinute;
        let failed = 0;
        // What an incident dooms is well again with the first try after its end.
        while (failed < most && (failed === 0 || !fails || when < hit.happening.to)) {
          arrive(tries, when, i, outcome);
          failed += 1;
          if (failed < route.tries) when += 0.05 * 2 ** failed * (0.5 + random.next());
        }
        const isWell = outcome === 'ok' || (isRetried && failed < route.tries);
        if (isWell) arrive(tries, when, i, 'ok');
        arrive(calls, when, i, isWell ? 'ok' : outcome);
        if (hit) add(hit, Math.floor(when), fails && !isWell);
      }
    }
  }
  return { tries, calls, effects };
}

function add({ calls, failures }: Effect, minute: number, fails: boolean): void {
  calls.set(minute, (calls.get(minute) ?? 0) + 1);
  if (fails) failures.set(minute, (failures.get(minute) ?? 0) + 1);
}

/** Now and then delivery is slow for a while: how many minutes late rows of a minute may be. */
function latenessOf(random: Rng, minutes: number): Uint8Array {
  const lateness = new Uint8Array(minutes);
  for (let at = random.int(0, 1000); at < minutes; at += random.int(300, 1500))
    lateness.fill(random.int(1, MOST_LATE), at, at + random.int(10, 40));
  return lateness;
}
