/** `gridwatch analyze`: the one-shot report of files. The same walk over a store in memory that forgets what is settled. */
import { setFlagsFromString } from 'node:v8';
import type { Alert } from '../../shared/alert.ts';
import { coverageOf } from '../../shared/coverage.ts';
import type { Notifier } from '../../shared/ports.ts';
import { readRollUps } from '../../shared/reading.ts';
import type { Settings } from '../../shared/settings.ts';
import { shownAlert } from '../../shared/shown.ts';
import type { Dimension } from '../../shared/summary.ts';
import { EXIT } from './exit.ts';
import { memoryStore } from './memory-store.ts';
import { replay } from './replay.ts';
import { rangeOf, renderReport, summaryOf } from './report.ts';
import { sealing } from './sealing-store.ts';
import { print, say } from './terminal.ts';

export interface AnalyzeOptions {
  readonly by: readonly Dimension[];
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly failOn?: 'failures' | 'alerts' | undefined;
  readonly json: boolean;
  readonly settings: Settings;
}

/** Nobody is told: the report lists the alerts. */
const nobody: Notifier = { send: async () => {} };
/** Events later than this are still counted, only without protection against being read twice. */
const DEDUPE_MS = 15 * 60_000;

export async function analyze(inputs: readonly string[], options: AnalyzeOptions): Promise<number> {
  // Batches become garbage minutes after they were made; collecting it sooner costs a tenth of the time and halves the memory.
  setFlagsFromString('--heap-growing-percent=30');
  const store = sealing(memoryStore());
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  const replayed = await replay(inputs, {
    ...options,
    store,
    notifier: nobody,
    signal: stop.signal,
    onEvaluated: (nowMs) => store.forget(nowMs - DEDUPE_MS, 'contributions'),
  });
  process.removeListener('SIGINT', onInterrupt);

  const range = rangeOf(replayed.span);
  const rollUps = await readRollUps(store, range.fromMs, range.toMs);
  const alerts = (await store.list('alert/'))
    .map(({ value }) => value as Alert)
    .filter(({ state }) => state !== 'pending');
  const report = { ...range, rollUps, alerts, totals: replayed.totals, isRead: replayed.forms.size > 0 };
  const summary = summaryOf(report, options.by.length > 0 ? options.by : ['cause']);
  for (const [path, form] of replayed.forms) say(`read ${path} as ${form}`);
  if (stop.signal.aborted) say('Interrupted: this report is of what had been read.');
  if (options.json)
    print(JSON.stringify({ ...summary, coverage: coverageOf(rollUps), alerts: alerts.map(shownAlert) }));
  else print(renderReport(report, options.by));
  if (replayed.incomplete) return EXIT.usage;
  const found =
    options.failOn === 'failures' ? summary.totals.failures > 0 : options.failOn === 'alerts' && alerts.length > 0;
  return found ? EXIT.found : EXIT.ok;
}
