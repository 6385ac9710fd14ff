/**
 * Answers of the query API as CSV (RFC 4180, with a header line). A spreadsheet runs a text that starts like a formula, and
 * values come from logs: an apostrophe in front makes them text (ASVS 1.2.10).
 */
import type { ShownAlert, ShownSilence } from './shown.ts';
import type { Point, Summary, Value } from './summary.ts';

export const csv = (head: readonly Value[], lines: readonly (readonly Value[])[]): string =>
  [head, ...lines].map((line) => `${line.map(field).join(',')}\r\n`).join('');

function field(value: Value): string {
  const text = String(value ?? '');
  const safe = typeof value === 'string' && /^\s*[=+\-@＝＋－＠\t\r\n\0]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** What is in no row is a last line `(other)`. */
export function summaryCsv({ by, rows, other, totals }: Summary): string {
  const hasCalls = rows.some(({ calls }) => calls !== undefined);
  const line = (names: readonly Value[], calls: Value, rest: readonly Value[]) => [
    ...names,
    ...(hasCalls ? [calls] : []),
    ...rest,
  ];
  const lines = rows.map(({ key, calls = null, failures, share, first, last }) =>
    line(
      by.map((dimension) => key[dimension] ?? null),
      calls,
      [failures, share, first, last],
    ),
  );
  const rest = line(otherNames(by), null, [other, other / totals.failures, null, null]);
  return csv(line(by, 'calls', ['failures', 'share', 'first', 'last']), other > 0 ? [...lines, rest] : lines);
}

/** One line per step; by dimensions one line per step and row, so that a pivot table can take it. */
export function seriesCsv(by: readonly string[], points: readonly Point[]): string {
  if (by.length === 0)
    return csv(
      ['at', 'calls', 'failures', 'recovered', 'attempts', 'partial'],
      points.map((point) => [
        ...[point.at, point.calls, point.failures, point.recovered, point.attempts],
        point.partial ? 'yes' : 'no',
      ]),
    );
  const lines = points.flatMap(({ at, rows, other }) => [
    ...rows.map(({ key, failures }) => [
      at,
      ...by.map((name) => new Map(Object.entries(key)).get(name) ?? null),
      failures,
    ]),
    ...(other > 0 ? [[at, ...otherNames(by), other]] : []),
  ]);
  return csv(['at', ...by, 'failures'], lines);
}

const otherNames = (by: readonly string[]): Value[] => by.map((_, at) => (at === 0 ? '(other)' : null));

export const alertsCsv = (alerts: readonly ShownAlert[]): string =>
  csv(
    ['id', 'state', 'reason', 'group', 'scope', 'value', 'cause', 'since', 'until', 'calls', 'failures'],
    alerts.map(({ id, state, reason, group, scope, causes, since, until, calls, failures }) => [
      ...[id, state, reason, group, scope.by, scope.value, causes[0]?.cause ?? null, since, until, calls, failures],
    ]),
  );

export const silencesCsv = (silences: readonly ShownSilence[]): string =>
  csv(
    ['id', 'state', 'reason', 'by', 'from', 'until', 'ended', 'filters'],
    silences.map(({ id, state, reason, by, from, until, ended, filters }) => [
      ...[id, state, reason, by, from, until, ended, JSON.stringify(filters)],
    ]),
  );
