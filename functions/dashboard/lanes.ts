/** Alerts -> bars over the chart: where each begins and ends, and in which lane, so that none hides another. Pure. */
import type { Filters } from '../../shared/summary.ts';
import type { ShownAlert } from './answers.ts';

export interface Span {
  readonly id: string;
  readonly sinceMs: number;
  /** Null while it lasts. */
  readonly untilMs: number | null;
}

export interface Bar {
  readonly id: string;
  /** Of the range, 0–1. */
  readonly left: number;
  readonly width: number;
  readonly lane: number;
}

const LEAST_WIDTH = 0.012;

/** Only what lies in the range. Narrow bars are made wide enough to be hit. */
export function barsOf(spans: readonly Span[], fromMs: number, toMs: number): Bar[] {
  const ends: number[] = [];
  const within = spans.filter(({ sinceMs, untilMs }) => sinceMs < toMs && (untilMs ?? toMs) > fromMs);
  return within
    .sort((a, b) => a.sinceMs - b.sinceMs || (a.id < b.id ? -1 : 1))
    .map(({ id, sinceMs, untilMs }) => {
      const share = (ms: number) => Math.min(1, Math.max(0, (ms - fromMs) / (toMs - fromMs)));
      const width = Math.max(LEAST_WIDTH, share(untilMs ?? toMs) - share(sinceMs));
      const left = Math.min(share(sinceMs), 1 - width);
      const free = ends.findIndex((end) => end <= left + 1e-9);
      const lane = free === -1 ? ends.length : free;
      ends[lane] = left + width;
      return { id, left, width, lane };
    });
}

const ALERTED = ['model', 'provider', 'tenant', 'project', 'key', 'logGroup'] as const;

/** Whether an alert has to do with what is filtered: its scope, or what its failures hit, and its causes. */
export function concerns(
  { scope, blastRadius, causes }: Pick<ShownAlert, 'scope' | 'blastRadius' | 'causes'>,
  filters: Filters,
): boolean {
  const hit = [scope, ...blastRadius.map((it) => it.scope)];
  const isHit = ALERTED.every((by) => {
    const wanted = filters[by];
    return wanted === undefined || hit.some((it) => it.by === by && it.value === wanted);
  });
  const { cause, status } = filters;
  const ofCause = cause === undefined || causes.some((it) => it.cause === cause);
  return isHit && ofCause && (status === undefined || causes.some((it) => String(it.status ?? '') === status));
}
