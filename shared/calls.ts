/**
 * Calls, not lines. An SDK prints a try, a retry notice, the next try, the exception; a framework prints the exception
 * again. Within one stream these are joined into one call. Two rules keep a storm a storm: only an echo of *another shape*
 * is joined to a final line, so a hundred equal lines stay a hundred calls; and one line never joins two calls.
 * Joining is a hint to the fold, not a verdict: what the next batch completes is put right there (see `window.ts`).
 */
import type { Outcome, Rule } from './classify.ts';
import type { CallRecord } from './record.ts';
import type { Rank } from './window.ts';

/** One outcome with its place in a call. */
export interface Placed {
  readonly outcome: Outcome;
  readonly rank: Rank;
  /** Names the call: a key the log gives (`trace:…`), or the id of the event that stands for it. */
  readonly call: { readonly key: string } | { readonly eventId: string };
  /** Tries known of the call, at least 1. */
  readonly attempts: number;
}

/** An SDK waits at most this long between tries (openai: 8 s; frameworks: 60 s). */
const RETRY_MS = 90_000;
/** Between the failure and its echo only code runs. */
const ECHO_MS = 3_000;
/** A success is echoed when the body has been read, which for a stream takes a while. */
const SUCCESS_ECHO_MS = 15_000;
const MAX_OPEN = 256;

interface Group {
  members: Outcome[];
  /** The member that stands for the call. */
  head: Outcome;
  tries: number;
  open: boolean;
}

/** Joins the outcomes of one stream, in their order. */
export function joinCalls(outcomes: readonly Outcome[]): Placed[] {
  const groups: Group[] = [];
  const lanes = new Map<string, Group[]>();
  const named = new Map<string, Group>();
  for (const outcome of outcomes) {
    const lane = lanes.get(outcome.record.invocationId ?? '') ?? [];
    lanes.set(outcome.record.invocationId ?? '', lane);
    const key = callKey(outcome.record);
    const known = sameCall(outcome, key === null ? undefined : named.get(key)) ?? joins(outcome, lane);
    if (known) join(outcome, known);
    const group = known ?? opened(outcome);
    if (!known) {
      groups.push(group);
      lane.push(group);
      if (lane.length > MAX_OPEN) lane.shift();
    }
    if (key !== null) named.set(key, group);
  }
  return groups.flatMap(placed);
}

const opened = (outcome: Outcome): Group => {
  const { kind } = outcome.record;
  return { members: [outcome], head: outcome, tries: 1, open: kind === 'attempt' || kind === 'retry-notice' };
};

/** A name that comes back much later was not the name of one call. */
const sameCall = ({ record }: Outcome, group: Group | undefined): Group | undefined =>
  group && Math.abs(record.atMs - (group.members.at(-1)?.record.atMs ?? 0)) <= RETRY_MS ? group : undefined;

/** The group this outcome belongs to, if one before it in the lane takes it. */
function joins(outcome: Outcome, lane: readonly Group[]): Group | undefined {
  const { record } = outcome;
  if (record.kind === 'attempt')
    return (
      lane.find((group) => group.open && retells(group, record)) ??
      lane.findLast((group) => group.open && lastKind(group) === 'retry-notice' && isNear(group, record, RETRY_MS))
    );
  if (record.kind === 'retry-notice')
    return (
      lane.findLast((group) => group.open && lastKind(group) === 'attempt' && isNear(group, record, ECHO_MS)) ??
      lane.findLast((group) => group.open && lastKind(group) === 'retry-notice' && isNear(group, record, RETRY_MS))
    );
  if (record.kind === 'final')
    return (
      lane.findLast((group) => group.open && isNear(group, record, RETRY_MS) && mayEnd(group, outcome)) ??
      lane.find((group) => isEchoed(group, outcome, ECHO_MS))
    );
  return (
    lane.findLast((group) => group.open && lastKind(group) === 'retry-notice' && isNear(group, record, RETRY_MS)) ??
    lane.find((group) => isEchoed(group, outcome, SUCCESS_ECHO_MS))
  );
}

/** The same try, told by another logger: the HTTP client, its transport and the SDK each print the answer. */
const retells = (group: Group, record: CallRecord): boolean => {
  const told = sinceNotice(group);
  return (
    told.length > 0 &&
    told.every((member) => member.record.kind === 'attempt' && member.record.shape !== record.shape) &&
    told[0]?.record.status === record.status &&
    HTTP_TELLERS.has(record.shape) &&
    isNear(group, record, ECHO_MS)
  );
};
const HTTP_TELLERS = new Set(['httpx-line', 'sdk-answer-line', 'transport-line']);

/** What was told of the last try; a new try comes after a notice and is told by the same loggers again. */
const sinceNotice = ({ members }: Group): readonly Outcome[] =>
  members.slice(members.findLastIndex(({ record }) => record.kind === 'retry-notice') + 1);

const lastKind = (group: Group) => group.members.at(-1)?.record.kind;

