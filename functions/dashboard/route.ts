/**
 * The address of the page: everything a person has chosen stands in the part after `#`, so that a link shows another person
 * the same, the back button undoes a choice, and nothing of it is sent to the server as a path. Pure.
 */
import type { Dimension, Filters } from '../../shared/summary.ts';
import { DIMENSIONS } from './words.ts';

export const VIEWS = ['overview', 'alerts', 'causes', 'unknown', 'health'] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  readonly view: View;
  /** An alert's or a cause's, on the pages that have one. */
  readonly id: string | null;
  /** As the query API takes them; null leaves the choice to it. */
  readonly from: string | null;
  readonly to: string | null;
  /** What the chart is stacked by. */
  readonly by: Dimension;
  /** Of the list of alerts. */
  readonly state: string | null;
  /** The empty text stands for what the logs do not say. */
  readonly filters: Filters;
}

export const START: Route = {
  view: 'overview',
  id: null,
  from: null,
  to: null,
  by: 'category',
  state: null,
  filters: {},
};

const WITH_ID: readonly View[] = ['alerts', 'causes'];

/** Any text, also one that a person mistyped: what is not understood is left out. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s);
  const [name = '', ...rest] = path.split('/');
  const view = VIEWS.find((known) => known === name) ?? 'overview';
  const params = new URLSearchParams(query);
  const chosen = DIMENSIONS.map((dimension) => [dimension, params.get(dimension)] as const);
  return {
    view,
    id: (WITH_ID.includes(view) && decoded(rest.join('/'))) || null,
    from: params.get('from') || null,
    to: params.get('to') || null,
    by: DIMENSIONS.find((dimension) => dimension === params.get('by')) ?? START.by,
    state: params.get('state') || null,
    filters: Object.fromEntries(chosen.filter((pair): pair is [Dimension, string] => pair[1] !== null)),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hrefOf({ view, id, from, to, by, state, filters }: Route): string {
  const params = new URLSearchParams();
  if (from !== null) params.set('from', from);
  if (to !== null) params.set('to', to);
  if (by !== START.by) params.set('by', by);
  if (state !== null && view === 'alerts') params.set('state', state);
  for (const dimension of DIMENSIONS) {
    const value = filters[dimension];
    if (value !== undefined) params.set(dimension, value);
  }
  const path = view === 'overview' ? '' : `${view}${id === null ? '' : `/${encodeURIComponent(id)}`}`;
  const query = params.toString();
  return `#/${path}${query === '' ? '' : `?${query}`}`;
}

/** With one filter more, or changed; undefined takes it away. */
export function filtered(route: Route, dimension: Dimension, value: string | undefined): Route {
  const { [dimension]: _, ...others } = route.filters;
  return { ...route, filters: value === undefined ? others : { ...others, [dimension]: value } };
}

/** The parameters of a question to the query API about the same range and filters. */
export function asked(
  { filters }: Pick<Route, 'filters'>,
  range: { readonly from: string | null; readonly to: string | null },
  more: Readonly<Record<string, string | number>> = {},
): string {
  const params = new URLSearchParams();
  if (range.from !== null) params.set('from', range.from);
  if (range.to !== null) params.set('to', range.to);
  for (const [name, value] of Object.entries(more)) params.set(name, String(value));
  for (const [dimension, value] of Object.entries(filters)) if (value !== undefined) params.set(dimension, value);
  const query = params.toString();
  return query === '' ? '' : `?${query}`;
}
