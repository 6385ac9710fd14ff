// How well incidents are told in worlds that know calls, tries and scopes: with and without folding of retries, each
// application by itself and pooled in the scopes around it. The same worlds and dice for all four, so the rows are paired.
//   npm run bench:detection            20 worlds of a week (minutes of CPU)
//   npm run bench:detection -- 3 2     3 worlds of 2 days
import { type Score, scoreOf } from './score.ts';
import { trafficOf } from './traffic.ts';
import { apart, pooled } from './walk.ts';
import { worldOf } from './world.ts';

const [worlds = 20, days = 7] = process.argv.slice(2).map(Number);

const WAYS = {
  'tries, each application alone': { folded: false, walk: apart },
  'calls, each application alone': { folded: true, walk: apart },
  'tries, pooled over scopes': { folded: false, walk: pooled },
  'calls, pooled over scopes': { folded: true, walk: pooled },
} as const;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const sum = (scores: readonly Score[], of: (score: Score) => number): number =>
  scores.reduce((all, one) => all + of(one), 0);
const tally = (names: readonly string[]): string =>
  [...new Set(names)].map((name) => `${name} ${names.filter((n) => n === name).length}`).join(', ') || 'none';

const scores = new Map<string, Score[]>(Object.keys(WAYS).map((name) => [name, []]));
for (let seed = 1; seed <= worlds; seed += 1) {
  const world = worldOf(seed, days);
  const traffic = trafficOf(world);
  for (const [name, { folded, walk }] of Object.entries(WAYS)) {
    const pages = walk(folded ? traffic.calls : traffic.tries, world);
    scores.get(name)?.push(scoreOf(traffic.effects, pages, world.minutes));
  }
}
console.log(
  '| what is judged | incidents | precision | recall | F1 | found in 5 min | pages an incident | delay | to resolve | false pages a week |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|');
for (const [name, all] of scores) {
  const [incidents, found, wrong] = [
    sum(all, (s) => s.incidents),
    sum(all, (s) => s.found),
    sum(all, (s) => s.falsePages),
  ];
  const [precision, recall] = [found / (found + wrong), found / incidents];
  const figures = [
    precision,
    recall,
    (2 * precision * recall) / (precision + recall),
    sum(all, (s) => s.inFive) / incidents,
  ];
  const pages = sum(all, (s) => s.pages) / found;
  const delays = median(all.flatMap((s) => s.delays));
  const resolve = median(all.flatMap((s) => s.toResolve));
  const rest = [
    pages.toFixed(2),
    delays.toFixed(1),
    resolve.toFixed(1),
    ((7 * wrong) / sum(all, (s) => s.days)).toFixed(2),
  ];
  console.log(`| ${[name, incidents, ...figures.map((x) => x.toFixed(3)), ...rest].join(' | ')} |`);
}
for (const [name, all] of scores)
  console.log(
    `${name}: missed ${tally(all.flatMap((s) => s.missedKinds))}; false ${tally(all.flatMap((s) => s.falseKinds))}`,
  );
