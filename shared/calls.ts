/**
 * Calls, not lines. An SDK prints a try, a retry notice, the next try, the exception; a framework prints the exception
 * again. Within one stream these are joined into one call. Two rules keep a storm a storm: only an echo of *another shape*,
 * or at once in the same words from *another writer*, is joined to a final line, so a hundred equal lines stay a hundred
 * calls; and one line never joins two calls.
 * Joining is a hint to the fold, not a verdict: what the next batch completes is put right there (see `window.ts`).
 */
import type { Outcome, Rule } from './classify.ts';
import type { CallRecord, RecordKind } from './record.ts';
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
/** Layers of one program that each log what they caught do so at once; two calls rarely end as close. */
const LAYERS_MS = 30;
/** A success is echoed when the body has been read, which for a stream takes a while. */
const SUCCESS_ECHO_MS = 15_000;
const MAX_OPEN = 256;
/** So many calls at once are asked for what a layer above repeats; and so many lines tell of one try. */
const [MAX_RECENT, MAX_TOLD] = [64, 8];

interface Group {
  members: Outcome[];
  /** The member that stands for the call. */
  head: Outcome;
  tries: number;
  open: boolean;
  /** What was told of the last try; a new try comes after a notice and is told by the same loggers again. */
  told: Outcome[];
  /** Where it is found. */
  sort: Sort | null;
  readonly lane: Lane;
  /** How many groups of its lane came before it. */
  readonly order: number;
}

/** Groups about which most rules say the same, oldest first: a storm is a thousand groups of two or three sorts. */
interface Sort {
  readonly open: boolean;
  /** The log itself names these calls. */
  readonly isNamed: boolean;
  readonly lastKind: RecordKind | undefined;
  /** Of what was told of the last try. */
  readonly shapes: ReadonlySet<string>;
  readonly groups: Group[];
}

/** The groups of one Lambda invocation, or of all lines that name none. */
interface Lane {
  count: number;
  /** The last to be opened, oldest first. */
  readonly recent: Group[];
  readonly sorts: Map<string, Sort>;
}

/** Joins the outcomes of one stream, in their order. */
export function joinCalls(outcomes: readonly Outcome[]): Placed[] {
  const groups: Group[] = [];
  const lanes = new Map<string, Lane>();
  const named = new Map<string, Group>();
  // A Lambda stream is one sandbox, which serves one invocation after the other; an uncaught exception names none.
  let invocation = '';
  for (const outcome of outcomes) {
    invocation = outcome.record.invocationId ?? invocation;
    const lane = lanes.get(invocation) ?? { count: 0, recent: [], sorts: new Map() };
    lanes.set(invocation, lane);
    const key = callKey(outcome.record);
    const known = sameCall(outcome, key === null ? undefined : named.get(key)) ?? joins(outcome, lane);
    const group = known ?? opened(outcome, lane);
    if (known) join(outcome, known);
    else groups.push(group);
    if (key !== null) named.set(key, group);
  }
  return groups.flatMap(placed);
}

function opened(outcome: Outcome, lane: Lane): Group {
  const { kind } = outcome.record;
  const group: Group = {
    members: [outcome],
    head: outcome,
    tries: 1,
    open: kind === 'attempt' || kind === 'retry-notice',
    told: kind === 'retry-notice' ? [] : [outcome],
    sort: null,
    lane,
    order: lane.count++,
  };
  add(group);
  if (lane.recent.push(group) > MAX_RECENT) lane.recent.shift();
  return group;
}

function sortOf(group: Group): Sort {
  const { told, lane, open } = group;
  const isNamed = callKey(group.head.record) !== null;
  const shapes = told.length === 1 ? (told[0] as Outcome).record.shape : shapesOf(told).sort().join(' ');
  const name = `${open} ${isNamed} ${lastKind(group)} ${shapes}`;
  const known = lane.sorts.get(name);
  if (known) return known;
  const sort: Sort = { open, isNamed, lastKind: lastKind(group), shapes: new Set(shapesOf(told)), groups: [] };
  lane.sorts.set(name, sort);
  return sort;
}

const shapesOf = (told: readonly Outcome[]): string[] => [...new Set(told.map(({ record }) => record.shape))];

