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
const MAX_HELD_CHARACTERS = 16 * 1024 * 1024;

interface Pending {
  readonly stream: LogBatch;
  readonly key: string;
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
    if (kept) kept.isDue = true;
  };
  const openFor = (page: LogBatch, key: string): Pending => {
    const one = { stream: page, key, sinceMs: nowMs(), events: [], characters: 0, isDue: false };
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
        if (isNewMinute || (own && isFull(own, event))) {
          const goesOn = own !== undefined && !isOverfull(own, event) && isContinuation(event.message);
          if (isNewMinute) flushAllBut(goesOn ? own : undefined);
          else if (own && !goesOn) flush(own);
          if (!goesOn) own = undefined;
        }
        if (event.timestamp > watermarkMs) watermarkMs = event.timestamp;
        if (isNewMinute) minuteEndMs = (Math.floor(watermarkMs / MINUTE_MS) + 1) * MINUTE_MS;
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

/** Its minute is over, it has been held for a second, or its size is reached. */
function isFull(pending: Pending, next: LogEvent): boolean {
  return (
    pending.isDue || pending.events.length >= MAX_EVENTS || pending.characters + next.message.length > MAX_CHARACTERS
  );
}

function isOverfull(pending: Pending, next: LogEvent): boolean {
  return pending.events.length >= 2 * MAX_EVENTS || pending.characters + next.message.length > 2 * MAX_CHARACTERS;
}
