/** What a row of figures does over its range, in a word. Pure. */
export type Trend = 'new' | 'rising' | 'steady' | 'falling' | 'over';

const mean = (values: readonly number[]): number => values.reduce((sum, n) => sum + n, 0) / Math.max(1, values.length);

/** The last quarter against what was before it. */
export function trendOf(values: readonly number[]): Trend {
  const cut = values.length - Math.max(1, Math.round(values.length / 4));
  const [before, now] = [values.slice(0, cut), values.slice(cut)];
  if (now.every((n) => n === 0)) return 'over';
  if (before.every((n) => n === 0)) return 'new';
  const ratio = mean(now) / mean(before);
  return ratio > 1.5 ? 'rising' : ratio < 0.67 ? 'falling' : 'steady';
}

export const TREND_WORDS: Readonly<Record<Trend, readonly [sign: string, words: string]>> = {
  new: ['✦', 'new in this range'],
  rising: ['↗', 'rising'],
  steady: ['→', 'steady'],
  falling: ['↘', 'falling'],
  over: ['–', 'none lately'],
};

/** Points of a polyline in a box of this size. */
export function sparkline(values: readonly number[], width: number, height: number): string {
  const top = Math.max(1, ...values);
  const dx = values.length > 1 ? width / (values.length - 1) : 0;
  return values.map((n, i) => `${(i * dx).toFixed(1)},${(height - 1 - (n / top) * (height - 2)).toFixed(1)}`).join(' ');
}
