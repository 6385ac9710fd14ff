/** Points of `/v1/series` -> what a stacked chart, its legend and its table show. Pure. */
import type { Dimension, Point, Value } from '../../shared/summary.ts';

export interface Layer {
  /** Undefined: the rest outside the rows. */
  readonly value: Value | undefined;
  readonly failures: number;
  /** Failures by point. */
  readonly values: readonly number[];
}

/** Most failures first, the rest last; causes of one category stand together where `groupOf` says so. */
export function layersOf(
  points: readonly Pick<Point, 'rows' | 'other'>[],
  by: Dimension,
  groupOf: (value: Value) => string = () => '',
): Layer[] {
  const sums = new Map<Value, number[]>();
  points.forEach(({ rows }, at) => {
    for (const { key, failures } of rows) {
      const value = key[by] ?? null;
      const values = sums.get(value) ?? points.map(() => 0);
      values[at] = (values[at] ?? 0) + failures;
      sums.set(value, values);
    }
  });
  const layers = [...sums].map(([value, values]): Layer => ({ value, failures: sum(values), values }));
  const ofGroup = new Map<string, number>();
  for (const { value = null, failures } of layers)
    ofGroup.set(groupOf(value), (ofGroup.get(groupOf(value)) ?? 0) + failures);
  const weight = ({ value = null }: Layer) => ofGroup.get(groupOf(value)) ?? 0;
  const others = points.map(({ other }) => other);
  layers.sort(
    (a, b) => weight(b) - weight(a) || b.failures - a.failures || (String(a.value) < String(b.value) ? -1 : 1),
  );
  return sum(others) === 0 ? layers : [...layers, { value: undefined, failures: sum(others), values: others }];
}

/** Each layer on top of those before it. */
export function stacked(layers: readonly Layer[]): number[][] {
  const heights: number[][] = [];
  for (const { values } of layers) {
    const below = heights.at(-1);
    heights.push(values.map((n, at) => n + (below?.[at] ?? 0)));
  }
  return heights;
}

/** Null where nobody called. */
export const successRates = (points: readonly Pick<Point, 'calls' | 'failures'>[]): (number | null)[] =>
  points.map(({ calls, failures }) => (calls === 0 ? null : 1 - failures / calls));

const sum = (values: readonly number[]): number => values.reduce((total, n) => total + n, 0);
