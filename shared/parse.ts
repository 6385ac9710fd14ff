/**
 * Log events -> call records, or a reason for each event that is none. Never throws; prompts and keys are dropped here.
 * One event at a time: clean -> read evidence -> name the shape -> gate -> record. What differs between log shapes lies in
 * `parse/` as data (shapes, aliases, vocabulary), not in branches here.
 */
import { clean } from './parse/clean.ts';
import { isContinuation } from './parse/continuation.ts';
import { readEvidence } from './parse/evidence.ts';
import { gate, mightBeCall } from './parse/gate.ts';
import { ownOf } from './parse/own.ts';
import { isOnlyCode } from './parse/prose.ts';
import { kindOf, recordOf, statusOf } from './parse/record-of.ts';
import { shapeOf } from './parse/shape.ts';
import { unwrapped, withoutPrefix } from './parse/transport.ts';
import type { CallRecord, LogBatch, LogEvent, SkipReason } from './record.ts';
import type { Settings } from './settings.ts';
import { unreadableSignature } from './signature.ts';

/** `signature`: of what looks like a call and cannot be read. */
export interface Skipped {
  readonly skipped: SkipReason;
  readonly signature?: string;
}
/** What holds no word of a call. */
export const NO_CALL: Skipped = { skipped: 'not-a-call' };

export type Parsed = { readonly record: CallRecord } | Skipped;

/** Cheap first look: what holds no word of a call, nor of the team's own, is read no further. */
export const mightBe = (message: string, settings: Settings): boolean =>
  mightBeCall(message) || ownOf(settings).mightBe(message);

/** Reads one event on its own. `line`: its message without what a collector put around it. */
export function parseEvent(
  event: LogEvent,
  batch: LogBatch,
  settings: Settings,
  line = unwrapped(event.message),
): Parsed {
  if (!mightBe(event.message, settings)) return NO_CALL;
  const own = ownOf(settings);
  const text = clean(line);
  const read = readEvidence(text, own.names);
  const mine = own.shapeIn(read);
  const evidence = mine?.evidence ?? read;
  const shape = mine?.shape ?? shapeOf(evidence);
  if (shape.name === 'own-log') return { skipped: 'own-log' };
  const status = statusOf(evidence);
  const ours = mine !== null ? 'shape' : own.isService(evidence) ? 'service' : null;
  const answer = gate(evidence, shape.name, status.status, { hosts: settings.hosts, ours });
  if (answer === 'unreadable')
    return { skipped: answer, signature: unreadableSignature(shape.name, text, settings.keySalt) };
  if (answer !== 'call') return { skipped: answer };
  const kind = mine?.shape.kind ?? kindOf(evidence, shape.kind, status.status);
  return { record: recordOf(evidence, { name: shape.name, kind }, status, { batch, event, settings }) };
}

/** What became of each log event: what was read, and the events that belong to it. */
export type Block<Read> = Read & { readonly events: readonly LogEvent[] };

export const parseBatch = (batch: LogBatch, settings: Settings): Generator<Block<Parsed>> =>
  readBatch(batch, (event, line) => parseEvent(event, batch, settings, line));

/**
 * Reads a batch in order; lines of one dump or traceback that came as separate events are read as one. `read` is given the
 * message without what a collector put around it, where it is known.
 */
export function* readBatch<Read extends object>(
  batch: LogBatch,
  read: (event: LogEvent, line?: string) => Read | Skipped,
): Generator<Block<Read | Skipped>> {
  for (const block of blocks(batch.events)) {
    const [first] = block;
    if (first === undefined) continue;
    const events = block.map(({ event, text }) => (text === event.message ? event : { ...event, message: text }));
    // Continuation lines never open a record: what they continue was in a batch we have not seen.
    if (block.length === 1 && isContinuation(first.text)) yield { skipped: 'not-a-call', events };
    else yield { ...readBlock(block, read), events };
  }
}

/** Lines of code under a line that is no call do not make it one. */
function readBlock<Read extends object>(
  block: readonly Line[],
  read: (event: LogEvent, line?: string) => Read | Skipped,
): Read | Skipped {
  const [first, ...rest] = block as [Line, ...Line[]];
  if (rest.length === 0) return read(first.event, first.line);
  const whole = read(joined(block));
  if ('skipped' in whole || !isOnlyCode(rest.map(({ text }) => text))) return whole;
  const alone = read(first.event, first.line);
  return 'skipped' in alone ? alone : whole;
}

const MAX_BLOCK_EVENTS = 500;
const MAX_BLOCK_CHARACTERS = 131_072;

interface Line {
  readonly event: LogEvent;
  /** The message without what a collector put around it. */
  readonly line: string;
  /** The line without what its transport wrote before it. */
  readonly text: string;
}

/** The first line keeps its prefix: the name of a process may be what tells whose call it was. */
const joined = (block: readonly Line[]): LogEvent => {
  const [first] = block as [Line];
  let message = first.line;
  for (const { text } of block.slice(1)) {
    if (message.length > MAX_BLOCK_CHARACTERS) break;
    message += `\n${text}`;
  }
  return { ...first.event, message };
};

const EXCEPTION_LINE = /^(?:[A-Za-z_]\w{0,60}\.){0,8}[A-Z]\w{1,60}(?:Error|Exception|Timeout|Warning|Interrupt|Exit)\b/;

/** A JSON record on one line is complete; an indented line after it is somebody else's. */
const isWhole = (block: readonly Line[]): boolean =>
  block.length === 1 && block[0]?.text.startsWith('{') === true && block[0].text.trimEnd().endsWith('}');

/** Runs of lines: an opening line and the continuation lines after it. A traceback includes the exception line that ends it. */
function* blocks(events: readonly LogEvent[]): Generator<Line[]> {
  let block: Line[] = [];
  let inTraceback = false;
  for (const event of events) {
    const line = unwrapped(event.message);
    const text = withoutPrefix(line);
    const endsTraceback = inTraceback && EXCEPTION_LINE.test(text);
    if (
      block.length > 0 &&
      block.length < MAX_BLOCK_EVENTS &&
      !isWhole(block) &&
      (endsTraceback || isContinuation(text))
    )
      block.push({ event, line, text });
    else {
      if (block.length > 0) yield block;
      block = [{ event, line, text }];
      inTraceback = false;
    }
    if (endsTraceback) inTraceback = false;
    else if (text.includes('Traceback (most recent call last):'))
      inTraceback = !/\n(?:\w{1,40}\.){0,8}[A-Z]\w{1,60}(?:Error|Exception)\b/.test(text);
  }
  if (block.length > 0) yield block;
}
