/**
 * JSON documents of CloudWatch: events of `filter-log-events` and its kin, and subscription payloads. Read as a stream, one
 * event in memory at a time, because such exports are one document of any size. After a syntax error reading goes on at the
 * next line that begins a document, so a broken line of JSON lines costs only itself.
 */
import { JSONParser } from '@streamparser/json';
import { decodeSubscription } from '../../../shared/envelope.ts';
import { timestampOf } from '../../../shared/timestamp.ts';
import { cloudWatchRecord } from './cloudwatch-record.ts';
import { eventsPath, isEventKey } from './form.ts';
import { type Decoder, type Losses, noLosses, type Origin, type Pages, pages } from './pages.ts';

/** `place` counts the values of the document. */
type OnValue = (value: unknown, place: number) => void;

export function eventsDecoder(origin: Origin): Decoder {
  const page = pages();
  const losses = noLosses();
  const onValue: OnValue = (value, place) => {
    const found = cloudWatchRecord(fieldsOf(value), origin, place);
    if (!found) losses.malformed++;
    else page.add(found.stream, found.event);
    if (found?.isCut) losses.tooLong++;
  };
  return documentDecoder((text) => eventsPath(text) ?? '$.*', { page, losses, onValue });
}

export function subscriptionDecoder(): Decoder {
  const page = pages();
  const losses = noLosses();
  const onValue: OnValue = (value) => {
    const decoded = decodeSubscription(value);
    if (decoded.kind === 'refused') losses.refused.set(decoded.code, (losses.refused.get(decoded.code) ?? 0) + 1);
    if (decoded.kind !== 'batch') return;
    losses.malformed += decoded.malformed;
    for (const event of decoded.batch.events) page.add(decoded.batch, event);
  };
  return documentDecoder(() => '$', { page, losses, onValue });
}

/** Fields of a record, of a row of Insights results (`[{field, value}, …]`), or of an application's own record as a whole. */
function fieldsOf(value: unknown): (name: string) => unknown {
  if (Array.isArray(value)) {
    const row = new Map(value.filter(isObject).map((cell) => [cell['field'], cell['value']]));
    return (name) => row.get(name);
  }
  if (!isObject(value)) return () => undefined;
  const field = (name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
  if (field('@message') !== undefined || Object.keys(value).every(isEventKey)) return field;
  const own = new Map(Object.entries(ownRecord(value)));
  return (name) => own.get(name);
}

/** Its status and error stand beside `message`, so all of it is the message, as on a JSON line. */
function ownRecord(value: object): { message?: string; timestamp?: number } {
  try {
    const message = JSON.stringify(value);
    const timestamp = timestampOf(message);
    return timestamp === null ? {} : { message, timestamp };
  } catch {
    // Nested deeper than JSON.stringify can go.
    return {};
  }
}

interface Sink {
  readonly page: Pages;
  readonly losses: Losses;
  readonly onValue: OnValue;
}

function documentDecoder(pathOf: (text: string) => string, { page, losses, onValue }: Sink): Decoder {
  let reader: ValueReader | null = null;
  let place = 0;
  let isLineStart = true;
  let isSkipping = false;
  return {
    write(chunk) {
      const bytes = !reader && chunk[0] === 0xef ? chunk.subarray(3) : chunk;
      reader ??= valueReader(pathOf(bytes.toString('utf8').trimStart()), (value) => onValue(value, place++));
      for (let at = 0; at < bytes.length; ) {
        // Pieces end with a line, so that an error costs no more than the line it is in.
        const end = bytes.indexOf(10, at) + 1 || bytes.length;
        if (isLineStart && (bytes[at] === 123 || bytes[at] === 91)) isSkipping = false;
        if (!isSkipping && !reader.write(bytes.subarray(at, end))) {
          losses.badJson++;
          isSkipping = true;
        }
        isLineStart = bytes[end - 1] === 10;
        at = end;
      }
      return page.take();
    },
    end() {
      if (!isSkipping && reader && !reader.isWhole()) losses.badJson++;
      return page.take();
    },
    losses: () => losses,
  };
}

interface ValueReader {
  /** False: not JSON; the reader then starts anew. */
  write(piece: Buffer): boolean;
  isWhole(): boolean;
}

function valueReader(path: string, onValue: (value: unknown) => void): ValueReader {
  const start = (): JSONParser => {
    const parser = new JSONParser({ paths: [path], keepStack: false, separator: '' });
    parser.onValue = ({ value }) => onValue(value);
    return parser;
  };
  let parser = start();
  return {
    write(piece) {
      try {
        parser.write(piece);
        return true;
      } catch {
        parser = start();
        return false;
      }
    },
    isWhole() {
      try {
        parser.end();
        return true;
      } catch {
        return false;
      }
    },
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
