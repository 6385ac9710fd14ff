/**
 * Many inputs as one replay in event-time order. Each input is roughly in order by itself; the merge always goes on with the
 * one whose next event is the oldest. An input is left only for a strictly older event elsewhere, so lines that share their
 * time (a traceback under its first line) stay together. Only the pages at hand are in memory, never a file.
 */
import type { LogBatch } from '../../../shared/record.ts';
import type { Cutter, SourceBatch } from './cut.ts';

export interface Source {
  /** Time of its first event: it is opened when that is due. */
  readonly firstMs: number;
  /** Called once, also to close what was never read. */
  open(): AsyncIterator<LogBatch[]>;
}

export async function* merged(
  sources: readonly Source[],
  cutter: Cutter,
  signal?: AbortSignal,
): AsyncGenerator<SourceBatch> {
  const cursors = sources.map((source, order) => new Cursor(source, order));
  const queue = [...cursors].sort(byDue);
  try {
    for (let cursor = queue.shift(); cursor && !signal?.aborted; cursor = queue.shift()) {
      const untilMs = queue[0]?.dueMs ?? Infinity;
      do {
        cursor.drain(untilMs, cutter);
        // Not yield*: that would wait a turn for every run of lines, even without a batch.
        for (const batch of cutter.take()) yield batch;
      } while (!signal?.aborted && cursor.isDry() && (await cursor.load()));
      if (!cursor.isDry()) insert(queue, cursor);
    }
    if (!signal?.aborted) cutter.end();
    yield* cutter.take();
  } finally {
    await Promise.all(cursors.map((cursor) => cursor.close()));
  }
}

class Cursor {
  readonly order: number;
  dueMs: number;
  private readonly source: Source;
  private iterator: AsyncIterator<LogBatch[]> | null = null;
  private pages: LogBatch[] = [];
  private page = 0;
  private at = 0;

  constructor(source: Source, order: number) {
    this.source = source;
    this.order = order;
    this.dueMs = source.firstMs;
  }

  isDry(): boolean {
    return this.page >= this.pages.length;
  }

  /** Hands over events up to and including `untilMs`; stops early at the end of the pages at hand. */
  drain(untilMs: number, cutter: Cutter): void {
    for (; this.page < this.pages.length; this.page++, this.at = 0) {
      const page = this.pages[this.page];
      if (!page) continue;
      const end = runEnd(page, this.at, untilMs);
      if (end > this.at) cutter.add(page, this.at, end);
      this.at = end;
      const next = page.events[end];
      if (next) {
        this.dueMs = next.timestamp;
        return;
      }
    }
  }

  /** Fetches pages until there is an event; false at the end of the input. */
  async load(): Promise<boolean> {
    this.iterator ??= this.source.open();
    for (;;) {
      const { done, value } = await this.iterator.next();
      if (done) return false;
      if (value.length === 0) continue;
      this.pages = value;
      this.page = 0;
      this.at = 0;
      return true;
    }
  }

  async close(): Promise<void> {
    await (this.iterator ?? this.source.open()).return?.();
  }
}

function runEnd(page: LogBatch, from: number, untilMs: number): number {
  const { events } = page;
  if (untilMs === Infinity) return events.length;
  let end = from;
  for (let event = events[end]; event && event.timestamp <= untilMs; event = events[end]) end++;
  return end;
}

/** Inputs with the same time go in the order they were named in. */
function byDue(one: Cursor, other: Cursor): number {
  return one.dueMs - other.dueMs || one.order - other.order;
}

/** Into the sorted queue, by bisection: thousands of inputs may take turns at every line. */
function insert(queue: Cursor[], cursor: Cursor): void {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = queue[middle];
    if (other && byDue(other, cursor) < 0) low = middle + 1;
    else high = middle;
  }
  queue.splice(low, 0, cursor);
}
