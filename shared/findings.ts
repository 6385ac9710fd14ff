/**
 * An alert and the minutes around it -> what a person would look up first: burst or budget, the limit and who uses it up,
 * retries, what changed. Each finding is one sentence with its figures; where the data do not say, there is none. Pure.
 */
import { burstOrBudget } from './findings/burst-or-budget.ts';
import { firstSeen, largerCalls, newCause, retries } from './findings/change.ts';
import { limits } from './findings/limit.ts';
import { type Finding, sceneOf, type Told } from './findings/scene.ts';
import { shareAround } from './findings/share.ts';
import type { RollUp } from './window.ts';

/** `rollUps` are minutes, of the hour before the alert began and since, in any order. */
export function findingsOf(told: Told, rollUps: readonly RollUp[], atMs: number): Finding[] {
  const scene = sceneOf(told, rollUps, atMs);
  const kind = burstOrBudget(scene);
  const arithmetic =
    told.group === 'e429'
      ? limits(
          scene,
          kind.some((finding) => finding.kind === 'burst'),
        )
      : [];
  return [
    ...shareAround(scene),
    ...kind,
    ...arithmetic,
    ...retries(scene),
    ...firstSeen(scene),
    ...largerCalls(scene),
    ...newCause(scene),
  ];
}
