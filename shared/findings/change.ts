/** What is different from before the alert began: names and causes first seen, more tries a call, larger calls. */
import { causeById } from '../causes.ts';
import { clock, count, percent, type Scope, scopeKey } from '../detect.ts';
import { MINUTE_MS, OTHER } from '../window.ts';
import { lasted, scopeWords } from '../words.ts';
import { cellsOf, type Finding, historyMs, isRefused, type Scene, sumOf } from './scene.ts';

/** So much history must exist before "not seen before" means anything. */
const HISTORY_MS = 15 * MINUTE_MS;
/** What begins so long before the failures may have caused them. */
const JUST_BEFORE_MS = 10 * MINUTE_MS;

export function retries({ before, during, told, lead }: Scene): Finding[] {
  const now = sumOf(cellsOf(during), told.group);
  const then = sumOf(cellsOf(before), told.group);
  if (now.calls < 10) return [];
  const [tries, normal] = [now.attempts / now.calls, then.calls >= 20 ? then.attempts / then.calls : null];
  if (tries < 1.3 || (normal !== null && tries < 1.25 * normal)) return [];
  const was = normal === null ? '' : ` (${normal.toFixed(1)} before)`;
  const retry = causeById(lead)?.retry;
  const isVain = retry === 'never' || retry === 'after-reset';
  return [
    {
      kind: 'retries',
      figures: { tries, ...(normal === null ? {} : { normal }), attempts: now.attempts, calls: now.calls },
      says: `Retries: each call is tried ${tries.toFixed(1)} times${was}: ${count(now.attempts)} tries for ${count(now.calls)} calls.${isVain ? ' Retrying does not help here.' : ''}`,
    },
  ];
}

/** Causes of which the size of a call may be the reason. */
const OF_SIZE: readonly string[] = [
  'client_timeout',
  'gateway_timeout',
  'stream_disconnected',
  'rate_limit_tokens',
  'request_exceeds_limit',
];

export function largerCalls({ before, during, told, lead }: Scene): Finding[] {
  const now = sumOf(cellsOf(during), told.group);
  const then = sumOf(cellsOf(before), told.group);
  if (!OF_SIZE.includes(lead) || now.counted < 10 || then.counted < 10) return [];
  const [tokens, normal] = [Math.round(now.tokens / now.counted), Math.round(then.tokens / then.counted)];
  if (tokens < 1.5 * normal) return [];
  return [
    {
      kind: 'larger-calls',
      figures: { tokens, normal },
      says: `Calls have grown: those that succeed use ${count(tokens)} tokens on average, ${count(normal)} before.`,
    },
  ];
}

const NAMES = ['model', 'key', 'logGroup', 'project', 'tenant', 'provider'] as const;

/** Names that were not seen before and are part of most of these failures; of names for the same calls, the first. */
export function firstSeen(scene: Scene): Finding[] {
  const { before, during, told, elsewhere } = scene;
  if (historyMs(scene) < HISTORY_MS) return [];
  const { refused } = sumOf(cellsOf(during), told.group);
  const minutes = [...before, ...during];
  const firstMs = minutes[0]?.windowMs ?? told.sinceMs;
  const found = NAMES.flatMap((by) => {
    // Not every line names its key: only where the successes did, a new name is a new thing.
    const earlier = elsewhere.filter(({ kind }) => kind === 'success');
    const named = earlier.filter((cell) => cell[by] !== null).length;
    if (earlier.length === 0 || named < 0.9 * earlier.length) return [];
    const known = new Set(elsewhere.filter(({ firstMs: ms }) => ms < told.sinceMs - JUST_BEFORE_MS).map((c) => c[by]));
    const values = new Set(cellsOf(during).flatMap((cell) => cell[by] ?? []));
    return [...values]
      .filter((value) => value !== OTHER && !known.has(value))
      .map((value) => {
        const own = cellsOf(during).filter((cell) => cell[by] === value);
        const since = minutes.find(({ cells }) => cells.some((cell) => cell[by] === value))?.windowMs ?? told.sinceMs;
        return { scope: { by, value } as Scope, since, share: sumOf(own, told.group).refused / refused };
      })
      .filter(({ since, share }) => since <= told.sinceMs + MINUTE_MS && share >= 0.5);
  });
  const [one] = found.sort(
    (a, b) =>
      b.share - a.share ||
      NAMES.indexOf(a.scope.by as 'key') - NAMES.indexOf(b.scope.by as 'key') ||
      (scopeKey(a.scope) < scopeKey(b.scope) ? -1 : 1),
  );
  if (one === undefined) return [];
  const { scope, since, share } = one;
  return [
    {
      kind: 'first-seen',
      figures: { [scope.by]: scope.value, sinceMs: since, share },
      says: `New: ${scopeWords(scope)} was first seen at ${clock(since, scene.atMs)}, not in the ${lasted(since - firstMs)} before. It has ${percent(share)} of these failures.`,
    },
  ];
}

/** The leading cause, where the whole history before does not have it. */
export function newCause(scene: Scene): Finding[] {
  const { before, elsewhere, told, lead, during } = scene;
  const hadCalls = before.some(({ cells }) => cells.length > 0);
  if (!hadCalls || historyMs(scene) < HISTORY_MS || lead === 'unknown') return [];
  if (elsewhere.some((cell) => cell.cause === lead)) return [];
  const since = during.find(({ cells }) => cells.some((cell) => isRefused(cell, told.group) && cell.cause === lead));
  if (since === undefined) return [];
  return [
    {
      kind: 'new-cause',
      figures: { cause: lead, sinceMs: since.windowMs },
      says: `This cause is new: not seen in the ${lasted(historyMs(scene))} before.`,
    },
  ];
}
