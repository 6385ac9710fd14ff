/** The arrivals of a week, evaluated minute by minute: as the pipeline does it, over all scopes, or each application by itself. */
import { type Alert, decide } from '../../../shared/alert.ts';
import type { CauseId } from '../../../shared/causes.ts';
import {
  type Bucket,
  detect,
  type FailureGroup,
  HISTORY_MS,
  type Scope,
  type SeriesState,
  scopeKey,
  scopesOf,
  type Verdict,
} from '../../../shared/detect.ts';
import { DEFAULT_SETTINGS } from '../../../shared/settings.ts';
import { watch } from '../../../shared/watch.ts';
import type { Cell, CountedCell, RollUp } from '../../../shared/window.ts';
import { type Paged, toMinute, toMs } from './score.ts';
import { type Arrivals, OUTCOMES, unpacked } from './traffic.ts';
import type { OutcomeName, Route, World } from './world.ts';

const HISTORY = 10;
const settings = DEFAULT_SETTINGS;

const FAILED: Readonly<
  Record<Exclude<OutcomeName, 'ok'>, { readonly status: number | null; readonly cause: CauseId }>
> = {
  e429: { status: 429, cause: 'rate_limit_unspecified' },
  e5xx: { status: 503, cause: 'provider_overloaded' },
  timeout: { status: null, cause: 'client_timeout' },
  auth: { status: 401, cause: 'expired_or_revoked_key' },
  e4xx: { status: 400, cause: 'invalid_parameter' },
};

export function cellOf(route: Route, outcome: OutcomeName): Cell {
  const { model, provider, tenant, project, key, logGroup } = route;
  const who = { model, provider, tenant, project, key, logGroup };
  if (outcome === 'ok') return { ...who, kind: 'success', status: 200, cause: null };
  return { ...who, kind: 'failure', ...FAILED[outcome] };
}

/** Counts of the newest minutes, `[route][outcome]`, as far as they have arrived. */
function window({ routes }: World) {
  const minutes = new Map<number, Int32Array>();
  return {
    minutes,
    arrive: (rows: readonly number[], tick: number): void => {
      for (const row of rows) {
        const { minute, route, outcome } = unpacked(row);
        const counts = minutes.get(minute) ?? new Int32Array(routes.length * OUTCOMES.length);
        counts[route * OUTCOMES.length + outcome] = (counts[route * OUTCOMES.length + outcome] ?? 0) + 1;
        minutes.set(minute, counts);
      }
      for (const minute of minutes.keys()) if (minute < tick - HISTORY) minutes.delete(minute);
    },
  };
}

/** The hot loop of the bench: every scope, every minute of the window, once a minute. */
function bucketsOf(minutes: readonly (readonly [number, Int32Array])[], routes: readonly number[]): Bucket[] {
  return minutes.map(([minute, counts]) => {
    const sums = [0, 0, 0, 0, 0, 0];
    for (const route of routes)
      for (let k = 0; k < OUTCOMES.length; k += 1)
        sums[k] = (sums[k] ?? 0) + (counts[route * OUTCOMES.length + k] ?? 0);
    const [ok = 0, e429 = 0, e5xx = 0, timeout = 0, auth = 0, e4xx = 0] = sums;
    return { windowMs: toMs(minute), calls: ok + e429 + e5xx + timeout + auth + e4xx, e429, e5xx, timeout, auth, e4xx };
  });
}

function rollUpsOf(minutes: ReadonlyMap<number, Int32Array>, { routes }: World): RollUp[] {
  return [...minutes]
    .sort(([a], [b]) => a - b)
    .map(([minute, counts]) => ({
      granularity: 'minute',
      windowMs: toMs(minute),
      contributions: 1,
      totals: { received: 0, counted: 0, notCall: 0, malformed: 0, tooLate: 0 },
      skipped: {},
      cells: routes.flatMap((route, i) =>
        OUTCOMES.flatMap((outcome, k): CountedCell[] => {
          const calls = counts[i * OUTCOMES.length + k] ?? 0;
          const at = { firstMs: toMs(minute), lastMs: toMs(minute) };
          return calls === 0 ? [] : [{ ...cellOf(route, outcome), calls, attempts: calls, recovered: 0, ...at }];
        }),
      ),
    }));
}

