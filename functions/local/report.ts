/** A store's range as a person reads it: what failed, why, since when, who is hit, what to do. Also the same as data. */
import pc from 'picocolors';
import type { Alert } from '../../shared/alert.ts';
import { type Cause, causeById } from '../../shared/causes.ts';
import { type Coverage, coverageOf } from '../../shared/coverage.ts';
import { count, percent, sentence } from '../../shared/detect.ts';
import { type Dimension, type Row, type Summary, summarise } from '../../shared/summary.ts';
import { type RollUp, SPAN_MS, type Totals } from '../../shared/window.ts';
import { keyDigits, RETRY_WORDS, scopeWords } from '../../shared/words.ts';
import { columns } from './columns.ts';
import { plain } from './terminal.ts';

export interface Report {
  readonly rollUps: readonly RollUp[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly alerts: readonly Alert[];
  /** Log events of this run. */
  readonly totals: Totals;
  /** There was an input with content, though perhaps nothing in the range asked for. */
  readonly isRead?: boolean;
}

const WHO: readonly Dimension[] = ['key', 'project', 'tenant', 'model', 'provider', 'logGroup'];
const SHOWN_CAUSES = 12;
const EXPLAINED_CAUSES = 5;

/** The range as a `Summary`; `asOfMs` is the end of the range, so that a replayed file is not called stale. */
export const summaryOf = (
  { rollUps, fromMs, toMs }: Report,
  by: readonly Dimension[] = ['cause'],
  filters = {},
): Summary => summarise(rollUps, { fromMs, toMs, by, filters, asOfMs: toMs });

export function renderReport(report: Report, by: readonly Dimension[]): string {
  const causes = summaryOf(report);
  const sections = [headline(report, causes)];
  if (causes.totals.failures > 0) {
    sections.push(causesTable(report, causes), ...steps(causes));
    for (const dimension of by.length > 0 ? by : (['model', 'tenant', 'key'] as const))
      sections.push(breakdown(report, dimension));
  }
  if (report.totals.received > 0)
    sections.push(unnamedSection(coverageOf(report.rollUps)), alertsSection(report.alerts), law(report, causes));
  return sections.filter((section) => section !== '').join('\n\n');
}

function headline({ fromMs, toMs, totals: read, isRead = false }: Report, { totals }: Summary): string {
  if (read.received === 0)
    return pc.bold(
      isRead
        ? 'No log event lies in the range asked for; --from and --to are UTC unless they name a zone.'
        : 'Nothing was read, so there is nothing to report.',
    );
  const range = `${day(fromMs)} ${clock(fromMs)}–${day(fromMs) === day(toMs) ? '' : `${day(toMs)} `}${clock(toMs)} UTC`;
  if (totals.calls === 0)
    return `${pc.bold('No LLMGrid call found')} · ${range}\nIf there should be some: \`--hosts any\` counts calls of every LLM API, and README "What is read" lists the log shapes.`;
  const share =
    totals.failures === 0
      ? pc.green('none failed')
      : `${pc.bold(pc.red(`${count(totals.failures)} failed`))} (${percent(totals.failures / totals.calls)})`;
  const recovered = totals.recovered > 0 ? `, ${count(totals.recovered)} recovered after a retry` : '';
  const amplification = totals.attempts > totals.calls ? `, ${count(totals.attempts)} attempts` : '';
  return `${pc.bold(`${count(totals.calls)} calls`)}, ${share}${recovered}${amplification} · ${range}`;
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
/** With the day in front where the range has several. */
const moment = ({ fromMs, toMs }: Report, at: string): string =>
  day(fromMs) === day(toMs - 1) ? at.slice(11, 16) : `${at.slice(5, 10)} ${at.slice(11, 16)}`;

function causesTable(report: Report, causes: Summary): string {
  const rows = columns(['failures', 'share', 'cause', 'first', 'last', 'hit most'], [0, 1]);
  for (const row of causes.rows.slice(0, SHOWN_CAUSES)) {
    const id = String(row.key.cause);
    const title = `${causeById(id)?.title ?? id} ${pc.dim(`${statusesOf(report, id)} ${id}`)}`;
    rows.push([
      count(row.failures),
      percent(row.share),
      title,
      moment(report, row.first),
      moment(report, row.last),
      hitMost(report, row, causes),
    ]);
  }
  const rest = causes.rows.slice(SHOWN_CAUSES).reduce((sum, row) => sum + row.failures, causes.other);
  if (rest > 0) rows.push([count(rest), percent(rest / causes.totals.failures), pc.dim('other causes'), '', '', '']);
  return `${pc.bold('Why calls failed')} ${pc.dim('(times UTC)')}\n${rows.toString()}`;
}

/** `429, 400`: the statuses a cause came under, most frequent first. */
const statusesOf = (report: Report, cause: string): string =>
  summaryOf(report, ['status'], { cause })
    .rows.map((row) => row.key.status ?? 'no status')
    .join(', ');

/** The narrowest name that covers most failures of a cause: "key support-prod" says more than "tenant acme". */
function hitMost(report: Report, row: Row, { totals }: Summary): string {
  const named: string[] = [];
  const groups = summaryOf(report, ['logGroup']).rows.length;
  for (const dimension of WHO) {
    // Where there is one log only, it tells nothing.
    if (dimension === 'logGroup' && groups < 2) continue;
    const [top] = summaryOf(report, [dimension], { cause: String(row.key.cause) }).rows;
    const value = top?.key[dimension];
    if (
      top === undefined ||
      value === null ||
      value === undefined ||
      top.failures < 0.6 * row.failures ||
      totals.failures === 0
    )
      continue;
    named.push(
      `${dimension === 'logGroup' ? `in ${plain(String(value))}` : plain(scopeWords({ by: dimension, value: String(value) }))}${top.failures < row.failures ? ` (${percent(top.failures / row.failures)})` : ''}`,
    );
    if (named.length === 2) break;
  }
  return named.join(', ');
}

/** What to do about the leading causes. */
function steps(causes: Summary): string[] {
  const ids = causes.rows.slice(0, EXPLAINED_CAUSES).map((row) => String(row.key.cause));
  const known = ids
    .map((id) => causeById(id))
    .filter((cause): cause is Cause => cause !== undefined && cause.id !== 'unknown');
  return known.length === 0 ? [] : [`${pc.bold('What to do')}\n${known.map(advice).join('\n')}`];
}

const advice = (cause: Cause): string =>
  [
    `${pc.cyan(cause.title)} ${pc.dim(`(retry: ${RETRY_WORDS[cause.retry]}; more: gridwatch explain ${cause.id})`)}`,
    ...cause.remediation.slice(0, 3).map((step) => `  - ${step}`),
  ].join('\n');

/** In a table the column says of what. */
function nameOf(dimension: Dimension, value: string): string {
  const digits = keyDigits({ by: dimension, value });
  return plain(digits === null ? value : `(without an alias, #${digits})`);
}

function breakdown(report: Report, dimension: Dimension): string {
  const { rows } = summaryOf(report, [dimension]);
  const named = rows.filter((row) => row.key[dimension] !== null);
  if (named.length === 0) return '';
  const lines = columns(['failures', 'of its calls', dimension], [0, 1]);
  for (const row of named.slice(0, 8))
    lines.push([
      count(row.failures),
      row.calls ? percent(row.failures / row.calls) : '',
      nameOf(dimension, String(row.key[dimension])),
    ]);
  return `${pc.bold(`By ${dimension}`)}\n${lines.toString()}`;
}

const SHOWN_SIGNATURES = 5;

/** What has no name yet, with a rule for gridwatch.json that a person can complete; nothing where everything has one. */
function unnamedSection({ unknown, unreadable, share, signatures, other }: Coverage): string {
  if (signatures.length === 0 && other === 0) return '';
  const lines = columns(['events', 'signature', 'first', 'last'], [0]);
  for (const one of signatures.slice(0, SHOWN_SIGNATURES))
    lines.push([count(one.count), one.signature, one.first.slice(11, 16), one.last.slice(11, 16)]);
  const rest = signatures.slice(SHOWN_SIGNATURES).reduce((sum, one) => sum + one.count, other);
  if (rest > 0) lines.push([count(rest), pc.dim('other signatures'), '', '']);
  const what = [
    unknown > 0 ? `unknown cause ${count(unknown)}` : '',
    unreadable > 0 ? `unreadable ${count(unreadable)}` : '',
    share === null ? '' : `${percent(share)} of failures have a named cause`,
  ];
  const stub = signatures.find(({ rule }) => rule !== null)?.rule;
  const how =
    stub === undefined
      ? []
      : [pc.dim(`Name them in gridwatch.json (docs/formats.md): {"rules": [${JSON.stringify(stub)}]}`)];
  return [
    `${pc.bold('Not named')} ${pc.dim(`(${what.filter((part) => part !== '').join(', ')})`)}`,
    lines.toString(),
    ...how,
  ].join('\n');
}

function alertsSection(alerts: readonly Alert[]): string {
  const told = alerts.filter((alert) => alert.state !== 'pending').sort((a, b) => a.sinceMs - b.sinceMs);
  if (told.length === 0) return `${pc.bold('Alerts')}\nnone`;
  return `${pc.bold('Alerts')}\n${told.map((alert) => `${alert.state === 'firing' ? pc.red('firing  ') : pc.green('resolved')} ${plain(titleOf(alert))} ${plain(sentence(alert))}${scopeOf(alert)}`).join('\n')}`;
}

const titleOf = ({ causes }: Alert): string =>
  causes[0] === undefined ? '' : `${causeById(causes[0].cause)?.title ?? causes[0].cause}.`;

const scopeOf = ({ scope, resolvedMs, untilMs }: Alert): string =>
  `${scope.by === 'all' ? '' : ` Hit: ${plain(scopeWords(scope))}.`}${resolvedMs === null ? '' : ` Over since ${clock(untilMs ?? resolvedMs)} UTC.`}`;

function law({ totals }: Report, { skipped }: Summary): string {
  const reasons = Object.entries(skipped)
    .filter(([reason]) => reason !== 'not-a-call')
    .map(([reason, n]) => `${reason} ${count(n)}`);
  const parts = [`${count(totals.counted)} of calls`, `${count(totals.notCall)} not of calls`];
  if (totals.malformed > 0) parts.push(`${count(totals.malformed)} unreadable`);
  if (totals.tooLate > 0) parts.push(`${count(totals.tooLate)} too old`);
  return pc.dim(
    `${count(totals.received)} log events read = ${parts.join(' + ')}${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}`,
  );
}

/** The bounds of what was read, in whole minutes. */
export const rangeOf = (span: { fromMs: number; toMs: number } | null): { fromMs: number; toMs: number } =>
  span === null
    ? { fromMs: 0, toMs: SPAN_MS.minute }
    : {
        fromMs: Math.floor(span.fromMs / SPAN_MS.minute) * SPAN_MS.minute,
        toMs: (Math.floor(span.toMs / SPAN_MS.minute) + 1) * SPAN_MS.minute,
      };
