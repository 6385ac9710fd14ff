/** Which incidents must page, by what their calls show, and how well the pages of a run tell them. */

import type { FailureGroup } from '../../../shared/detect.ts';
import { MINUTE_MS } from '../../../shared/window.ts';
import type { Effect } from './traffic.ts';

export interface Paged {
  readonly group: FailureGroup;
  readonly routes: ReadonlySet<number>;
  readonly openedAt: number;
  readonly closedAt: number | null;
}

interface Incident {
  readonly effect: Effect;
  /** Failing enough calls for long enough to wake somebody; else it may page and need not. */
  readonly mustPage: boolean;
  readonly end: number;
  /** The later of its beginning and its tenth failing call. */
  readonly from: number;
}

export interface Score {
  incidents: number;
  found: number;
  inFive: number;
  pages: number;
  falsePages: number;
  delays: number[];
  /** Minutes from the end of an incident to the close of its last page. */
  toResolve: number[];
  days: number;
  missedKinds: string[];
  falseKinds: string[];
}

/** A page may come this many minutes after the end. */
const GRACE = 5;
const LEAST = { failures: 10, minutes: 3, points: 0.05, nats: 16 };

function incidentOf(effect: Effect): Incident | null {
  const { happening, calls, failures } = effect;
  if (happening.group === null) return null;
  const failing = [...failures].sort(([a], [b]) => a - b);
  const x = failing.reduce((sum, [, n]) => sum + n, 0);
  const n = [...calls.values()].reduce((sum, count) => sum + count, 0);
  const normal = 0.01;
  const share = x / Math.max(1, n);
  const part = (count: number, p: number, p0: number) => (count > 0 ? count * Math.log(p / p0) : 0);
  const nats = part(x, share, normal) + part(n - x, 1 - share, 1 - normal);
  const isLarge = x >= LEAST.failures && failing.length >= LEAST.minutes && share >= normal + LEAST.points;
  let seen = 0;
  const tenth = failing.find(([, count]) => {
    seen += count;
    return seen >= LEAST.failures;
  });
  const from = Math.max(happening.from, tenth ? tenth[0] + 1 : happening.to);
  return { effect, mustPage: isLarge && nats >= LEAST.nats, end: happening.to, from };
}

export function scoreOf(effects: readonly Effect[], pages: readonly Paged[], minutes: number): Score {
  const incidents = effects.flatMap((effect) => incidentOf(effect) ?? []);
  const told = new Map<Incident, Paged[]>();
  const isOf = (page: Paged, { effect: { happening }, end }: Incident): boolean =>
    page.group === happening.group &&
    page.openedAt > happening.from &&
    page.openedAt <= end + GRACE &&
    [...page.routes].some((route) => happening.routes.has(route));
  const falseKinds: string[] = [];
  for (const page of pages) {
    const incident = incidents.find((one) => isOf(page, one));
    if (incident) told.set(incident, [...(told.get(incident) ?? []), page]);
    else falseKinds.push(near(effects, page));
  }
  const must = incidents.filter(({ mustPage }) => mustPage);
  const found = must.filter((one) => told.has(one));
  const delays = found.map((one) => Math.max(0, Math.min(...(told.get(one) ?? []).map((p) => p.openedAt)) - one.from));
  const closes = found.map((one) => Math.max(...(told.get(one) ?? []).map((p) => p.closedAt ?? minutes)) - one.end);
  return {
    incidents: must.length,
    found: found.length,
    inFive: delays.filter((delay) => delay <= 5).length,
    pages: found.reduce((sum, one) => sum + (told.get(one)?.length ?? 0), 0),
    falsePages: falseKinds.length,
    delays,
    toResolve: closes.map((close) => Math.max(0, close)),
    days: minutes / 1440,
    missedKinds: must.filter((one) => !told.has(one)).map(({ effect }) => effect.happening.kind),
    falseKinds,
  };
}

/** What was going on at a false page. */
function near(effects: readonly Effect[], { openedAt, group }: Paged): string {
  const cause = effects.find(({ happening: h }) => openedAt > h.from && openedAt < h.to + 60);
  return `${group} ${cause === undefined ? 'noise' : `near ${cause.happening.kind}`}`;
}

export const toMs = (minute: number): number => Date.UTC(2026, 0, 5) + minute * MINUTE_MS;
export const toMinute = (ms: number): number => (ms - Date.UTC(2026, 0, 5)) / MINUTE_MS;
