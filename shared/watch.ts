/**
 * Series that were counted elsewhere, row by row -> pages. The same detector as the pipeline's, for data without log lines:
 * rows come late, split, out of order or twice, and the failure groups of one series are one page.
 */
import {
  type Bucket,
  type DetectSettings,
  detect,
  type FailureGroup,
  HISTORY_MS,
  openGroups,
  type SeriesState,
  sentence,
  type Verdict,
} from './detect.ts';
import { MINUTE_MS } from './window.ts';

const COUNTS = ['e429', 'e5xx', 'timeout', 'auth', 'e4xx'] as const;

/** Calls of one minute that became known together. `batch` names the delivery: the same one again changes nothing. */
export type SeriesRow = {
  readonly series: string;
  readonly batch: string;
  /** Start of the minute the calls were made in. */
  readonly windowMs: number;
  readonly calls: number;
} & Readonly<Record<(typeof COUNTS)[number], number>>;

export type PageClass = 'e429' | 'e5xx' | 'timeout' | 'auth';

export interface PageEvent {
  readonly series: string;
  readonly atMs: number;
  readonly type: 'open' | 'close';
  readonly class: PageClass;
  readonly reason: string;
  readonly sinceMs: number | null;
  readonly calls: number;
  readonly failures: number;
  readonly normalShare: number;
  /** The evidence in one sentence. */
  readonly sentence: string;
}

export interface Page {
  readonly class: PageClass;
  readonly openedMs: number;
  readonly share: number;
  /** Groups whose failures it has told of. */
  readonly groups: readonly FailureGroup[];
}

interface Watched {
  readonly minutes: Map<number, { bucket: { -readonly [K in keyof Bucket]: Bucket[K] }; batches: Set<string> }>;
  state: SeriesState | null;
  page: Page | null;
}

/** Failures of another group belong to the same incident if they begin this soon after it. */
const JOIN_MS = 15 * MINUTE_MS;

export interface Watch {
  /** Takes a row; false when its minute is too old to be judged. */
  readonly add: (row: SeriesRow) => boolean;
  /** Judges every series at `atMs`, the end of a minute. */
  readonly tick: (atMs: number) => PageEvent[];
}

export function watch(names: readonly string[], settings: DetectSettings): Watch {
  const all = new Map<string, Watched>();
  const known = (name: string): Watched => {
    const series = all.get(name) ?? { minutes: new Map(), state: null, page: null };
    all.set(name, series);
    return series;
  };
  names.forEach(known);
  let judgedMs = Number.NEGATIVE_INFINITY;
  return {
    add: (row) => {
      if (row.windowMs < judgedMs + MINUTE_MS - HISTORY_MS) return false;
      addRow(known(row.series), row);
      return true;
    },
    tick: (atMs) => {
      judgedMs = atMs;
      return [...all].flatMap(([name, series]) => judge(name, series, atMs, settings));
    },
  };
}

function addRow({ minutes }: Watched, row: SeriesRow): void {
  const { windowMs } = row;
  const minute = minutes.get(windowMs) ?? {
    bucket: { windowMs, calls: 0, e429: 0, e5xx: 0, timeout: 0, auth: 0, e4xx: 0 },
    batches: new Set<string>(),
  };
  if (minute.batches.has(row.batch)) return;
  minute.batches.add(row.batch);
  minute.bucket.calls += row.calls;
  for (const field of COUNTS) minute.bucket[field] += row[field];
  minutes.set(windowMs, minute);
}

function judge(name: string, series: Watched, atMs: number, settings: DetectSettings): PageEvent[] {
  for (const windowMs of series.minutes.keys()) if (windowMs < atMs - HISTORY_MS) series.minutes.delete(windowMs);
  const buckets = [...series.minutes.values()].map(({ bucket }) => bucket);
  const { state, verdicts } = detect(buckets, series.state, atMs, settings);
  series.state = state;
  const open = openGroups(state);
  if (series.page === null && open.length === 0) return [];
  const { page, events } = turnPage(series.page, verdicts, open, buckets);
  series.page = page;
  return events.map((event) => ({ series: name, ...event }));
}

type Turned = { readonly page: Page | null; readonly events: Omit<PageEvent, 'series'>[] };

/** What becomes of the page of a series. `open` are the groups with an open spike. */
function turnPage(
  page: Page | null,
  verdicts: readonly Verdict[],
  open: readonly FailureGroup[],
  buckets: readonly Bucket[],
): Turned {
  const spiking = verdicts.filter(({ group }) => open.includes(group)).sort((a, b) => b.failures - a.failures);
  const worst = spiking[0];
  if (page === null) return worst === undefined ? { page, events: [] } : opened(worst, open, buckets);
  if (worst === undefined) {
    const told = verdicts.find(({ group }) => group === groupOf(page.class));
    return { page: null, events: told ? [eventOf('close', page.class, told)] : [] };
  }
  const fresh = spiking.filter(({ group }) => !page.groups.includes(group));
  const joined = { ...page, groups: [...new Set([...page.groups, ...open])] };
  const another = fresh.find((v) => v.atMs - page.openedMs > JOIN_MS && shareOf(v) >= page.share);
  if (another === undefined) return { page: joined, events: [] };
  const next = opened(another, joined.groups, buckets);
  return { page: next.page, events: [eventOf('close', page.class, another), ...next.events] };
}

function opened(verdict: Verdict, groups: readonly FailureGroup[], buckets: readonly Bucket[]): Turned {
  const page: Page = { class: classOf(verdict, buckets), openedMs: verdict.atMs, share: shareOf(verdict), groups };
  return { page, events: [eventOf('open', page.class, verdict)] };
}

const shareOf = ({ calls, failures }: Verdict): number => failures / calls;
const groupOf = (name: PageClass): FailureGroup => (name === 'timeout' ? 'e5xx' : name);

/** Unavailable or not answering at all: what most of the last minutes' failures were. */
function classOf({ group }: Verdict, buckets: readonly Bucket[]): PageClass {
  const sum = (field: 'e5xx' | 'timeout') => buckets.reduce((total, bucket) => total + bucket[field], 0);
  return group === 'e5xx' && sum('timeout') > sum('e5xx') ? 'timeout' : group;
}

const eventOf = (type: PageEvent['type'], name: PageClass, verdict: Verdict): Omit<PageEvent, 'series'> => ({
  atMs: verdict.atMs,
  type,
  class: name,
  reason: verdict.reason,
  sinceMs: verdict.sinceMs,
  calls: verdict.calls,
  failures: verdict.failures,
  normalShare: verdict.normalShare,
  sentence: sentence(verdict),
});
