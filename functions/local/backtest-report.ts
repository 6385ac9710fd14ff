/** A backtest as a person reads it, one line an alert, and as data. */
import pc from 'picocolors';
import { difference, type Pair, type Told } from '../../shared/backtest.ts';
import { count, percent } from '../../shared/detect.ts';
import type { Run } from './backtest.ts';
import { columns } from './columns.ts';
import { plain } from './terminal.ts';

export function renderBacktest(runs: readonly Run[], isJson: boolean): string {
  const [ours, others] = runs;
  if (ours === undefined) return '';
  if (isJson)
    return JSON.stringify({ runs: runs.map(runJson), ...(others && { difference: pairsJson(ours, others) }) });
  const summaries = runs.map(({ name, told }) => `${pc.bold(plain(name))}: ${alertsIn(told)}`);
  if (others === undefined)
    return [...summaries, ...(ours.told.length === 0 ? [] : ['', alertsTable(ours.told)])].join('\n');
  const pairs = difference(ours.told, others.told);
  return [
    ...summaries,
    verdictOn(pairs, ours, others),
    ...(pairs.length === 0 ? [] : ['', pairsTable(pairs, ours, others)]),
  ].join('\n');
}

const plural = (n: number, word: string): string => `${count(n)} ${word}${n === 1 ? '' : 's'}`;

function alertsIn(told: readonly Told[]): string {
  if (told.length === 0) return 'no alert would have been sent';
  const messages = told.reduce((sum, one) => sum + one.messages, 0);
  return `${plural(told.length, 'alert')}, ${plural(messages, 'message')}`;
}

const day = (ms: number): string => new Date(ms).toISOString().slice(5, 10);
const minute = (ms: number | null): string => (ms === null ? 'lasts' : new Date(ms).toISOString().slice(11, 16));
/** First failing minute to the close: a fault of hours is one line. */
const failed = ({ failures, calls, normalShare }: Told): string =>
  `${count(failures)} of ${count(calls)} (${percent(failures / calls)}, normal ${percent(normalShare)})`;

function alertsTable(told: readonly Told[]): string {
  const rows = columns(['day', 'since', 'sent', 'over', 'where', 'what', 'failed', 'messages'], [7]);
  for (const one of told) {
    const times = [day(one.firedMs), minute(one.sinceMs), minute(one.firedMs), minute(one.overMs)];
    rows.push([...times, plain(one.where), plain(one.what), failed(one), String(one.messages)]);
  }
  return `${rows.toString()}\n${pc.dim('Times are UTC.')}`;
}

function verdictOn(pairs: readonly Pair[], ours: Run, others: Run): string {
  const both = pairs.filter((pair) => pair.with && pair.against).length;
  const [mine, theirs] = [pairs.filter((p) => !p.against).length, pairs.filter((p) => !p.with).length];
  return `${both} alike, ${mine} only with ${plain(ours.name)}, ${theirs} only with ${plain(others.name)}`;
}

function pairsTable(pairs: readonly Pair[], ours: Run, others: Run): string {
  const rows = columns(['', 'day', 'since', plain(ours.name), plain(others.name), 'where', 'what', 'failed'], []);
  for (const pair of pairs) {
    const one = pair.with ?? pair.against;
    if (one === null) continue;
    const sign = pair.with === null ? pc.red('-') : pair.against === null ? pc.green('+') : ' ';
    const sent = [pair.with, pair.against].map((side) => (side === null ? 'not sent' : minute(side.firedMs)));
    rows.push([sign, day(one.firedMs), minute(one.sinceMs), ...sent, plain(one.where), plain(one.what), failed(one)]);
  }
  return `${rows.toString()}\n${pc.dim('Times are UTC; below a name is when it would have sent.')}`;
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
const toldJson = ({ sinceMs, firedMs, overMs, failures, calls, ...told }: Told) => ({
  ...told,
  ...{ calls, failures, share: failures / calls },
  ...{ since: iso(sinceMs), fired: iso(firedMs), over: iso(overMs) },
});
const runJson = ({ name, told }: Run) => ({ settings: name, alerts: told.map(toldJson) });
const pairsJson = (ours: Run, others: Run) =>
  difference(ours.told, others.told).map((pair) => ({
    told: pair.with === null ? 'against' : pair.against === null ? 'settings' : 'both',
    settings: pair.with && toldJson(pair.with),
    against: pair.against && toldJson(pair.against),
  }));
