/** Who sends most of what is throttled, and a rate for that one at which everything fits. */
import { count, percent, type Scope, scopeKey } from '../detect.ts';
import type { CountedCell } from '../window.ts';
import { capital, estimate, kindWords, quantity, scopeWords } from '../words.ts';
import { cellsOf, type Finding, type Minute, perMinute, type Sum, sumOf, type Told } from './scene.ts';

export interface Arithmetic {
  readonly told: Told;
  /** The one key, project or model that the limit binds, beside the alert's own scope. */
  readonly of: Scope | null;
  /** The capacity is a stated rate, not what got through at best. */
  readonly isStated: boolean;
  readonly inTokens: boolean;
  readonly minutes: readonly Minute[];
  readonly load: Sum;
  /** The most that got through in one minute, and what fits into one. */
  readonly best: number;
  readonly capacity: number;
}

const SENDERS: readonly Exclude<Scope['by'], 'all'>[] = ['key', 'project', 'logGroup', 'tenant', 'model'];
/** Below the limit, for bursts within the minute. */
const MARGIN = 0.95;

interface Sender {
  readonly scope: Scope;
  /** Per minute, in the unit of the capacity; of calls, not tries, because what fits is not tried again. */
  readonly demand: number;
  /** Tokens of a call; 1 where calls are counted. */
  readonly perCall: number;
}

/** Who sends how much, by the first dimension that names nearly all of it and tells several apart. */
function sendersOf({ told, of, inTokens, minutes, load }: Arithmetic): Sender[] {
  const mean = inTokens ? load.tokens / load.counted : 1;
  for (const by of SENDERS) {
    if (by === told.scope.by || by === of?.by) continue;
    const groups = new Map<string, CountedCell[]>();
    for (const cell of cellsOf(minutes)) {
      const value = cell[by];
      if (value !== null) groups.set(value, [...(groups.get(value) ?? []), cell]);
    }
    const senders = [...groups].map(([value, cells]): Sender => {
      const { calls, tokens, counted } = sumOf(cells, told.group);
      const perCall = inTokens && counted >= 3 ? tokens / counted : mean;
      return { scope: { by, value }, demand: perMinute(calls, minutes) * perCall, perCall };
    });
    const named = sumOf([...groups.values()].flat(), told.group).calls;
    if (senders.length >= 2 && named >= 0.95 * load.calls)
      return senders.sort((a, b) => b.demand - a.demand || (scopeKey(a.scope) < scopeKey(b.scope) ? -1 : 1));
  }
  return [];
}

/** Down to two digits: nobody configures 247. */
function floorTo2(n: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, n))) - 1);
  return Math.floor(n / step) * step;
}

export function noisiest(arithmetic: Arithmetic): Finding[] {
  const { inTokens, capacity, isStated } = arithmetic;
  const [top, ...others] = sendersOf(arithmetic);
  if (top === undefined || arithmetic.load.passed === 0 || capacity === 0) return [];
  const rest = others.reduce((sum, { demand }) => sum + demand, 0);
  const total = top.demand + rest;
  const share = top.demand / total;
  const safe = floorTo2(MARGIN * capacity - rest);
  if (total <= capacity || share < 0.3) return [];
  const unit = inTokens ? ' tokens' : '';
  const who = `${capital(scopeWords(top.scope))} sends most: ${percent(share)}, about ${estimate(top.demand)} of ${estimate(total)}${unit} a minute.`;
  const fits = isStated ? 'everything stays under the limit' : 'all would get through';
  const calls = inTokens ? ` (${count(Math.max(1, Math.floor(safe / top.perCall)))} calls)` : '';
  const advice =
    safe > 0.05 * capacity
      ? ` Capped at about ${count(safe)}${unit} a minute${calls}, ${fits}.`
      : ` Capping it alone is not enough: the ${others.length === 1 ? `other ${kindWords(top.scope.by)} sends` : 'others send'} ${estimate(rest)} of the ${quantity(capacity)} that fit.`;
  return [
    {
      kind: 'noisiest',
      figures: {
        [top.scope.by]: top.scope.value,
        share,
        demand: top.demand,
        total,
        capacity,
        safe: Math.max(0, safe),
        unit: inTokens ? 'tokens' : 'calls',
      },
      says: `${who}${advice}`,
    },
  ];
}
