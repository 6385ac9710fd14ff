/**
 * Standard input, followed as it comes. Live, what was read leaves within about a second: as soon as the input pauses, or
 * before its next event once a second has passed, so that a dump that is being printed is not cut in half.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Cutter, SourceBatch } from './cut.ts';
import { type ReadContext, readPages } from './reader.ts';

/** A program that prints one error does so without pausing this long. */
const TICK_MS = 250;

export interface StandardInputOptions {
  readonly stream: AsyncIterable<unknown> & { destroy?: () => unknown };
  readonly nowMs: () => number;
  readonly isLive: boolean;
  readonly signal: AbortSignal | undefined;
}

/** As the user names it, and its log group and stream. */
const PATH = '-';
const NAME = 'stdin';

export async function* standardInput(
  cutter: Cutter,
  context: ReadContext,
  { stream, nowMs, isLive, signal }: StandardInputOptions,
): AsyncGenerator<SourceBatch> {
  const stop = (): void => void stream.destroy?.();
  if (signal?.aborted) return;
  signal?.addEventListener('abort', stop, { once: true });
  const origin = { owner: 'local', logGroup: NAME, logStream: NAME, mtimeMs: nowMs(), arrivalMs: nowMs };
  const pages = readPages({ path: PATH, origin, bytes: () => bytesOf(stream, signal) }, context);
  try {
    for (let next = pages.next(); ; ) {
      const arrived = isLive ? await orTick(next) : await next;
      if (arrived === 'tick') cutter.hurry(nowMs(), true);
      else if (arrived.done) break;
      else {
        for (const page of arrived.value) cutter.add(page, 0, page.events.length);
        if (isLive) cutter.hurry(nowMs(), false);
        next = pages.next();
      }
      yield* cutter.take();
    }
    cutter.end();
    yield* cutter.take();
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

async function* bytesOf(stream: AsyncIterable<unknown>, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
  } catch (error) {
    // Destroying the stream is how an abort ends a read that may otherwise wait for ever.
    if (!signal?.aborted) throw error;
  }
}

async function orTick<T>(next: Promise<T>): Promise<T | 'tick'> {
  const timer = new AbortController();
  const tick = delay(TICK_MS, 'tick' as const, { signal: timer.signal }).catch(() => 'tick' as const);
  try {
    return await Promise.race([next, tick]);
  } finally {
    timer.abort();
  }
}
