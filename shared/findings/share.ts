/**
 * Applications rarely log the provider or the key of a call that went well. A scope that only failures name seems to fail
 * altogether; then the share is told of the narrowest name that holds its failures and that successes carry as well.
 */
import { count, percent, type Scope } from '../detect.ts';
import { scopeWords } from '../words.ts';
import { cellsOf, type Finding, isIn, type Scene, showsSuccess, sumOf } from './scene.ts';

const WITNESSES = ['key', 'model', 'project', 'logGroup', 'tenant'] as const;

export function shareAround(scene: Scene): Finding[] {
  const { told, during, beside, elsewhere } = scene;
  if (told.scope.by === 'all' || showsSuccess(scene)) return [];
  const successes = [...elsewhere, ...beside].filter(({ kind }) => kind === 'success');
  const silent = successes.filter((cell) => cell[told.scope.by as 'key'] === null).length;
  if (silent < 0.5 * successes.length || successes.length === 0) return [];
  const own = cellsOf(during);
  const { refused } = sumOf(own, told.group);
  const holds = WITNESSES.filter((by) => by !== told.scope.by).flatMap((by): Scope[] => {
    const values = new Set(own.map((cell) => cell[by]));
    const [value] = values;
    const isSeen = value != null && successes.some((cell) => cell[by] === value);
    return values.size === 1 && isSeen ? [{ by, value }] : [];
  });
  const around: Scope = holds[0] ?? { by: 'all', value: '' };
  const { calls, refused: failures } = sumOf(
    beside.filter((cell) => isIn(cell, around)),
    told.group,
  );
  if (refused === 0 || calls <= failures) return [];
  const whole = around.by === 'all' ? 'all calls' : `the calls of ${scopeWords(around)}`;
  return [
    {
      kind: 'share',
      figures: { calls, failures, by: around.by },
      says: `Successful calls name no ${told.scope.by} in these logs. Of ${whole}, ${count(failures)} of ${count(calls)} (${percent(failures / calls)}) failed.`,
    },
  ];
}