function routesByScope({ routes }: World): { scope: Scope; routes: number[] }[] {
  const scopes = new Map<string, { scope: Scope; routes: number[] }>();
  for (const [i, route] of routes.entries())
    for (const scope of scopesOf(cellOf(route, 'ok'))) {
      const known = scopes.get(scopeKey(scope)) ?? { scope, routes: [] };
      known.routes.push(i);
      scopes.set(scopeKey(scope), known);
    }
  return [...scopes.values()];
}

/** As the pipeline: every scope is judged, so small series are pooled in those around them, and one incident is one alert. */
export function pooled(arrivals: Arrivals, world: World): Paged[] {
  const scopes = routesByScope(world);
  const known = window(world);
  const states = new Map<string, SeriesState>();
  let alerts = new Map<string, Alert>();
  const pages: { page: Paged; id: string }[] = [];
  for (let tick = 1; tick < world.minutes; tick += 1) {
    const atMs = toMs(tick);
    known.arrive(arrivals[tick] ?? [], tick);
    const verdicts: Verdict[] = [];
    const minutes = [...known.minutes].sort(([a], [b]) => a - b);
    for (const { scope, routes } of scopes) {
      const key = scopeKey(scope);
      const out = detect(bucketsOf(minutes, routes), states.get(key) ?? null, atMs, settings, scope);
      states.set(key, out.state);
      verdicts.push(...out.verdicts);
    }
    const isBusy = verdicts.some((v) => v.state === 'spike' || v.reason === 'unconfirmed');
    if (!isBusy && [...alerts.values()].every(({ state }) => state === 'resolved')) continue;
    const rollUps = rollUpsOf(known.minutes, world).filter(
      ({ windowMs }) => windowMs < atMs && windowMs >= atMs - HISTORY_MS,
    );
    for (const alert of decide({ verdicts, alerts: [...alerts.values()], rollUps, atMs, settings }).alerts) {
      const { id, group, scope, outbox } = alert;
      const own = scopes.find((s) => scopeKey(s.scope) === scopeKey(scope))?.routes ?? [];
      if (outbox.some(({ reason }) => reason === 'first'))
        pages.push({ id, page: { group, routes: new Set(own), openedAt: tick, closedAt: null } });
      if (outbox.some(({ reason }) => reason === 'resolved'))
        for (const one of pages)
          if (one.id === id && one.page.closedAt === null) one.page = { ...one.page, closedAt: tick };
      alerts.set(id, { ...alert, outbox: [] });
    }
    alerts = new Map([...alerts].filter(([, { resolvedMs }]) => resolvedMs === null || resolvedMs > atMs - 3_600_000));
  }
  return pages.map(({ page }) => page);
}

/** Each application by itself, as a monitor per log group would do it. */
export function apart(arrivals: Arrivals, world: World): Paged[] {
  const own = routesByScope(world).filter(({ scope }) => scope.by === 'logGroup');
  const groups = watch(
    own.map(({ scope }) => scope.value),
    settings,
  );
  const pages: Paged[] = [];
  const open = new Map<string, Paged>();
  let batch = 0;
  for (let tick = 1; tick < world.minutes; tick += 1) {
    for (const row of arrivals[tick] ?? []) {
      const { minute, route, outcome } = unpacked(row);
      const failed = { e429: 0, e5xx: 0, timeout: 0, auth: 0, e4xx: 0 };
      const name = OUTCOMES[outcome] ?? 'ok';
      if (name !== 'ok') failed[name] = 1;
      batch += 1;
      const series = world.routes[route]?.logGroup ?? '';
      groups.add({ series, batch: `${batch}`, windowMs: toMs(minute), calls: 1, ...failed });
    }
    for (const { series, atMs, type, class: name } of groups.tick(toMs(tick))) {
      const routes = new Set(own.find(({ scope }) => scope.value === series)?.routes);
      const group: FailureGroup = name === 'timeout' ? 'e5xx' : name;
      const before = open.get(series);
      if (type === 'open') open.set(series, { group, routes, openedAt: toMinute(atMs), closedAt: null });
      else if (before) {
        pages.push({ ...before, closedAt: toMinute(atMs) });
        open.delete(series);
      }
    }
  }
  return [...pages, ...open.values()];
}
