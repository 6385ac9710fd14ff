/**
 * Limit arithmetic: what limit the refusals state, what got through at best, who sends most, and a rate for that one at
 * which everything fits. Nothing is worked out of statements that contradict each other or of successes that do not show.
 */
import { count, type Scope } from '../detect.ts';
import type { Owner, Stated } from '../stated.ts';
import { MINUTE_MS } from '../window.ts';
import { quantity, scopeWords } from '../words.ts';
import { type Arithmetic, noisiest } from './noisiest.ts';
import {
  cellsOf,
  type Finding,
  failingMinutes,
  isIn,
  isRefused,
  type Minute,
  perMinute,
  type Scene,
  sumOf,
} from './scene.ts';

interface Bound {
  readonly stated: Stated & { readonly limit: number };
  /** The one key, project or model that it binds, or null where that is the alert's own scope. */
  readonly of: Scope | null;
}

/** The dimension of our cells that an owner is, where it is one. A provider limits each model apart. */
const BINDS: Partial<Record<Owner, 'key' | 'project' | 'model'>> = {
  key: 'key',
  project: 'project',
  model: 'model',
  model_per_key: 'model',
  model_per_team: 'model',
  model_per_project: 'model',
  provider: 'model',
};

/** A limit per minute never asks to wait much longer than one. */
const isOfDay = ({ dimension, minRetryAfterMs }: Stated): boolean =>
  (dimension === 'requests' || dimension === 'tokens') && (minRetryAfterMs ?? 0) > 2 * MINUTE_MS;

/** The limit that most refusals state, if they agree on its height and on what it binds. */
function boundOf({ during, told }: Scene): Bound | null {
  const said = cellsOf(during)
    .filter((cell) => isRefused(cell, told.group))
    .flatMap((cell) => (cell.stated ?? []).map((stated) => ({ cell, stated })))
    .filter(({ stated }) => stated.limit !== null && stated.limit > 0 && stated.dimension !== null && !isOfDay(stated));
  const name = ({ stated }: { stated: Stated }) => `${stated.dimension} ${stated.owner}`;
  const weights = new Map<string, number>();
  for (const one of said) weights.set(name(one), (weights.get(name(one)) ?? 0) + one.cell.calls);
  const [heaviest] = [...weights].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const agreeing = said.filter((one) => name(one) === heaviest?.[0]);
  const first = agreeing[0];
  if (first === undefined || new Set(agreeing.map(({ stated }) => stated.limit)).size > 1) return null;
  const by = first.stated.owner === null ? undefined : BINDS[first.stated.owner];
  const used = Math.max(...agreeing.map(({ stated }) => stated.used ?? 0));
  const stated = { ...first.stated, limit: Number(first.stated.limit), used: used > 0 ? used : null };
  if (by === undefined || by === told.scope.by) return { stated, of: null };
  const values = new Set(agreeing.map(({ cell }) => cell[by]));
  const [value] = values;
  return values.size === 1 && typeof value === 'string' ? { stated, of: { by, value } } : null;
}

export function limits(scene: Scene, isBurst: boolean): Finding[] {
  const bound = boundOf(scene);
  if (bound?.stated.dimension === 'budget') return [spent(bound.stated)];
  if (bound === null && !isBurst) return [];
  const arithmetic = arithmeticOf(scene, bound);
  return [...stating(arithmetic, bound), ...noisiest(arithmetic)];
}

function arithmeticOf(scene: Scene, bound: Bound | null): Arithmetic {
  const { told, before, during } = scene;
  const of = bound?.of ?? null;
  const within = (minutes: readonly Minute[]) =>
    minutes.map(({ windowMs, cells }) => ({ windowMs, cells: cells.filter((cell) => of === null || isIn(cell, of)) }));
  const minutes = within(failingMinutes(scene));
  const load = sumOf(cellsOf(minutes), told.group);
  const dimension = bound?.stated.dimension;
  const inTokens = dimension === 'tokens' && load.counted >= 5 && load.counted >= 0.8 * load.passed;
  const most = (some: readonly Minute[]) =>
    some.reduce((best, { cells }) => {
      const { tokens, passed } = sumOf(cells, told.group);
      return Math.max(best, inTokens ? tokens : passed);
    }, 0);
  const isStated = dimension === 'requests' || inTokens;
  const capacity = isStated && bound ? bound.stated.limit : most(minutes);
  return { told, of, isStated, inTokens, minutes, load, best: most(within([...before, ...during])), capacity };
}

const UNITS = { requests: 'requests a minute', tokens: 'tokens a minute', concurrency: 'calls at a time' } as const;

function spent({ limit, used, owner }: Bound['stated']): Finding {
  const whose = owner === null ? 'Whoever pays' : `The ${owner.replaceAll('_', ' ')}`;
  const says =
    used === null
      ? `The budget that is spent is ${quantity(limit)}.`
      : `${whose} has spent ${quantity(used)} of a budget of ${quantity(limit)}.`;
  return { kind: 'limit', figures: { limit, ...(used === null ? {} : { used }) }, says };
}

/** What the refusals say, and what the minutes show; the latter only where successes show as well. */
function stating({ told, of, inTokens, minutes, load, best }: Arithmetic, bound: Bound | null): Finding[] {
  const sent = Math.round(perMinute(load.attempts, minutes));
  const unit = inTokens ? 'tokens' : 'calls';
  const what = load.attempts > load.calls ? 'tries' : 'calls';
  const shows = load.passed > 0;
  const through = shows
    ? [`At best ${quantity(best)} ${unit} got through in a minute; about ${count(sent)} ${what} are sent now.`]
    : [];
  const { limit, used, dimension } = bound?.stated ?? { limit: null, used: null, dimension: null };
  const states =
    limit === null || dimension === null || dimension === 'budget'
      ? []
      : [`The refusals state a limit of ${quantity(limit)} ${UNITS[dimension]} (${scopeWords(of ?? told.scope)}).`];
  if (states.length + through.length === 0) return [];
  const figures = {
    ...(limit === null ? {} : { limit }),
    ...(used === null ? {} : { used }),
    ...(shows ? { best, sent } : {}),
  };
  return [{ kind: 'limit', figures, says: [...states, ...through].join(' ') }];
}
