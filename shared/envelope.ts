/**
 * A CloudWatch Logs subscription delivers base64 of gzip of JSON. This opens it, or says by name why it cannot be opened:
 * a payload that can never be read is quarantined with its code, because retrying it would only burn the retries.
 * One broken event costs only itself. Nothing here throws, and no `detail` repeats what the payload contained.
 */
import { isUtf8 } from 'node:buffer';
import { crc32, gunzipSync } from 'node:zlib';
import type { LogBatch, LogEvent } from './record.ts';

export type RefusalCode =
  | 'NO_PAYLOAD'
  | 'BAD_BASE64'
  | 'GZIP_TRUNCATED'
  | 'GZIP_CORRUPT'
  | 'GZIP_TOO_LARGE'
  | 'BAD_JSON'
  | 'BAD_SHAPE'
  | 'UNKNOWN_MESSAGE_TYPE';

export interface Refusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly detail: string;
}

export type Decoded =
  /** `repaired`: the payload held bytes that are no UTF-8; they became U+FFFD. */
  | { readonly kind: 'batch'; readonly batch: LogBatch; readonly malformed: number; readonly repaired: boolean }
  | { readonly kind: 'control' }
  | Refusal;

/** 1 MB of gzip, the most an asynchronous invocation carries, can hold 700 MB of zeros. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/** `data` is `{awslogs: {data}}` as Lambda receives it, or the message inside it, already decoded. */
export function decodeSubscription(data: unknown): Decoded {
  if (!isObject(data)) return refused('NO_PAYLOAD', 'the payload is not an object');
  if (!Object.hasOwn(data, 'awslogs')) {
    return Object.hasOwn(data, 'messageType')
      ? decodeMessage(data, false)
      : refused('NO_PAYLOAD', 'the payload has neither awslogs.data nor messageType');
  }
  const wrapped = data['awslogs'];
  if (!isObject(wrapped) || typeof wrapped['data'] !== 'string') {
    return refused('NO_PAYLOAD', 'awslogs.data is not a string');
  }
  const bytes = inflate(wrapped['data']);
  if (!Buffer.isBuffer(bytes)) return bytes;
  const message = parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
  return message.ok
    ? decodeMessage(message.value, !isUtf8(bytes))
    : refused('BAD_JSON', 'awslogs.data does not hold JSON');
}

function inflate(base64: string): Buffer | Refusal {
  const zipped = fromBase64(base64);
  if (zipped === null) return refused('BAD_BASE64', 'awslogs.data is not base64');
  try {
    return gunzipSync(zipped, { maxOutputLength: MAX_INFLATED_BYTES, chunkSize: chunkFor(zipped) });
  } catch (error) {
    const code = isObject(error) ? error['code'] : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') return refused('GZIP_TOO_LARGE', 'the payload inflates to more than 64 MiB');
    if (code === 'Z_BUF_ERROR') return refused('GZIP_TRUNCATED', 'the gzip data ends early');
    return refused('GZIP_CORRUPT', 'the gzip data is damaged or is not gzip');
  }
}

/** Buffer.from skips characters it does not know, which would turn a damaged payload into another one: then bytes are missing. */
function fromBase64(text: string): Buffer | null {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  // The alphabet of URLs is read as well, but is nothing CloudWatch Logs writes.
  if (text.length % 4 !== 0 || text.includes('-') || text.includes('_')) return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === (text.length / 4) * 3 - padding ? bytes : null;
}

const MIN_CHUNK = 16 * 1024;
const MAX_CHUNK = 16 * 1024 * 1024;

/** gzip ends with the size of what it holds: inflated in one piece, nothing is copied together. A wrong size costs only time. */
function chunkFor(zipped: Buffer): number {
  const stated = zipped.length < 4 ? 0 : zipped.readUInt32LE(zipped.length - 4) + 1;
  return Math.min(Math.max(stated, MIN_CHUNK), MAX_CHUNK, zipped.length * MAX_RATIO + MIN_CHUNK);
}

/** Logs shrink to a tenth, seldom to a hundredth. */
const MAX_RATIO = 100;

function decodeMessage(message: unknown, repaired: boolean): Decoded {
  if (!isObject(message)) return refused('BAD_SHAPE', 'the message is not an object');
  const { messageType, owner, logGroup, logStream, logEvents } = message;
  if (messageType === 'CONTROL_MESSAGE') return { kind: 'control' };
  if (typeof messageType !== 'string') return refused('BAD_SHAPE', 'messageType is not a string');
  if (messageType !== 'DATA_MESSAGE') {
    return refused('UNKNOWN_MESSAGE_TYPE', 'messageType is neither DATA_MESSAGE nor CONTROL_MESSAGE');
  }
  if (typeof owner !== 'string') return refused('BAD_SHAPE', 'owner is not a string');
  if (typeof logGroup !== 'string') return refused('BAD_SHAPE', 'logGroup is not a string');
  if (typeof logStream !== 'string') return refused('BAD_SHAPE', 'logStream is not a string');
  if (!Array.isArray(logEvents)) return refused('BAD_SHAPE', 'logEvents is not an array');
  const { events, malformed } = readEvents(logEvents);
  return { kind: 'batch', batch: { owner, logGroup, logStream, events }, malformed, repaired };
}

function readEvents(items: readonly unknown[]): { events: LogEvent[]; malformed: number } {
  const events: LogEvent[] = [];
  const seen = new Map<string, number>();
  for (const item of items) {
    if (!isObject(item)) continue;
    const { id, timestamp, message } = item;
    if (typeof message !== 'string' || typeof timestamp !== 'number' || !Number.isFinite(timestamp)) continue;
    events.push({
      id: typeof id === 'string' && id !== '' ? id : contentId(timestamp, message, seen),
      timestamp,
      message,
    });
  }
  return { events, malformed: items.length - events.length };
}

/** Producers other than CloudWatch Logs may leave the id out: then time, text and how often that occurred identify it. */
function contentId(timestamp: number, message: string, seen: Map<string, number>): string {
  const content = `${timestamp}-${crc32(message).toString(16).padStart(8, '0')}`;
  const ordinal = seen.get(content) ?? 0;
  seen.set(content, ordinal + 1);
  return `${content}-${ordinal}`;
}

function parse(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function refused(code: RefusalCode, detail: string): Refusal {
  return { kind: 'refused', code, detail };
}
