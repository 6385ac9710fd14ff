/**
 * Which scopes name the incidents of a minute? One incident shows in many series at once: a key, its project, its model,
 * everything. It is named by the one scope that best separates the calls that fail from those that do not (the likeliest
 * two-rate split of all calls), if it holds 80 % of the excess; of scopes that separate equally well, by the one that tells
 * the person on call most. What that explains is taken away and the question asked again, so unrelated incidents part.
 */
import { ALL, type FailureGroup, type Scope, type Verdict } from '../detect.ts';
import type { CountedCell } from '../window.ts';
import { causesOf, fails, isIn, likelihood, minus, NOTHING, sameScope, tally } from './tally.ts';

/** From the most telling scope to the least: who has to act on this kind of failure. */
const TELLING: Record<FailureGroup, readonly Scope['by'][]> = {
  e429: ['key', 'project', 'tenant', 'model', 'provider', 'logGroup', 'all'],
  e5xx: ['provider', 'model', 'logGroup', 'project', 'tenant', 'key', 'all'],
  auth: ['key', 'logGroup', 'project', 'tenant', 'model', 'provider', 'all'],
};
/** A key known by its hash only tells nobody whose it is: the log group that uses it does. */
const isHashed = ({ by, value }: Scope): boolean => by === 'key' && value.startsWith('key:');
const rankOf = (scope: Scope, group: FailureGroup): number => {
  const rank = TELLING[group].indexOf(scope.by);
  return isHashed(scope) ? Math.max(rank, TELLING[group].indexOf('logGroup')) + 0.5 : rank;
};
const EXPLAINS = 0.8;
/** SNS disables an e-mail subscription above 10 messages a second: more incidents than this at once are one. */
const MAX_NEW_ALERTS = 5;
/** An incident separates from the rest when what is outside fails at most half as often as what is inside. */
const APART = 0.5;

export const isTrigger = (v: Verdict) => v.state === 'spike' || v.reason === 'unconfirmed';

export interface Question {
  readonly group: FailureGroup;
  /** What is still unexplained: cells, the verdicts that ask for an alert, and all that could name it. */
  readonly cells: readonly CountedCell[];
  readonly triggers: readonly Verdict[];
  readonly candidates: readonly Verdict[];
}

/** A failure that does not say, of the cause that leads in the scope: the same incident, told by a log that names less. */
function isOfUnnamed({ cells, group }: Question, { by, value }: Scope): (cell: CountedCell) => boolean {
  if (by === 'all') return () => false;
  const [lead] = causesOf(cells.filter((cell) => fails(cell, group) && cell[by] === value));
  return (cell) => cell[by] === null && fails(cell, group) && cell.cause === lead?.cause;
}

/** The question that is left when a scope is explained. */
export const without = (q: Question, scope: Scope): Question => {
  const isUnnamed = isOfUnnamed(q, scope);
  const cells = q.cells.filter((cell) => !isIn(cell, scope) && !isUnnamed(cell));
  const before = tally(q.cells, q.group);
  const after = tally(cells, q.group);
  const left = (v: Verdict) =>
    !sameScope(v.scope, scope) && after(v.scope).failures >= Math.max(1, 0.5 * before(v.scope).failures);
  return { ...q, cells, triggers: q.triggers.filter(left) };
};

