/** Answers of the query API as a person reads them in a terminal. */
import { causeById } from '../../shared/causes.ts';
import { count, percent } from '../../shared/detect.ts';
import type { ShownAlert, ShownSilence } from '../../shared/shown.ts';
import type { Dimension, Key, Point, Summary } from '../../shared/summary.ts';
import { RETRY_WORDS, scopeWords } from '../../shared/words.ts';
import { colours, columns, sparkline } from './columns.ts';
import { plain } from './terminal.ts';

const minute = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
const range = (from: string, to: string): string => `${minute(from)} to ${minute(to)} UTC`;
const fresh = (freshness: string | null, partial = false): string =>
  colours.dim(
    freshness === null
      ? 'No data in this range.'
      : `Data up to ${minute(freshness)} UTC${partial ? '; the current minute is not over' : ''}.`,
  );
const shownName = (value: Key[Dimension]): string =>
  value === null || value === undefined ? '(not said)' : plain(String(value));
const named = (dimension: Dimension, value: Key[Dimension]): string => {
  const title = dimension === 'cause' ? causeById(String(value))?.title : undefined;
  return title ? `${title} ${colours.dim(String(value))}` : shownName(value);
};

export function summaryView(summary: Summary): string {
  const { from, to, totals, by, rows, other, freshness, partial } = summary;
  const rate = totals.calls === 0 ? '' : ` (${percent(totals.failures / totals.calls)})`;
  const head = `${colours.bold(`${count(totals.calls)} calls, ${count(totals.failures)} failed${rate}`)} · ${range(from, to)}`;
  if (rows.length === 0) return `${head}\n${fresh(freshness, partial)}`;
  const hasCalls = rows.some(({ calls }) => calls !== undefined);
  const table = columns(
    ['failures', 'share', ...(hasCalls ? ['of its calls'] : []), ...by, 'first', 'last'],
    hasCalls ? [0, 1, 2] : [0, 1],
  );
  for (const { key, failures, share, calls, first, last } of rows)
    table.push([
      ...[count(failures), percent(share)],
      ...(hasCalls ? [calls ? percent(failures / calls) : ''] : []),
      ...by.map((dimension) => named(dimension, key[dimension])),
      ...[minute(first), minute(last)],
    ]);
  if (other > 0) {
    const rest = by.map((_, at) => (at === 0 ? colours.dim('(other)') : ''));
    table.push([count(other), percent(other / totals.failures), ...(hasCalls ? [''] : []), ...rest, '', '']);
  }
  return `${head}\n\n${table.toString()}\n\n${fresh(freshness, partial)}`;
}

export interface SeriesAnswer {
  readonly from: string;
  readonly to: string;
  readonly step: string;
  readonly by: readonly Dimension[];
  readonly freshness: string | null;
  readonly points: readonly Point[];
}

/** One line per key, all on one scale, so that they can be compared; the total on top on its own. */
export function seriesView({ from, to, step, by, freshness, points }: SeriesAnswer): string {
  const lines = new Map<string, { key: Key; values: number[] }>();
  points.forEach((point, at) => {
    for (const { key, failures } of point.rows) {
      const id = JSON.stringify(by.map((dimension) => key[dimension]));
      const line = lines.get(id) ?? { key, values: points.map(() => 0) };
      line.values[at] = failures;
      lines.set(id, line);
    }
  });
  const sum = (values: readonly number[]): number => values.reduce((total, n) => total + n, 0);
  const of = (field: 'calls' | 'failures' | 'other') => points.map((point) => point[field]);
  const table = columns(
    ['total', `each ${step}, from left to right`, 'most', ...(by.length === 0 ? [''] : by)],
    [0, 2],
  );
  const add = (values: readonly number[], names: readonly string[], scale?: number): void => {
    table.push([count(sum(values)), sparkline(values, scale), count(Math.max(0, ...values)), ...names]);
  };
  const rest = (text: string): string[] => [text, ...by.slice(1).map(() => '')];
  add(of('calls'), rest(colours.dim('all calls')));
  add(of('failures'), rest(colours.bold('all failures')));
  const most = Math.max(...of('failures'), 1);
  for (const { key, values } of [...lines.values()].sort((a, b) => sum(b.values) - sum(a.values)))
    add(
      values,
      by.map((dimension) => named(dimension, key[dimension])),
      most,
    );
  if (by.length > 0 && sum(of('other')) > 0) add(of('other'), rest(colours.dim('(other)')), most);
  const partial = points.some((point) => point.partial);
  return `${range(from, to)}\n\n${table.toString()}\n\n${fresh(freshness)}${partial ? colours.dim(' The last step is not over.') : ''}`;
}