function isNear(group: Group, record: CallRecord, withinMs: number): boolean {
  const last = group.members.at(-1) as Outcome;
  const elapsedMs = record.atMs - last.record.atMs;
  return (
    elapsedMs >= 0 &&
    elapsedMs <= withinMs &&
    group.members.every((member) => agree(member.record, record) && !isOtherChain(member.record, record))
  );
}

/** An SDK's name of a chain of tries is its own word on what belongs together; other ids may change with each try. */
const isOtherChain = (a: CallRecord, b: CallRecord): boolean => {
  const [chain, other] = [chainOf(a), chainOf(b)];
  return chain !== null && other !== null && chain !== other;
};
const chainOf = ({ requestId }: CallRecord): string | null => (requestId?.startsWith('log_') ? requestId : null);

const NAMES = ['endpoint', 'model', 'tenant', 'project', 'keyAlias'] as const;

/** Nothing that both name differs. */
const agree = (a: CallRecord, b: CallRecord): boolean =>
  NAMES.every((field) => a[field] === null || b[field] === null || a[field] === b[field]);

/** A final line ends open tries of the same status, or one that says nothing of the status. */
const mayEnd = (group: Group, outcome: Outcome): boolean =>
  outcome.record.status === null ||
  group.members.every(
    ({ record }) => record.status === null || record.status === outcome.record.status || record.kind === 'attempt',
  );

/** An echo: same end, another shape, told of a call that has no line of this shape yet. */
function isEchoed(group: Group, outcome: Outcome, withinMs: number): boolean {
  const { head } = group;
  if (head.failed !== outcome.failed || group.open) return false;
  if (sinceNotice(group).some((member) => member.record.shape === outcome.record.shape)) return false;
  // Both name their call, and not the same one.
  const [name, other] = [callKey(head.record), callKey(outcome.record)];
  if (name !== null && other !== null && name !== other) return false;
  const { status } = outcome.record;
  if (status !== null && head.record.status !== null && status !== head.record.status) return false;
  // Both must tell the same story: a cause where both know one.
  if (outcome.failed && known(head) && known(outcome) && head.cause !== outcome.cause) return false;
  return isNear(group, outcome.record, withinMs);
}

const known = (outcome: Outcome): boolean => !['none', 'status', 'hint', 'family'].includes(outcome.rule);

function join(outcome: Outcome, group: Group): void {
  const { kind } = outcome.record;
  // Whatever follows a notice is the try it announced; a line after a try tells of that try.
  const isRetold = kind === 'attempt' && retells(group, outcome.record);
  if ((kind === 'attempt' && !isRetold) || (group.open && lastKind(group) === 'retry-notice')) group.tries += 1;
  group.members.push(outcome);
  const ends = kind === 'final' || kind === 'success';
  // A success after failures ends the call well; an echo never takes the place of the line it repeats.
  if (group.open || (kind === 'success' && group.head.failed)) group.head = outcome;
  if (ends) group.open = false;
}

function placed(group: Group): Placed[] {
  const head = enriched(group);
  const key = group.members.map((member) => callKey(member.record)).find((found) => found !== null) ?? null;
  const call = key === null ? { eventId: head.record.eventId } : { key };
  const stated = Math.max(...group.members.map((member) => (member.record.retryCount ?? 0) + 1));
  const attempts = Math.max(group.tries, stated);
  return group.members.map((member) =>
    member === group.head
      ? { outcome: head, rank: rankOf(head), call, attempts }
      : { outcome: member, rank: 'part' as const, call, attempts: 1 },
  );
}

const rankOf = ({ record }: Outcome): Rank =>
  record.kind === 'success' || record.kind === 'final' ? record.kind : 'attempt';

const STRENGTH: readonly Rule[] = ['type', 'text', 'limit', 'family', 'status', 'hint', 'none'];
const INHERITED = [
  'model',
  'provider',
  'tenant',
  'project',
  'keyAlias',
  'keyHash',
  'endpoint',
  'status',
  'limit',
  'retryAfterMs',
  'tokens',
] as const;

/** The head with what only the other lines of the call know: names, the status, a better founded cause. */
function enriched({ head, members }: Group): Outcome {
  if (members.length === 1) return head;
  const record: Record<string, unknown> = { ...head.record };
  for (const field of INHERITED) {
    if (head.failed || field !== 'status')
      record[field] ??=
        members.find((member) => member.failed === head.failed && member.record[field] !== null)?.record[field] ?? null;
  }
  const best = [head, ...members]
    .filter((member) => member.failed)
    .sort((a, b) => STRENGTH.indexOf(a.rule) - STRENGTH.indexOf(b.rule))[0];
  const cause = head.failed && best !== undefined ? best : head;
  return { ...cause, record: record as unknown as CallRecord, failed: head.failed };
}

/** A name the log itself gives to the call; null when order is all there is. */
const callKey = (record: CallRecord): string | null =>
  record.traceId !== null
    ? `trace:${record.traceId}`
    : record.requestId !== null
      ? `request:${record.requestId}`
      : null;
