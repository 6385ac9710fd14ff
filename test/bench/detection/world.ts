/**
 * An organisation and what happens to it in a week, made of a seed: applications that call models of providers with a key
 * each, incidents of which people must hear, and events of which they must not. Nothing here is drawn from data of others.
 */

import type { FailureGroup } from '../../../shared/detect.ts';
import { type Rng, rng } from '../../fixtures/rng.ts';

export type OutcomeName = 'ok' | 'e429' | 'e5xx' | 'timeout' | 'auth' | 'e4xx';

/** One application calling one model: calls of a route differ in nothing but their time and outcome. */
export interface Route {
  readonly project: string;
  readonly tenant: string;
  readonly key: string;
  readonly logGroup: string;
  readonly model: string;
  readonly provider: string;
  readonly perMinute: number;
  /** Share of calls whose first try fails on an ordinary day, and how many tries its SDK makes. */
  readonly normal: number;
  readonly tries: number;
}

export interface Happening {
  readonly kind: string;
  /** What fails and must page, if it is large enough; null for what must not page. */
  readonly group: FailureGroup | null;
  readonly from: number;
  readonly to: number;
  readonly routes: ReadonlySet<number>;
  readonly outcome: OutcomeName;
  /** Share of calls that fail in a minute, and by how much traffic is multiplied. */
  readonly share: (minute: number) => number;
  readonly traffic: number;
}

export interface World {
  readonly seed: number;
  readonly minutes: number;
  readonly routes: readonly Route[];
  readonly happenings: readonly Happening[];
}

const DAY = 1440;
const MODELS = [
  ['gpt-4o', 'openai'],
  ['gpt-4o-mini', 'openai'],
  ['claude-sonnet-4', 'anthropic'],
  ['gemini-2.5-flash', 'google'],
] as const;
/** Calls a minute: half of what teams run is small. */
const RATES = [0.4, 0.8, 1.5, 2.5, 4, 8, 20, 60];

export function worldOf(seed: number, days: number): World {
  const random = rng(seed * 7919);
  const routes = RATES.flatMap((rate, i): Route[] => {
    const project = `app-${i}`;
    const own = {
      project,
      tenant: i % 3 === 0 ? 'globex' : 'acme',
      key: `${project}-prod`,
      logGroup: `/app/${project}`,
    };
    const habits = { normal: 0.001 * 20 ** random.next(), tries: random.int(1, 6) };
    const models = random.chance(0.5) ? [random.pick(MODELS)] : [MODELS[random.int(0, 1)], MODELS[random.int(2, 3)]];
    return models.flatMap((model) =>
      model ? [{ ...own, ...habits, model: model[0], provider: model[1], perMinute: rate / models.length }] : [],
    );
  });
  const happenings: Happening[] = [];
  // The first six hours show what is normal.
  let at = DAY / 4 + random.int(0, 240);
  while (at < days * DAY - 300) {
    const { name, make } = random.pick(KINDS);
    const from = at + random.next();
    const happening = { kind: name, from, ...make(random, routes, from) };
    happenings.push(happening);
    at = Math.ceil(happening.to) + random.int(90, 600);
  }
  return { seed, minutes: days * DAY, routes, happenings };
}

type Made = Omit<Happening, 'kind' | 'from'>;
type Make = (random: Rng, routes: readonly Route[], at: number) => Made;

const between = (random: Rng, least: number, most: number): number => least + random.next() * (most - least);
const where = (routes: readonly Route[], isHit: (route: Route) => boolean): Set<number> =>
  new Set(routes.flatMap((route, i) => (isHit(route) ? [i] : [])));
const ofOne =
  (by: 'provider' | 'model' | 'key' | 'tenant') =>
  (random: Rng, routes: readonly Route[]): Set<number> => {
    const value = random.pick(routes)[by];
    return where(routes, (route) => route[by] === value);
  };
const everywhere = (_: Rng, routes: readonly Route[]): Set<number> => where(routes, () => true);

