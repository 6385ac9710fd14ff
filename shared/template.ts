/**
 * Reading, remembered. A program writes the same few sentences all day; what differs is times, ids and amounts. What a
 * sentence says is read once; of each further text only its values are put in. A reading that is remembered equals reading the
 * text whole, always: nothing depends on what was read before. What is seen for the first time is read whole and costs one
 * pass more.
 */
import { classifyWith, type Outcome } from './classify.ts';
import { keyNames } from './parse/fields.ts';
import { mightBe, NO_CALL, parseEvent, type Skipped } from './parse.ts';
import type { LogBatch, LogEvent } from './record.ts';
import type { Settings } from './settings.ts';
import { creditsOf, isAsked, memoryOf, settle } from './template/memory.ts';
import { applied, type Plan, planOf, type Sample } from './template/plan.ts';
import { isField, type Split, split, valueAt, valuesOf } from './template/split.ts';
import { varied, WAYS } from './template/vary.ts';

export type Reading = { readonly outcome: Outcome } | Skipped;
export type Reader = (event: LogEvent, batch: LogBatch, line?: string) => Reading;

/** What a template is known to say: seen once or twice, read whole each time, nothing to put in, or a plan. */
type Known =
  | { readonly is: 'new' | 'seen' | 'whole' }
  | { readonly is: 'skipped'; readonly reading: Skipped }
  | { readonly is: 'call'; readonly plan: Plan; readonly outcome: Outcome };

// A plan costs a few readings, and most of what comes twice comes often.
const NEW: Known = { is: 'new' };
const SEEN: Known = { is: 'seen' };
const WHOLE: Known = { is: 'whole' };

/** Made once for each settings object. */
const READERS = new WeakMap<Settings, Reader>();

/** A team's own rules and shapes look for any words anywhere, so any value may decide: with them nothing is remembered. */
export function readerOf(settings: Settings): Reader {
  const known = READERS.get(settings);
  if (known !== undefined) return known;
  const made = settings.rules.length + settings.shapes.length > 0 ? wholeReader(settings) : rememberingReader(settings);
  READERS.set(settings, made);
  return made;
}

/** The same reading without a memory. */
export function wholeReader(settings: Settings): Reader {
  const classified = classifyWith(settings.rules);
  return (event, batch, line) => {
    const parsed = parseEvent(event, batch, settings, line);
    return 'record' in parsed ? { outcome: classified(parsed.record) } : parsed;
  };
}

function rememberingReader(settings: Settings): Reader {
  const whole = wholeReader(settings);
  const names = keyNames(settings.fields);
  const memory = memoryOf<Known>();
  const creditOf = creditsOf();
  return (event, batch, line) => {
    if (!mightBe(event.message, settings)) return NO_CALL;
    const credit = creditOf(event.message);
    const found = isAsked(credit) ? split(event.message, names) : null;
    if (found === null) return whole(event, batch, line);
    const known = memory.get(found.template);
    settle(credit, known?.is === 'call' || known?.is === 'skipped');
    if (known?.is === 'call') return remembered(known, found, event, batch);
    if (known?.is === 'skipped') return known.reading;
    if (known === undefined) memory.set(found.template, NEW);
    if (known?.is === 'new') memory.set(found.template, SEEN);
    if (known?.is !== 'seen') return whole(event, batch, line);
    const reading = whole(event, batch, line);
    memory.set(found.template, learned(reading, found, { event, batch, settings, whole }));
    return reading;
  };
}

function remembered(
  { plan, outcome }: Extract<Known, { is: 'call' }>,
  found: Split,
  event: LogEvent,
  batch: LogBatch,
): Reading {
  const { message } = event;
  const made = applied(plan, (slot) => valueAt(message, found, slot));
  const record = Object.assign(made, {
    eventId: event.id,
    atMs: event.timestamp,
    logGroup: batch.logGroup,
    logStream: batch.logStream,
  });
  return { outcome: { ...outcome, record } };
}

/** Reads other texts of the template and compares. */
function learned(
  reading: Reading,
  found: Split,
  world: { event: LogEvent; batch: LogBatch; settings: Settings; whole: Reader },
): Known {
  const { event, batch, settings, whole } = world;
  const others = WAYS.map((way) => varied(event.message, found, way));
  const readings = others.map(({ text }) => whole({ ...event, message: text }, batch));
  if (!('outcome' in reading)) {
    const isSame = readings.every(
      (other) => !('outcome' in other) && other.skipped === reading.skipped && other.signature === reading.signature,
    );
    return isSame ? { is: 'skipped', reading } : WHOLE;
  }
  const samples: [Sample, ...Sample[]] = [{ values: valuesOf(event.message, found), record: reading.outcome.record }];
  for (const [n, other] of readings.entries()) {
    if (!('outcome' in other) || !isLike(other.outcome, reading.outcome)) return WHOLE;
    samples.push({ values: others[n]?.values ?? [], record: other.outcome.record });
  }
  const plan = planOf(samples, settings.keySalt, (slot) => isField(found, slot));
  return plan === null ? WHOLE : { is: 'call', plan, outcome: reading.outcome };
}

const isLike = (a: Outcome, b: Outcome): boolean =>
  a.failed === b.failed && a.cause === b.cause && a.rule === b.rule && a.by === b.by;
