/**
 * The first question about a 429. A limit per minute frees up each minute, so part of the calls gets through (a saw-tooth);
 * a spent budget lets nothing through until it resets. Answered by what the minutes show; the words of the refusal only
 * decide what a flat line is called.
 */
import { clock, count } from '../detect.ts';
import { DAY_MS, MINUTE_MS } from '../window.ts';
import { lasted } from '../words.ts';
import { cellsOf, type Finding, failingMinutes, isRefused, type Scene, showsSuccess, sumOf } from './scene.ts';

const SPENT: readonly string[] = ['budget_exceeded', 'quota_exceeded'];
const PER_MINUTE: readonly string[] = [
  'rate_limit_requests',
  'rate_limit_tokens',
  'concurrency_limit',
  'rate_limit_unspecified',
];
/** A limit that has not freed up for so long is no burst. */
const STUCK_MINUTES = 5;

export function burstOrBudget(scene: Scene): Finding[] {
  if (scene.told.group !== 'e429') return [];
  const minutes = failingMinutes(scene);
  const { calls, passed, refused } = sumOf(cellsOf(minutes), scene.told.group);
  if (minutes.length < 2 || refused < 5) return [];
  const isFlat = showsSuccess(scene) && passed <= 0.02 * calls;
  if (SPENT.includes(scene.lead)) return [budget(scene, isFlat, { calls, passed })];
  if (!PER_MINUTE.includes(scene.lead)) return [];
  const through = minutes.map(({ cells }) => sumOf(cells, scene.told.group).passed);
  if (isFlat && minutes.length >= STUCK_MINUTES) return [stuck(scene, { calls, passed, minutes: minutes.length })];
  if (through.some((n) => n === 0) || passed < 0.1 * calls) return [];
  const [least, most] = [Math.min(...through), Math.max(...through)];
  const sent = Math.round(calls / minutes.length);
  const range = least === most ? count(least) : `${count(least)} to ${count(most)}`;
  return [
    {
      kind: 'burst',
      figures: { least, most, sent, minutes: minutes.length },
      says: `Burst: it recovers each minute. Of about ${count(sent)} calls a minute, ${range} get through.`,
    },
  ];
}

function budget(scene: Scene, isFlat: boolean, { calls, passed }: { calls: number; passed: number }): Finding {
  const resetsAtMs = resetOf(scene);
  const until =
    resetsAtMs === null
      ? ' The log names no reset time.'
      : ` The log says it resets at ${clock(resetsAtMs, scene.atMs)}, in ${lasted(resetsAtMs - scene.atMs)}.`;
  const through = isFlat
    ? `nothing gets through (${count(passed)} of the last ${count(calls)} calls)`
    : 'these calls fail until it is raised or resets';
  return {
    kind: 'budget',
    figures: { ...(isFlat ? { calls, passed } : {}), ...(resetsAtMs === null ? {} : { resetsAtMs }) },
    says: `${scene.lead === 'quota_exceeded' ? 'Quota' : 'Budget'}, not a burst: ${through}.${until}`,
  };
}

/** The next reset that a refusal of the leading cause states; one that has passed, or is months away, is not believed. */
function resetOf({ during, told, lead, atMs }: Scene): number | null {
  const stated = cellsOf(during)
    .filter((cell) => isRefused(cell, told.group) && cell.cause === lead)
    .flatMap(({ stated = [] }) => stated)
    .flatMap(({ resetsAtMs }) => (resetsAtMs === null ? [] : [resetsAtMs]));
  const ahead = stated.filter((ms) => ms > atMs + MINUTE_MS && ms < atMs + 32 * DAY_MS);
  return ahead.length === 0 ? null : Math.min(...ahead);
}

function stuck({ lead }: Scene, figures: { calls: number; passed: number; minutes: number }): Finding {
  const looks =
    lead === 'rate_limit_unspecified'
      ? 'That looks like a spent budget or quota, not like a burst.'
      : 'A limit per minute frees up each minute: look for a limit of zero, or for retries that use it up.';
  return {
    kind: 'stuck',
    figures,
    says: `Nothing has got through for ${figures.minutes} minutes (${count(figures.passed)} of ${count(figures.calls)} calls). ${looks}`,
  };
}