interface Shape {
  readonly group: FailureGroup;
  readonly outcome?: OutcomeName;
  readonly hits: (random: Rng, routes: readonly Route[]) => Set<number>;
  /** Least and most share of failing calls, minutes it lasts. */
  readonly share: readonly [number, number];
  readonly lasts: readonly [number, number];
  /** How the share runs over its time, 0–1. */
  readonly course?: (progress: number, minute: number) => number;
  readonly traffic?: number;
}

const incident =
  ({ group, outcome = group, hits, share, lasts, course = () => 1, traffic = 1 }: Shape): Make =>
  (random, routes, at) => {
    const length = between(random, ...lasts);
    const peak = between(random, ...share);
    const shareAt = (minute: number) => peak * course((minute - at) / length, minute);
    return { group, to: at + length, routes: hits(random, routes), outcome, share: shareAt, traffic };
  };
const calm =
  (shape: Omit<Shape, 'group'> & { readonly outcome: OutcomeName }): Make =>
  (...given) => ({ ...incident({ ...shape, group: 'e5xx' })(...given), group: null });

/** Each as likely as the others. */
const KINDS: readonly { readonly name: string; readonly make: Make }[] = Object.entries({
  'provider outage': incident({ group: 'e5xx', hits: ofOne('provider'), share: [0.3, 1], lasts: [5, 60] }),
  'provider flickers': incident({
    ...{ group: 'e5xx', hits: ofOne('provider'), share: [0.4, 1], lasts: [20, 90] },
    course: (_, minute) => (Math.floor(minute / 4) % 2 === 0 ? 1 : 0.1),
  }),
  'model overloaded': incident({ group: 'e5xx', hits: ofOne('model'), share: [0.15, 0.6], lasts: [10, 120] }),
  'provider hangs': incident({
    group: 'e5xx',
    outcome: 'timeout',
    hits: ofOne('provider'),
    share: [0.2, 0.9],
    lasts: [5, 40],
  }),
  'gateway down': incident({ group: 'e5xx', hits: everywhere, share: [0.5, 1], lasts: [4, 30] }),
  brownout: incident({ group: 'e5xx', hits: ofOne('provider'), share: [0.08, 0.2], lasts: [15, 90] }),
  'budget of a key used up': incident({ group: 'e429', hits: ofOne('key'), share: [1, 1], lasts: [30, 300] }),
  'rate limit at the peak': incident({
    ...{ group: 'e429', hits: ofOne('key'), share: [0.15, 0.6], lasts: [30, 120] },
    course: (progress) => Math.sin(Math.PI * Math.min(1, Math.max(0, progress))),
  }),
  'a tenant bursts': incident({ group: 'e429', hits: ofOne('tenant'), share: [0.3, 0.8], lasts: [5, 40], traffic: 4 }),
  'deploy with a wrong key': incident({ group: 'auth', hits: ofOne('key'), share: [0.9, 1], lasts: [8, 60] }),
  blip: calm({ outcome: 'e5xx', hits: ofOne('provider'), share: [0.3, 1], lasts: [0.3, 0.9] }),
  surge: calm({ outcome: 'ok', hits: ofOne('key'), share: [0, 0], lasts: [10, 60], traffic: 8 }),
  silence: calm({ outcome: 'ok', hits: ofOne('provider'), share: [0, 0], lasts: [10, 90], traffic: 0 }),
  'a client sends bad requests': calm({ outcome: 'e4xx', hits: ofOne('key'), share: [0.3, 0.9], lasts: [10, 90] }),
  'a small rise': calm({ outcome: 'e5xx', hits: ofOne('provider'), share: [0.004, 0.01], lasts: [60, 240] }),
  'a forgotten client': calm({ outcome: 'auth', hits: ofOne('key'), share: [0.005, 0.01], lasts: [120, 600] }),
}).map(([name, make]) => ({ name, make }));
