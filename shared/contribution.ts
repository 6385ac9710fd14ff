/** What a batch said, as immutable contributions: one per minute it touches, named by content. Pure. */
import { joinCalls, type Placed } from './calls.ts';
import { CLASSIFIER_VERSION, type Outcome } from './classify.ts';
import { sumSignatures } from './coverage.ts';
import { isContinuation } from './parse/continuation.ts';
import { readBatch } from './parse.ts';
import type { LogBatch, LogEvent } from './record.ts';
import type { Settings } from './settings.ts';
import { signatureOf } from './signature.ts';
import { addStated, type StatedSum, statedField, statedOf } from './stated.ts';
import { readerOf } from './template.ts';
import {
  type Cell,
  type Contribution,
  type Entry,
  NO_TOTALS,
  nameOf,
  sha256,
  type Totals,
  windowOf,
} from './window.ts';

type Tally = { -readonly [Name in keyof Totals]: number };

/** One minute of a batch while it is read. */
interface Draft {
  readonly windowMs: number;
  readonly ids: string[];
  readonly totals: Tally;
  readonly skipped: Map<string, number>;
  readonly signatures: Map<string, number>;
  readonly cells: Map<string, { readonly index: number; readonly cell: Cell; readonly stated: StatedSum }>;
  readonly entries: Entry[];
}

/**
 * Parse -> classify -> calls -> contributions. `malformed` are events the envelope already refused; they are accounted to
 * the batch's first minute. `nowMs` only decides what is too late to count.
 */
export function contributionsOf(
  batch: LogBatch,
  settings: Settings,
  { nowMs, malformed = 0 }: { nowMs: number; malformed?: number },
): Contribution[] {
  const drafts = new Map<number, Draft>();
  const at = (event: LogEvent): Draft => draftAt(drafts, windowOf(event.timestamp));
  const firstCountedMs = nowMs - settings.horizonMs;
  const fresh: LogEvent[] = [];
  for (const event of batch.events) {
    const draft = at(event);
    draft.ids.push(`${event.id}@${event.timestamp}:${event.message.length}`);
    draft.totals.received += 1;
    if (event.timestamp < firstCountedMs) skip(draft, 'tooLate', 'too-late');
    else fresh.push(event);
  }
  const read = readerOf(settings);
  const outcomes: Outcome[] = [];
  const endings = new Map<string, readonly LogEvent[]>();
  for (const block of readBatch({ ...batch, events: fresh }, (event, line) => read(event, batch, line))) {
    if ('outcome' in block) {
      outcomes.push(block.outcome);
      const own = block.events.slice(1).filter((event) => !isContinuation(event.message));
      if (own.length > 0) endings.set(block.outcome.record.eventId, own);
    }
    const [first] = block.events;
    if ('signature' in block && first !== undefined) sign(at(first), block.signature);
    for (const event of block.events) {
      if ('outcome' in block) at(event).totals.counted += 1;
      else skip(at(event), block.skipped === 'unreadable' ? 'malformed' : 'notCall', block.skipped);
    }
  }
  // A minute that follows from the delivery alone; a batch without one readable event has none, and is only reported.
  const firstMs = Math.min(...drafts.keys());
  if (malformed > 0 && Number.isFinite(firstMs)) {
    const draft = draftAt(drafts, firstMs);
    draft.totals.received += malformed;
    skip(draft, 'malformed', 'malformed', malformed);
  }
  for (const place of joinCalls(outcomes)) {
    const draft = draftAt(drafts, windowOf(place.outcome.record.atMs));
    addEntry(draft, place, batch);
    if (place.outcome.cause === 'unknown' && place.rank !== 'part')
      sign(draft, signatureOf(place.outcome.record, settings.keySalt));
    // The exception line of a traceback counts as a call of its own where a batch begins with it; here it is a part of one.
    for (const event of endings.get(place.outcome.record.eventId) ?? []) {
      const record = { ...place.outcome.record, eventId: event.id };
      addEntry(at(event), { ...place, outcome: { ...place.outcome, record }, rank: 'part', attempts: 1 }, batch);
    }
  }
  const delivered = sha256([...drafts.values()].flatMap(({ ids }) => ids).join('\u0000'));
  return [...drafts.values()].map((draft) => finished(draft, batch, delivered));
}

