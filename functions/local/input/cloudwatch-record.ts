/** One record of a CloudWatch export, under any of the names its commands and pages use, as an event of its stream. */
import type { LogEvent } from '../../../shared/record.ts';
import { timestampOf } from '../../../shared/timestamp.ts';
import { checksum } from './checksum.ts';
import { MAX_LINE_BYTES } from './lines.ts';
import type { Origin, Stream } from './pages.ts';

export interface CloudWatchRecord {
  readonly stream: Stream;
  readonly event: LogEvent;
  readonly isCut: boolean;
}

/** Names: `filter-log-events`, console CSV, Insights. */
const NAMES = {
  timestamp: ['timestamp', '@timestamp'],
  message: ['message', '@message'],
  id: ['eventId'],
  stream: ['logStreamName', 'logStream', '@logStream'],
  group: ['logGroupName', 'logGroup', '@log'],
} as const;

/** `read` gives a field of the record, undefined when it has none. `place` names the record in its file. Null: malformed. */
export function cloudWatchRecord(
  read: (name: string) => unknown,
  origin: Origin,
  place: number,
): CloudWatchRecord | null {
  const pick = (names: readonly string[]): unknown =>
    names.map(read).find((value) => value !== undefined && value !== '');
  const timestamp = timeOf(pick(NAMES.timestamp));
  const whole = textOf(pick(NAMES.message) ?? read('message') ?? read('@message'));
  if (timestamp === null || whole === null) return null;
  // A character is one to four bytes; characters are close enough for a bound on memory.
  const message = whole.length > MAX_LINE_BYTES ? whole.slice(0, MAX_LINE_BYTES) : whole;
  const id = pick(NAMES.id);
  const logStream = pick(NAMES.stream);
  return {
    stream: {
      ...groupOf(pick(NAMES.group), origin),
      logStream: typeof logStream === 'string' ? logStream : origin.logStream,
    },
    event: { id: typeof id === 'string' ? id : `${place}-${checksum(message)}`, timestamp, message },
    isCut: message !== whole,
  };
}

/** Insights' `@log` is `123456789012:/aws/lambda/orders`. */
function groupOf(value: unknown, origin: Origin): { owner: string; logGroup: string } {
  if (typeof value !== 'string') return { owner: origin.owner, logGroup: origin.logGroup };
  const found = /^(\d{12}):(.+)$/.exec(value);
  return { owner: found?.[1] ?? origin.owner, logGroup: found?.[2] ?? value };
}

function timeOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string') return null;
  return /^\d{1,15}$/.test(value) ? Number(value) : timestampOf(value);
}

/** Insights exports a JSON message as an object. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return null;
  try {
    return JSON.stringify(value);
  } catch {
    // Nested deeper than JSON.stringify can go.
    return null;
  }
}
