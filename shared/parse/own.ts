/** What a team adds to the reading of log events (`setting-rules.ts`): names of fields, shapes of text, services. */

import type { Own, OwnShape } from '../own.ts';
import { OWN_FIELDS } from '../own.ts';
import type { RecordKind } from '../record.ts';
import { anchorOf, matchPattern, readPattern, type TextPattern } from '../text-pattern.ts';
import { type Evidence, stringFact } from './evidence.ts';
import { collect, type KeyNames, keyNames } from './fields.ts';
import type { Value } from './literal.ts';
import { readStatus } from './status.ts';

interface OwnReading {
  readonly names: KeyNames;
  /** A cheap first look: without this an event is read no further unless it looks like a call anyway. */
  readonly mightBe: (message: string) => boolean;
  /** The shape that the team described, and what its text says. */
  readonly shapeIn: (
    evidence: Evidence,
  ) => { readonly evidence: Evidence; readonly shape: { name: string; kind: RecordKind | null } } | null;
  readonly isService: (evidence: Evidence) => boolean;
}

/** Made once for each settings object. */
const READINGS = new WeakMap<Own, OwnReading>();

export function ownOf(settings: Own): OwnReading {
  const known = READINGS.get(settings);
  if (known !== undefined) return known;
  const made = readingOf(settings);
  READINGS.set(settings, made);
  return made;
}

function readingOf({ shapes, fields, services }: Own): OwnReading {
  const patterns = shapes.flatMap((shape): { shape: OwnShape; pattern: TextPattern }[] => {
    const pattern = readPattern(shape.text, OWN_FIELDS);
    return typeof pattern === 'string' ? [] : [{ shape, pattern }];
  });
  const words = [...services, ...Object.values(fields).flat()];
  const anchors = patterns.map(({ pattern }) => anchorOf(pattern));
  const names = keyNames(fields);
  return {
    names,
    mightBe: (message) =>
      words.some((word) => message.includes(word)) || (anchors.length > 0 && hasAny(message.toLowerCase(), anchors)),
    shapeIn: (evidence) => {
      for (const { shape, pattern } of patterns) {
        const found = matchPattern(pattern, evidence.carrier + evidence.text);
        if (found !== null)
          return { evidence: withNames(evidence, found), shape: { name: shape.name, kind: shape.kind ?? null } };
      }
      return null;
    },
    isService: (evidence) => services.length > 0 && services.includes(stringFact(evidence, 'service') ?? ''),
  };
}

const hasAny = (text: string, words: readonly string[]): boolean => words.some((word) => text.includes(word));

/** What the pattern read out counts before what the reader found by itself. */
function withNames(evidence: Evidence, found: ReadonlyMap<string, string>): Evidence {
  const names = keyNames(Object.fromEntries(OWN_FIELDS.map((field) => [field, [field]])));
  const own: Evidence = {
    ...evidence,
    facts: new Map(),
    ownStatus: readStatus(found.get('status')),
  };
  const latency = Number(found.get('latencyMs') ?? Number.NaN);
  const values: Value = { ...Object.fromEntries(found), ...(latency >= 0 ? { latencyMs: latency } : {}) };
  collect(values, { ...own, names });
  for (const [fact, value] of evidence.facts) if (!own.facts.has(fact)) own.facts.set(fact, value);
  return own;
}