function add(group: Group): void {
  group.sort = sortOf(group);
  const { groups } = group.sort;
  // Most are the newest.
  if ((groups.at(-1)?.order ?? -1) < group.order) groups.push(group);
  else groups.splice(groups.findLastIndex(({ order }) => order < group.order) + 1, 0, group);
}

function remove(group: Group): void {
  const groups = group.sort?.groups ?? [];
  const at = groups.lastIndexOf(group);
  if (at >= 0) groups.splice(at, 1);
}

/** Drops what is too far back. */
function forget(groups: Group[], leastOrder: number): void {
  const kept = groups.findIndex(({ order }) => order >= leastOrder);
  if (kept !== 0) groups.splice(0, kept < 0 ? groups.length : kept);
}

/** The oldest or newest group that takes a line: of the sorts that may, the groups that do. */
function find(
  lane: Lane,
  which: 'oldest' | 'newest',
  maySort: (sort: Sort) => boolean,
  takes: (group: Group) => boolean,
): Group | undefined {
  let best: Group | undefined;
  for (const sort of lane.sorts.values()) {
    if (!maySort(sort)) continue;
    const { groups } = sort;
    forget(groups, lane.count - MAX_OPEN);
    const found = which === 'oldest' ? groups.find(takes) : groups.findLast(takes);
    if (found && (best === undefined || found.order < best.order === (which === 'oldest'))) best = found;
  }
  return best;
}

/** A name that comes back much later was not the name of one call. */
const sameCall = ({ record }: Outcome, group: Group | undefined): Group | undefined =>
  group && Math.abs(record.atMs - (group.members.at(-1)?.record.atMs ?? 0)) <= RETRY_MS ? group : undefined;

/** The group this outcome belongs to, if one before it in the lane takes it. */
function joins(outcome: Outcome, lane: Lane): Group | undefined {
  for (const looked of LOOKED_FOR[outcome.record.kind]) {
    const found = looked(outcome, lane);
    if (found) return found;
  }
  return undefined;
}

type Look = (outcome: Outcome, lane: Lane) => Group | undefined;
const look =
  (
    which: 'oldest' | 'newest',
    maySort: (sort: Sort, outcome: Outcome) => boolean,
    takes: (group: Group, outcome: Outcome) => boolean,
  ): Look =>
  (outcome, lane) =>
    find(
      lane,
      // Numbered tries of calls at once come in the order of the calls.
      outcome.record.retryCount === null ? which : 'oldest',
      (sort) => maySort(sort, outcome),
      (group) => takes(group, outcome),
    );

/** A try whose end is not known yet. */
const openTry = look(
  'newest',
  (sort) => sort.open && sort.lastKind === 'attempt',
  (group, { record }) => isNear(group, record, ECHO_MS),
);
/** What a notice announced. Who counts tries begins anew with each call. */
const announced = look(
  'newest',
  (sort, { record }) =>
    sort.open && sort.lastKind === 'retry-notice' && !(record.kind === 'retry-notice' && record.retryCount === 0),
  (group, { record }) => isNear(group, record, RETRY_MS) && isNext(group, record),
);
/** The same try, told by another of the HTTP client's loggers. */
const retold = look(
  'oldest',
  (sort, { record }) => HTTP_TELLERS.has(record.shape) && sort.open && isOther(sort, record),
  (group, { record }) => retells(group, record),
);
/** Tries that this line ends: soon after the last of them was answered, or much later where none was. */
const ended = (last: RecordKind | 'any', withinMs: number): Look =>
  look(
    'newest',
    (sort) => sort.open && (last === 'any' || sort.lastKind === last),
    (group, outcome) =>
      mayEnd(group, outcome) && isNear(group, outcome.record, withinMs) && isNext(group, outcome.record),
  );
