/** Decoders hand on pages: events of one stream that stood next to each other in the input. */
import type { LogBatch, LogEvent } from '../../../shared/record.ts';

export interface Stream {
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
}

/** Where events of an input come from when it does not say so itself. */
export interface Origin extends Stream {
  /** Time of an event that has none: when the file was last written. */
  readonly mtimeMs: number;
  /** Standard input: when the bytes arrived. Null for files. */
  readonly arrivalMs: (() => number) | null;
}

export interface Losses {
  tooLong: number;
  malformed: number;
  badJson: number;
  badCsv: number;
  /** Subscription payloads by the code of their refusal. */
  readonly refused: Map<string, number>;
}

/** Bytes in, pages out; what could not be taken is counted, never thrown. */
export interface Decoder {
  write(chunk: Buffer): LogBatch[];
  end(): LogBatch[];
  losses(): Losses;
}

export function noLosses(): Losses {
  return { tooLong: 0, malformed: 0, badJson: 0, badCsv: 0, refused: new Map() };
}

export interface Pages {
  add(stream: Stream, event: LogEvent): void;
  /** Hands over what was added, and starts anew. */
  take(): LogBatch[];
}

export function pages(): Pages {
  let taken: LogBatch[] = [];
  let stream: Stream | null = null;
  let events: LogEvent[] = [];
  return {
    add(next, event) {
      if (stream === null || (stream !== next && !isSameStream(stream, next))) {
        events = [];
        stream = next;
        taken.push({ owner: next.owner, logGroup: next.logGroup, logStream: next.logStream, events });
      }
      events.push(event);
    },
    take() {
      const done = taken;
      taken = [];
      stream = null;
      return done;
    },
  };
}

function isSameStream(one: Stream, other: Stream): boolean {
  return one.logStream === other.logStream && one.logGroup === other.logGroup && one.owner === other.owner;
}