const STATES: Readonly<Record<ShownAlert['state'], (text: string) => string>> = {
  firing: colours.red,
  pending: colours.yellow,
  resolved: colours.green,
};
const leadOf = ({ causes }: ShownAlert): string => {
  const cause = causes[0]?.cause;
  return cause === undefined ? '' : (causeById(cause)?.title ?? plain(cause));
};

export interface AlertsAnswer {
  readonly alerts: readonly ShownAlert[];
  readonly next: string | null;
  readonly freshness: string | null;
}

export function alertsView({ alerts, next, freshness }: AlertsAnswer): string {
  const judged = colours.dim(
    freshness === null ? 'Nothing has been judged yet.' : `Judged up to ${minute(freshness)} UTC.`,
  );
  if (alerts.length === 0) return `No alerts.\n${judged}`;
  const table = columns(['state', 'since', 'until', 'failed', 'of calls', 'what', 'who', 'id'], [3, 4]);
  for (const alert of alerts)
    table.push([
      STATES[alert.state](alert.state) + (alert.silencedBy ? colours.dim(' silenced') : ''),
      minute(alert.since),
      alert.state === 'resolved' && alert.until !== null ? minute(alert.until) : '',
      count(alert.failures),
      percent(alert.share),
      leadOf(alert),
      plain(scopeWords(alert.scope)),
      alert.id,
    ]);
  const more = next === null ? '' : colours.dim(`\nMore: --cursor ${next}`);
  return `${table.toString()}\n\n${judged} ${colours.dim('More of one: gridwatch explain ID.')}${more}`;
}

/** One alert, with what to do. */
export function alertView(alert: ShownAlert): string {
  const { state, until, evidence, scope, causes, blastRadius, findings = [] } = alert;
  const over = state === 'resolved' && until !== null ? ` Over since ${minute(until)} UTC.` : '';
  const list = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', colours.bold(title), ...lines.map((line) => `  - ${plain(line)}`)];
  const cause = causeById(causes[0]?.cause ?? '');
  return [
    `${STATES[state](state)} ${colours.bold(leadOf(alert))} · ${plain(scopeWords(scope))} · ${alert.id}`,
    `${plain(evidence)}${over}`,
    ...(alert.silencedBy ? [`Silenced by ${plain(alert.silencedBy)}.`] : []),
    ...list(
      'What the minutes show',
      findings.map(({ says }) => says),
    ),
    ...list(
      'Causes',
      causes.map(
        ({ cause: id, status, failures: n }) => `${causeById(id)?.title ?? id} (${status ?? 'no status'}): ${count(n)}`,
      ),
    ),
    ...list(
      'Also hit',
      blastRadius.slice(0, 8).map(({ scope: hit, share: part }) => `${scopeWords(hit)} (${percent(part)})`),
    ),
    ...(cause ? list('What to do', cause.remediation) : []),
    ...(cause
      ? [`Retry: ${RETRY_WORDS[cause.retry]}.`, ...(cause.doNot ? [colours.yellow(cause.doNot)] : []), cause.docUrl]
      : []),
  ].join('\n');
}

export interface SilencesAnswer {
  readonly silences: readonly ShownSilence[];
  readonly next: string | null;
}

export function silencesView({ silences, next }: SilencesAnswer): string {
  if (silences.length === 0) return 'No silences.';
  const table = columns(['state', 'from', 'until', 'what', 'why', 'who asked', 'id'], []);
  for (const silence of silences)
    table.push([
      silence.state === 'active' ? colours.yellow('active') : colours.dim(silence.state),
      ...[minute(silence.from), minute(silence.ended ?? silence.until), silencedWords(silence.filters)],
      ...[plain(silence.reason), plain(silence.by ?? ''), silence.id],
    ]);
  return `${table.toString()}${next === null ? '' : colours.dim(`\nMore: --cursor ${next}`)}`;
}

export const silencedWords = (filters: ShownSilence['filters']): string =>
  Object.entries(filters)
    .map(([field, value]) => `${field} ${plain(String(value))}`)
    .join(', ') || 'everything';
