/**
 * Text forms: every line is one event. A line without a stamp has the time of the line before it; lines before the first
 * stamp wait for it, 200 lines long, and else have the time of the file. Standard input cannot wait: its lines have the
 * time of the last stamp, and once a minute has passed without one, that stamp plus the time since.
 */
import { timestampOf } from '../../../shared/timestamp.ts';
import { EXPORT_PREFIX, type Form, isExportLine, tailPrefix } from './form.ts';
import { lineSplitter } from './lines.ts';
import { type Decoder, noLosses, type Origin, pages, type Stream } from './pages.ts';

const MAX_WAITING = 200;
/** A dump is printed in one go; a stamp older than this says nothing about the line that arrives now. */
const STALE_MS = 60_000;

interface Unstamped {
  readonly message: string;
  readonly id: string;
}

export function textDecoder(form: Form, origin: Origin): Decoder {
  const page = pages();
  const clock = origin.arrivalMs ? arrivalClock(origin.arrivalMs) : lineClock(origin.mtimeMs);
  let stream: Stream = origin;
  let waiting: Unstamped[] = [];

  const release = (timestamp: number): void => {
    for (const { message, id } of waiting) page.add(stream, { id, timestamp, message });
    waiting = [];
  };
  const lines = lineSplitter((line, id) => {
    const own = timestampOf(line, clock.nearMs());
    const timestamp = own ?? clock.without();
    if (own !== null) clock.stamped(own);
    let message = line;
    if (form === 's3-export' && isExportLine(line)) message = line.slice(EXPORT_PREFIX);
    const tail = form === 'cloudwatch-tail' ? tailPrefix(line) : null;
    if (timestamp === null) {
      waiting.push({ message, id });
      if (waiting.length === MAX_WAITING) {
        clock.stamped(origin.mtimeMs);
        release(origin.mtimeMs);
      }
      return;
    }
    if (waiting.length > 0) release(timestamp);
    if (tail) {
      message = line.slice(tail.end);
      if (stream.logStream !== tail.stream) stream = { ...named(origin), logStream: tail.stream };
    }
    page.add(stream, { id: own === null && origin.arrivalMs ? `${id}-${timestamp}` : id, timestamp, message });
  });

  return {
    write(chunk) {
      lines.write(chunk);
      return page.take();
    },
    end() {
      lines.end();
      release(origin.mtimeMs);
      return page.take();
    },
    losses: () => ({ ...noLosses(), tooLong: lines.tooLong() }),
  };
}

interface Clock {
  /** What a stamp without a year is close to. */
  nearMs(): number;
  stamped(ms: number): void;
  /** Time of a line without a stamp; null: wait for the first one. */
  without(): number | null;
}

function lineClock(mtimeMs: number): Clock {
  let last: number | null = null;
  return {
    nearMs: () => mtimeMs,
    stamped(ms) {
      last = ms;
    },
    without: () => last,
  };
}

function arrivalClock(now: () => number): Clock {
  let last: { ms: number; arrivedMs: number } | null = null;
  return {
    nearMs: now,
    stamped(ms) {
      last = { ms, arrivedMs: now() };
    },
    without() {
      if (!last) return now();
      const elapsed = now() - last.arrivedMs;
      return elapsed < STALE_MS ? last.ms : last.ms + elapsed;
    },
  };
}

const named = ({ owner, logGroup, logStream }: Stream): Stream => ({ owner, logGroup, logStream });
