/**
 * Input to store, minute by minute: what a log group does to the Lambda functions, done on a laptop. Files pass in virtual
 * time, the time of their own events; a live input passes in real time. Each minute is evaluated when its events are in.
 */
import type { Alert } from '../../shared/alert.ts';
import { evaluate, ingest } from '../../shared/pipeline.ts';
import type { Notifier, Store } from '../../shared/ports.ts';
import type { Settings } from '../../shared/settings.ts';
import { addTotals, MINUTE_MS, NO_TOTALS, type Totals, windowOf } from '../../shared/window.ts';
import { isFatal } from './exit.ts';
import { openSources } from './sources.ts';
import { progressBar, say } from './terminal.ts';

export interface ReplayOptions {
  readonly store: Store;
  readonly settings: Settings;
  readonly notifier: Notifier;
  readonly signal: AbortSignal;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Called after each evaluation with the time it was made for. */
  readonly onEvaluated?: (nowMs: number) => Promise<void>;
}

export interface Replayed {
  readonly totals: Totals;
  readonly batches: number;
  readonly duplicates: number;
  readonly alerts: ReadonlyMap<string, Alert>;
  readonly forms: ReadonlyMap<string, string>;
  /** First and last event, or null when there was none. */
  readonly span: { readonly fromMs: number; readonly toMs: number } | null;
  /** Some input could not be read, or not to its end. */
  readonly incomplete: boolean;
}

/** An input this close to the present is live: its clock is ours. */
const LIVE_MS = 10 * MINUTE_MS;

export async function replay(inputs: readonly string[], options: ReplayOptions): Promise<Replayed> {
  const state = {
    totals: NO_TOTALS,
    batches: 0,
    duplicates: 0,
    alerts: new Map<string, Alert>(),
    forms: new Map<string, string>(),
    incomplete: false,
  };
  let span: { fromMs: number; toMs: number } | null = null;
  let minuteMs = Number.NEGATIVE_INFINITY;
  const judge = async (nowMs: number): Promise<void> => {
    minuteMs = windowOf(nowMs);
    const { alerts } = await evaluate({ ...options, nowMs });
    for (const alert of alerts) state.alerts.set(alert.id, alert);
    await options.onEvaluated?.(nowMs);
  };
  const bar = progressBar();
  const sources = openSources(inputs, {
    ...options,
    nowMs: Date.now,
    onProgress: bar.update,
    onForm: (path, form) => state.forms.set(path, form),
    onProblem: ({ code, message }) => {
      state.incomplete ||= isFatal(code);
      say(message);
    },
  });
  const clock = followClock(inputs, () => minuteMs, judge);
  try {
    for await (const { batch, watermarkMs } of sources) {
      const nowMs = presentOf(watermarkMs);
      await clock.exclusively(async () => {
        if (windowOf(nowMs) > minuteMs && state.batches > 0) await judge(windowOf(nowMs));
        else if (state.batches === 0) minuteMs = windowOf(nowMs);
        const { totals, duplicates } = await ingest(batch, { ...options, nowMs });
        state.totals = addTotals(state.totals, totals);
        state.duplicates += duplicates;
      });
      state.batches += 1;
      span = widened(span, batch.events);
    }
  } finally {
    bar.stop();
    clock.stop();
  }
  // The last minute has no successor to end it.
  if (state.batches > 0) await judge(minuteMs + MINUTE_MS);
  return { ...state, span };
}

const presentOf = (watermarkMs: number): number =>
  Math.abs(Date.now() - watermarkMs) < LIVE_MS ? Math.max(Date.now(), watermarkMs) : watermarkMs;

function widened(
  span: { fromMs: number; toMs: number } | null,
  events: readonly { timestamp: number }[],
): { fromMs: number; toMs: number } | null {
  let [fromMs, toMs] = span ? [span.fromMs, span.toMs] : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { timestamp } of events) {
    fromMs = Math.min(fromMs, timestamp);
    toMs = Math.max(toMs, timestamp);
  }
  return toMs < fromMs ? span : { fromMs, toMs };
}

/** For a live input: minutes pass even when no line does. Work of the clock and of the input never overlaps. */
function followClock(inputs: readonly string[], minuteMs: () => number, judge: (nowMs: number) => Promise<void>) {
  let last: Promise<void> = Promise.resolve();
  const exclusively = (work: () => Promise<void>): Promise<void> => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
  const tick = async (): Promise<void> => {
    const nowMs = Date.now();
    if (Math.abs(nowMs - minuteMs()) < LIVE_MS && windowOf(nowMs) > minuteMs()) await judge(windowOf(nowMs));
  };
  const timer = inputs.includes('-')
    ? setInterval(() => exclusively(tick).catch((error: unknown) => say(String(error))), 1000)
    : null;
  return { exclusively, stop: () => (timer === null ? undefined : clearInterval(timer)) };
}
