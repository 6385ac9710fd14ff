/**
 * `gridwatch backtest`: the shipped engine over past input, to see which alerts it would have sent, and what other settings
 * change. Logs take the walk of `analyze`; per-minute series that of `detect`. Nothing is stored and nobody is told.
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { type Told, toldOfAlert, toldOfPages } from '../../shared/backtest.ts';
import type { Notifier } from '../../shared/ports.ts';
import type { Settings } from '../../shared/settings.ts';
import type { PageEvent } from '../../shared/watch.ts';
import { renderBacktest } from './backtest-report.ts';
import { EXIT, UsageError } from './exit.ts';
import { memoryStore } from './memory-store.ts';
import { replay } from './replay.ts';
import { sealing } from './sealing-store.ts';
import { readSeriesLine, seriesOf } from './series-lines.ts';
import { localSettings } from './settings.ts';
import { print } from './terminal.ts';

export interface BacktestOptions {
  readonly settings?: string | undefined;
  readonly against?: string | undefined;
  readonly hosts?: Settings['hosts'] | undefined;
  readonly json: boolean;
}

export interface Run {
  readonly name: string;
  readonly told: readonly Told[];
}

/** As in `analyze`: later repeats of an event count twice. */
const DEDUPE_MS = 15 * 60_000;

export async function backtest(inputs: readonly string[], options: BacktestOptions): Promise<number> {
  if (inputs.includes('-')) throw new UsageError('A backtest may read its input twice, so it takes files, not -.');
  const readers = await Promise.all(inputs.map(isSeriesFile));
  if (new Set(readers).size > 1)
    throw new UsageError('These are logs and series together; backtest them one after the other.');
  const runOne = readers[0] ? overSeries : overLogs;
  const files = [options.settings, ...(options.against === undefined ? [] : [options.against])];
  const runs: Run[] = [];
  let isIncomplete = false;
  for (const file of files) {
    const settings = localSettings(file);
    const { told, incomplete } = await runOne(inputs, options.hosts ? { ...settings, hosts: options.hosts } : settings);
    runs.push({ name: nameOf(file), told });
    isIncomplete ||= incomplete;
  }
  print(renderBacktest(runs, options.json));
  return isIncomplete ? EXIT.usage : EXIT.ok;
}

const nameOf = (file: string | undefined): string =>
  file !== undefined ? basename(file) : existsSync('gridwatch.json') ? 'gridwatch.json' : 'defaults';

interface Ran {
  readonly told: Told[];
  readonly incomplete: boolean;
}

async function overLogs(inputs: readonly string[], settings: Settings): Promise<Ran> {
  const messages = new Map<string, number>();
  const counter: Notifier = {
    send: async ({ alertId }) => void messages.set(alertId, (messages.get(alertId) ?? 0) + 1),
  };
  const store = sealing(memoryStore());
  const { alerts, incomplete } = await replay(inputs, {
    store,
    settings,
    notifier: counter,
    signal: new AbortController().signal,
    onEvaluated: (nowMs) => store.forget(nowMs - DEDUPE_MS, 'contributions'),
  });
  const told = [...alerts.values()].flatMap((alert) => toldOfAlert(alert, messages.get(alert.id) ?? 0) ?? []);
  return { told: told.sort((a, b) => a.firedMs - b.firedMs), incomplete };
}

async function overSeries(inputs: readonly string[], settings: Settings): Promise<Ran> {
  const told: Told[] = [];
  let incomplete = false;
  for (const input of inputs) {
    const events: PageEvent[] = [];
    const { bad } = await seriesOf(input, settings, (tick) => void events.push(...tick.events));
    told.push(...toldOfPages(events));
    incomplete ||= bad > 0;
  }
  return { told: told.sort((a, b) => a.firedMs - b.firedMs), incomplete };
}

/** Per-minute series say hello, or begin with a row. Anything else, also what cannot be read, is for the reader of logs. */
async function isSeriesFile(path: string): Promise<boolean> {
  if (!existsSync(path) || !statSync(path).isFile() || path.endsWith('.gz')) return false;
  const input = createReadStream(path);
  try {
    for await (const text of createInterface({ input })) if (text.trim() !== '') return readSeriesLine(text) !== null;
    return false;
  } finally {
    input.destroy();
  }
}