/** An end that was none: the application tries again. */
const triedAgain = look(
  'newest',
  (sort, outcome) => known(outcome) && !sort.open && sort.lastKind === 'final',
  (group, outcome) => isNext(group, outcome.record) && isEchoed(group, outcome, LAYERS_MS),
);
/** The try before this one, where they are numbered. */
const numberedBefore = look(
  'newest',
  (sort, { record }) => record.retryCount !== null && !sort.open && sort.lastKind === 'final',
  (group, { record }) => lastTry(group) === (record.retryCount ?? 0) - 1 && isNear(group, record, RETRY_MS),
);
/** An answer that began well and broke off while it streamed. */
const brokenOff = look(
  'newest',
  (sort, outcome) => breaksOff(outcome) && !sort.open && sort.lastKind === 'success' && isToldByHttp(sort),
  (group, { record }) => isNear(group, record, RETRY_MS),
);
/** What this line repeats in another shape. A line that names its call echoes nothing that bears another name. */
const echoed = (withinMs: number): Look =>
  look(
    'oldest',
    (sort, { record }) => !sort.open && !(sort.isNamed && callKey(record) !== null) && isOther(sort, record),
    (group, outcome) => isEchoed(group, outcome, withinMs),
  );
/** What this line repeats in the same shape: another logger, or the same at another level, told it first. */
const relayed =
  (repeats: (group: Group, outcome: Outcome) => boolean): Look =>
  (outcome, lane) =>
    outcome.record.writer === null || !outcome.failed
      ? undefined
      : lane.recent.find((group) => isRelayed(group, outcome) && repeats(group, outcome));
const inTheSameWords = (group: Group, { record }: Outcome): boolean =>
  group.told.some((told) => endAlike(wordsOf(told.record), wordsOf(record)));
const knowingNoMore = (_: Group, { rule, record }: Outcome): boolean => rule === 'none' && record.status === null;
/** The error that a server answered with, before its access line. */
const answeredWith: Look = (outcome, lane) =>
  outcome.record.shape === 'access-line' ? echoed(ECHO_MS)(outcome, lane) : undefined;

/** What each kind of line may belong to, the surest first. */
const LOOKED_FOR: Readonly<Record<RecordKind, readonly Look[]>> = {
  attempt: [retold, answeredWith, announced],
  'retry-notice': [openTry, triedAgain, announced],
  final: [
    relayed(inTheSameWords),
    ended('attempt', ECHO_MS),
    ended('any', RETRY_MS),
    numberedBefore,
    brokenOff,
    echoed(ECHO_MS),
    relayed(knowingNoMore),
  ],
  success: [announced, echoed(SUCCESS_ECHO_MS)],
};

const isOther = ({ shapes }: Sort, { shape }: CallRecord): boolean => !shapes.has(shape);

/** The same try, told by another logger: the HTTP client, its transport and the SDK each print the answer. */
const retells = (group: Group, record: CallRecord): boolean =>
  group.told.length > 0 &&
  group.told.every((member) => member.record.kind === 'attempt' && member.record.shape !== record.shape) &&
  group.told[0]?.record.status === record.status &&
  HTTP_TELLERS.has(record.shape) &&
  isNear(group, record, ECHO_MS);
const HTTP_TELLERS = new Set(['httpx-line', 'sdk-answer-line', 'transport-line']);

/** Of tries that are numbered, one follows the other. */
const isNext = (group: Group, { retryCount }: CallRecord): boolean => {
  const last = lastTry(group);
  return retryCount === null || last === null || retryCount === last + 1;
};
const lastTry = (group: Group): number | null => group.members.at(-1)?.record.retryCount ?? null;

/** A failure that only a call can have whose answer had begun: the SDK's error without a status is the one of an event in a stream. */
const breaksOff = ({ cause, record: { status, errorClass } }: Outcome): boolean =>
  status === null && (cause === 'stream_disconnected' || /(?:^|[ .])API(?:Status)?Error(?:$| )/.test(errorClass ?? ''));

const isToldByHttp = ({ shapes }: Sort): boolean => [...shapes].every((shape) => HTTP_TELLERS.has(shape));

const lastKind = (group: Group) => group.members.at(-1)?.record.kind;

const isNear = (group: Group, record: CallRecord, withinMs: number): boolean =>
  isSoon(group, record, withinMs) &&
  group.members.every((member) => agree(member.record, record) && !isOtherChain(member.record, record));

function isSoon({ members }: Group, { atMs }: CallRecord, withinMs: number): boolean {
  const elapsedMs = atMs - (members.at(-1) as Outcome).record.atMs;
  return elapsedMs >= 0 && elapsedMs <= withinMs;
}