/** The verdict whose scope names the widest unexplained spike, or null when nothing is left to explain. */
export function explain(q: Question, splits = 2): Verdict | null {
  const sums = tally(q.cells, q.group);
  const rank = (v: Verdict) => rankOf(v.scope, q.group);
  const widest = [...q.triggers].sort(
    (a, b) => sums(b.scope).failures - sums(a.scope).failures || rank(b) - rank(a),
  )[0];
  if (widest === undefined) return null;
  const { calls, failures } = sums(widest.scope);
  const held = tally(
    q.cells.filter((cell) => isIn(cell, widest.scope)),
    q.group,
  );
  const everything = sums(ALL);
  const named = namedFailures(q, widest.scope);
  const scored = q.candidates
    .map((verdict) => {
      const inside = sums(verdict.scope);
      const outside = minus(everything, inside);
      const apart = outside.failures * inside.calls <= APART * inside.failures * outside.calls;
      // A line that names no provider speaks neither for nor against one: judged by the failures that do, if those are many.
      const told = named(verdict.scope.by);
      const excess = told - widest.normalShare * calls * (told / failures);
      const most = told >= 0.5 * failures && held(verdict.scope).failures >= EXPLAINS * excess;
      return { verdict, fit: likelihood(inside, outside), apart, explains: apart && most };
    })
    .sort((a, b) => b.fit - a.fit || rank(a.verdict) - rank(b.verdict));
  const ignorance = likelihood(everything, NOTHING);
  const likeliest = (list: typeof scored) => {
    const best = list[0]?.fit ?? 0;
    const top = list[0]?.verdict.scope;
    const least = best - Math.max(3, 0.02 * (best - ignorance));
    const isSame = top && (isHashed(top) || !isWitnessed(q, top)) ? sameSetAs(q, top) : () => false;
    const leastSame = top && isHashed(top) ? Number.NEGATIVE_INFINITY : ignorance + 3;
    const equal = list.filter(({ fit, verdict }) => fit >= least || (fit > leastSame && isSame(verdict.scope)));
    return equal.map((s) => s.verdict).sort((a, b) => rank(a) - rank(b))[0];
  };
  const one = likeliest(scored.filter((s) => s.explains)) ?? widest;
  if (splits === 0) return one;
  // Perhaps it is two incidents that have nothing in common, and two scopes tell far more than one.
  const first = likeliest(scored.filter((s) => s.apart && isTrigger(s.verdict)));
  const rest = first && without(q, first.scope);
  const second = rest && explain(rest, splits - 1);
  if (!first || !second || !areUnrelated(q, first.scope, second.scope)) return one;
  const [a, b] = [sums(first.scope), tally(rest.cells, q.group)(second.scope)];
  const outside = minus(minus(everything, a), b);
  const byTwo = likelihood(a, b) + likelihood(outside, NOTHING);
  const byOne = likelihood(sums(one.scope), minus(everything, sums(one.scope)));
  return byTwo - byOne > Math.max(6, 0.05 * (byTwo - ignorance)) ? first : one;
}

/** Some success carries the name too. Where none does, its calls seem to fail altogether, whatever gets through. */
const isWitnessed = ({ cells }: Question, scope: Scope): boolean =>
  cells.some((cell) => cell.kind === 'success' && isIn(cell, scope));

/** Two names for the same failures: of each, nearly all are the other's. Which calls they share is not asked, for successes rarely name a key. */
function sameSetAs({ cells, group }: Question, a: Scope): (b: Scope) => boolean {
  const failed = cells.filter((cell) => fails(cell, group));
  const sums = tally(failed, group);
  const within = tally(
    failed.filter((cell) => isIn(cell, a)),
    group,
  );
  return (b) => within(b).failures >= 0.95 * Math.max(sums(a).failures, sums(b).failures);
}

/** Failures within a scope whose logs say anything about a dimension. */
function namedFailures({ cells, group }: Question, within: Scope): (by: Scope['by']) => number {
  const failed = cells.filter((cell) => fails(cell, group) && isIn(cell, within));
  const sums = new Map<Scope['by'], number>();
  return (by) => {
    const known =
      sums.get(by) ?? failed.reduce((sum, cell) => sum + (by === 'all' || cell[by] !== null ? cell.calls : 0), 0);
    sums.set(by, known);
    return known;
  };
}

/** Different causes, or budgets and limits of different owners. Two models that fail alike are one incident. */
function areUnrelated(q: Question, a: Scope, b: Scope): boolean {
  const lead = (scope: Scope) =>
    causesOf(q.cells.filter((cell) => fails(cell, q.group) && isIn(cell, scope)))[0]?.cause;
  const hasOwner = ({ by }: Scope) => by === 'key' || by === 'project' || by === 'tenant';
  return lead(a) !== lead(b) || (hasOwner(a) && hasOwner(b));
}

/**
 * The run of a wide scope can outlast the alert that named its incident: unless it began after the last alert was resolved,
 * or failed last, it must still fail more than chance does to open another.
 */
export function isLive(v: Verdict, { cells, group }: Question, toldMs: number): boolean {
  if ((v.sinceMs ?? v.atMs) >= toldMs) return true;
  const { calls, failures } = tally(cells, group)(v.scope);
  const expected = v.normalShare * calls;
  return failures - expected > 3 * Math.sqrt(2 * expected) + 3;
}

export interface Incident {
  readonly named: Verdict;
  readonly triggers: readonly Verdict[];
}

/** Asks and takes away until every trigger is explained; a storm of incidents becomes one. */
export function incidentsOf(question: Question): Incident[] {
  const incidents: Incident[] = [];
  const everything = question.candidates.find((v) => v.scope.by === 'all');
  let q = question;
  for (let named = explain(q); named !== null; named = explain(q)) {
    const { cells, triggers } = without(q, named.scope);
    const taken = q.triggers.filter((v) => !triggers.includes(v));
    incidents.push({ named, triggers: taken });
    q = { ...q, cells, triggers: taken.length === 0 ? [] : triggers };
    if (incidents.length > MAX_NEW_ALERTS && everything) return [{ named: everything, triggers: question.triggers }];
  }
  return incidents;
}
