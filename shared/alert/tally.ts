/** Cells counted by scope: how many calls, how many of them failed in a group, and of which causes. */
import { type FailureGroup, groupOf, type Scope, scopeKey, scopesOf } from '../detect.ts';
import type { CountedCell } from '../window.ts';
import type { CauseShare } from './state.ts';

export interface Tally {
  calls: number;
  failures: number;
}
export const NOTHING: Tally = { calls: 0, failures: 0 };
export const isIn = (cell: CountedCell, { by, value }: Scope) => by === 'all' || cell[by] === value;
export const fails = (cell: CountedCell, group: FailureGroup) => cell.kind === 'failure' && groupOf(cell) === group;
export const sameScope = (a: Scope, b: Scope) => a.by === b.by && a.value === b.value;

export function tally(cells: readonly CountedCell[], group: FailureGroup): (scope: Scope) => Tally {
  const sums = new Map<string, Tally>();
  for (const cell of cells)
    for (const scope of scopesOf(cell)) {
      const sum = sums.get(scopeKey(scope)) ?? { calls: 0, failures: 0 };
      sum.calls += cell.calls;
      if (fails(cell, group)) sum.failures += cell.calls;
      sums.set(scopeKey(scope), sum);
    }
  return (scope) => sums.get(scopeKey(scope)) ?? NOTHING;
}

export const minus = (a: Tally, b: Tally): Tally => ({ calls: a.calls - b.calls, failures: a.failures - b.failures });

/** Log-likelihood of two failure rates, one inside and one outside. */
export function likelihood(inside: Tally, outside: Tally): number {
  const part = (x: number, n: number) => (x > 0 ? x * Math.log(x / n) : 0);
  const side = ({ calls, failures }: Tally) => part(failures, calls) + part(calls - failures, calls);
  return side(inside) + side(outside);
}

/** Leading cause first. */
export function causesOf(failed: readonly CountedCell[]): CauseShare[] {
  const sums = new Map<string, CauseShare>();
  for (const { cause, status, calls } of failed) {
    const key = `${cause} ${status}`;
    sums.set(key, { cause: cause ?? 'unknown', status, failures: (sums.get(key)?.failures ?? 0) + calls });
  }
  return [...sums.values()].sort((a, b) => b.failures - a.failures || (a.cause < b.cause ? -1 : 1));
}
