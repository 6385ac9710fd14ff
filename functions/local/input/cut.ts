/**
 * Events in replay order to batches. A batch holds events of one stream, ends with the minute of the watermark, and is
 * never larger than 5,000 events or 1 MiB of text, unless the next line belongs to the event before it: then up to twice
 * that. All of this follows from the events alone, so reading the same files again gives the same batches.
 *
 * Batches of a minute leave with a watermark inside that minute. So once a watermark reaches the next minute, every
 * event that was read before it has been handed over, and the minute may be evaluated.
 */
import { isContinuation } from '../../../shared/parse/continuation.ts';
import type { LogBatch, LogEvent } from '../../../shared/record.ts';

export interface SourceBatch {
  readonly batch: LogBatch;
  /** Greatest timestamp handed over so far, this batch included. */
  readonly watermarkMs: number;
}

const MINUTE_MS = 60_000;
const MAX_EVENTS = 5000;
const MAX_CHARACTERS = 1024 * 1024;
/** Over all streams: thousands of files may write in the same minute. */
const MAX_HELD_CHARACTERS = 32 * 1024 * 1024;

interface Pending {
  readonly stream: LogBatch;
  readonly key: string;
  readonly minute: number;
  readonly sinceMs: number;
  readonly events: LogEvent[];
  characters: number;
  isDue: boolean;
}

export interface Cutter {
  /** Takes `page.events` from index `from` up to but not including `to`. */
  add(page: LogBatch, from: number, to: number): void;
  /** Batches that are complete by now. */
  take(): SourceBatch[];
  /** Live input: what is older than a second leaves now if the input is quiet, else before its next event. */
  hurry(nowMs: number, isQuiet: boolean): void;
  end(): void;
}

export interface Range {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

export function cutter({ fromMs = -Infinity, toMs = Infinity }: Range = {}, nowMs: () => number = () => 0): Cutter {
  const pending = new Map<string, Pending>();
  let done: SourceBatch[] = [];
  let watermarkMs = -Infinity;
  let minuteEndMs = -Infinity;
  let held = 0;

  const flush = (one: Pending): void => {
    const { owner, logGroup, logStream } = one.stream;
    done.push({ batch: { owner, logGroup, logStream, events: one.events }, watermarkMs });
    pending.delete(one.key);
    held -= one.characters;
  };
  const flushAllBut = (kept: Pending | undefined): void => {
    for (const one of pending.values()) if (one !== kept) flush(one);
  };
  const openFor = (page: LogBatch, key: string): Pending => {
    const minute = Math.floor(watermarkMs / MINUTE_MS);
    const one = { stream: page, key, minute, sinceMs: nowMs(), events: [], characters: 0, isDue: false };
    pending.set(key, one);
    return one;
  };

  return {
    add(page, from, to) {
      const key = `${page.owner}\n${page.logGroup}\n${page.logStream}`;
      let own = pending.get(key);
      for (let at = from; at < to; at++) {
        const event = page.events[at];
        if (!event || event.timestamp < fromMs || event.timestamp >= toMs) continue;
        const isNewMinute = event.timestamp >= minuteEndMs;
        if (isNewMinute) flushAllBut(own);
        const minute = Math.floor(Math.max(watermarkMs, event.timestamp) / MINUTE_MS);
        if (own && isCut(own, event, minute)) {
          flush(own);
          own = undefined;
        }
        if (event.timestamp > watermarkMs) watermarkMs = event.timestamp;
        if (isNewMinute) minuteEndMs = (minute + 1) * MINUTE_MS;
        own ??= openFor(page, key);
        own.events.push(event);
        own.characters += event.message.length;
        held += event.message.length;
        if (held > MAX_HELD_CHARACTERS) {
          flushAllBut(undefined);
          own = undefined;
        }
      }
    },
    take() {
      const batches = done;
      done = [];
      return batches;
    },
    hurry(now, isQuiet) {
      for (const one of pending.values()) {
        if (now - one.sinceMs < 1000 && !isQuiet) continue;
        if (isQuiet) flush(one);
        else one.isDue = true;
      }
    },
    end: () => flushAllBut(undefined),
  };
}

function isCut(pending: Pending, next: LogEvent, minute: number): boolean {
  const count = pending.events.length;
  const characters = pending.characters + next.message.length;
  if (count >= 2 * MAX_EVENTS || characters > 2 * MAX_CHARACTERS) return true;
  const isFull = count >= MAX_EVENTS || characters > MAX_CHARACTERS;
  return (isFull || pending.isDue || minute > pending.minute) && !isContinuation(next.message);
}