function draftAt(drafts: Map<number, Draft>, windowMs: number): Draft {
  const known = drafts.get(windowMs);
  if (known) return known;
  const draft: Draft = {
    windowMs,
    ids: [],
    totals: { ...NO_TOTALS },
    skipped: new Map(),
    signatures: new Map(),
    cells: new Map(),
    entries: [],
  };
  drafts.set(windowMs, draft);
  return draft;
}

function skip({ totals, skipped }: Draft, name: keyof Totals, reason: string, n = 1): void {
  totals[name] += n;
  skipped.set(reason, (skipped.get(reason) ?? 0) + n);
}

/** How many different ones a log can make up is not bounded by anything: what is kept of them is, by `sumSignatures`. */
function sign({ signatures }: Draft, signature: string): void {
  signatures.set(signature, (signatures.get(signature) ?? 0) + 1);
}

const eventName = (batch: LogBatch, eventId: string): string =>
  nameOf(batch.owner, batch.logGroup, batch.logStream, eventId);

function addEntry(draft: Draft, { outcome, rank, call, attempts }: Placed, batch: LogBatch): void {
  const cell = cellOf(outcome);
  const key = Object.values(cell).join('\u0000');
  const known = draft.cells.get(key) ?? { index: draft.cells.size, cell, stated: [] };
  draft.cells.set(key, known);
  const event = eventName(batch, outcome.record.eventId);
  // A key that the log gives joins what different streams and groups say of one call; an event id means its own stream.
  const name =
    'key' in call
      ? nameOf('call', call.key)
      : call.eventId === outcome.record.eventId
        ? event
        : eventName(batch, call.eventId);
  const said = outcome.failed ? statedOf(outcome.record) : null;
  if (said !== null) addStated(known.stated, said);
  draft.entries.push({ event, call: name, rank, cell: known.index, attempts, ...tokensOf(outcome, rank) });
}

function tokensOf({ failed, record: { tokens } }: Outcome, rank: Entry['rank']): Pick<Entry, 'tokens'> {
  const total = failed || rank !== 'success' ? 0 : (tokens?.prompt ?? 0) + (tokens?.completion ?? 0);
  return total > 0 ? { tokens: total } : {};
}

function cellOf({ record, failed, cause }: Outcome): Cell {
  return {
    kind: failed ? 'failure' : 'success',
    status: record.status,
    cause: failed ? cause : null,
    model: record.model,
    provider: record.provider,
    tenant: record.tenant,
    project: record.project,
    key: record.keyAlias ?? (record.keyHash === null ? null : `key:${record.keyHash}`),
    logGroup: record.logGroup,
  };
}

/**
 * The key is what was delivered (minute, stream, all events of the batch: what is said of one minute may depend on the
 * next), so a redelivery is recognised whatever the classifier says of it today; the digest is a second, independent hash of the same delivery, so that a clash of keys cannot pass for one.
 */
function finished(draft: Draft, batch: LogBatch, events: string): Contribution {
  const signatures = sumSignatures([Object.fromEntries(draft.signatures)]);
  const delivered = [draft.windowMs, batch.owner, batch.logGroup, batch.logStream, events].join('\u0000');
  return {
    windowMs: draft.windowMs,
    key: inBase32(sha256(delivered).slice(0, 32)),
    source: nameOf(batch.owner, batch.logGroup, batch.logStream),
    digest: sha256(`digest\u0000${delivered}`).slice(0, 32),
    classifier: CLASSIFIER_VERSION,
    totals: draft.totals,
    skipped: Object.fromEntries(draft.skipped),
    ...(signatures && { signatures }),
    cells: [...draft.cells.values()].map(({ cell, stated }) => ({ ...cell, ...statedField(stated) })),
    entries: draft.entries,
  };
}

/** 128 bits as 26 digits 0–9 and a–v, the first two of which are the first eight bits. */
const inBase32 = (hex: string): string => BigInt(`0x${hex}`).toString(32).padStart(26, '0');