/** An SDK's name of a chain of tries is its own word on what belongs together; other ids may change with each try. */
const isOtherChain = (a: CallRecord, b: CallRecord): boolean => {
  const [chain, other] = [chainOf(a), chainOf(b)];
  return chain !== null && other !== null && chain !== other;
};
const chainOf = ({ requestId }: CallRecord): string | null => (requestId?.startsWith('log_') ? requestId : null);

const NAMES = ['tenant', 'project', 'keyAlias'] as const;

/** Nothing that both name differs. */
const agree = (a: CallRecord, b: CallRecord): boolean =>
  NAMES.every((field) => a[field] === null || b[field] === null || a[field] === b[field]) &&
  agreeOnModel(a, b) &&
  agreeOnEndpoint(a.endpoint, b.endpoint);

/** A gateway's router names the deployment where the rest of it names the group. */
const agreeOnModel = (a: CallRecord, b: CallRecord): boolean =>
  a.model === null ||
  b.model === null ||
  a.model === b.model ||
  (a.shape === 'litellm-text' && b.shape === 'litellm-text');

/** An SDK names what it asks without the path of its base address. */
const agreeOnEndpoint = (a: string | null, b: string | null): boolean =>
  a === null || b === null || a.endsWith(b) || b.endsWith(a);

/** A final line ends open tries of the same status, or one that says nothing of the status. */
const mayEnd = (group: Group, outcome: Outcome): boolean =>
  outcome.record.status === null ||
  group.members.every(
    ({ record }) => record.status === null || record.status === outcome.record.status || record.kind === 'attempt',
  );

/** An echo: same end, told of a call that has no line of this shape yet. Hundreds are asked, so what says no soonest is asked first. */
function isEchoed(group: Group, outcome: Outcome, withinMs: number): boolean {
  const { head } = group;
  const { record } = outcome;
  if (head.failed !== outcome.failed || !isSoon(group, record, withinMs)) return false;
  if (record.status !== null && head.record.status !== null && record.status !== head.record.status) return false;
  // Both must tell the same story: a cause where both know one.
  if (outcome.failed && known(head) && known(outcome) && head.cause !== outcome.cause) return false;
  return isNear(group, record, withinMs);
}

/** A failure told a moment ago by another writer. */
const isRelayed = (group: Group, outcome: Outcome): boolean =>
  !group.open &&
  isSoon(group, outcome.record, LAYERS_MS) &&
  group.told.length < MAX_TOLD &&
  !(callKey(outcome.record) !== null && callKey(group.head.record) !== null) &&
  group.told.every(({ record }) => record.shape !== outcome.record.shape || isOtherWriter(record, outcome.record)) &&
  isEchoed(group, outcome, LAYERS_MS);

const isOtherWriter = (a: CallRecord, b: CallRecord): boolean => a.writer !== null && a.writer !== b.writer;

/** What a text says without who says it: what stood in its structure, or what follows the writer's name. */
function wordsOf({ message, writer }: CallRecord): string {
  const [said = '', ...around] = (message ?? '').split('\n');
  const name = writer?.split(' ').at(-1) ?? '';
  return around.length > 0 ? said : said.slice(said.indexOf(name) + name.length);
}

/** Layers put words of their own before what they repeat: most of the shorter text is the end of both. */
function endAlike(a: string, b: string): boolean {
  const shorter = Math.min(a.length, b.length);
  let alike = 0;
  while (alike < shorter && a.at(-1 - alike) === b.at(-1 - alike)) alike++;
  return alike > 0 && alike >= 0.6 * shorter;
}

const known = (outcome: Outcome): boolean => !['none', 'status', 'hint', 'family'].includes(outcome.rule);

function join(outcome: Outcome, group: Group): void {
  const { kind } = outcome.record;
  remove(group);
  // Whatever follows a notice is the try it announced; a line after a try tells of that try.
  const isRetold = kind === 'attempt' && retells(group, outcome.record);
  if (group.open && ((kind === 'attempt' && !isRetold) || lastKind(group) === 'retry-notice')) group.tries += 1;
  group.members.push(outcome);
  group.told = kind === 'retry-notice' ? [] : [...group.told, outcome];
  const ends = kind === 'final' || kind === 'success';
  if (kind === 'retry-notice') group.open = true;
  // A success after failures ends the call well; an echo never takes the place of the line it repeats.
  if (group.open || (kind === 'success') === group.head.failed) group.head = outcome;
  if (ends) group.open = false;
  add(group);
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
