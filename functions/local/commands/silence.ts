import { Command, Option } from 'commander';
import { SILENCE_STATES } from '../../../shared/query.ts';
import type { ShownSilence } from '../../../shared/shown.ts';
import { answerOf, queryOf, show } from '../asked.ts';
import { openClient, type Place } from '../client.ts';
import { EXIT, UsageError } from '../exit.ts';
import { print } from '../terminal.ts';
import { type SilencesAnswer, silencedWords, silencesView } from '../views.ts';
import { asked, filtersOf, watchOf, withFilters, withOutput, withPlace } from './asking.ts';
import type { MakeCommand } from './options.ts';

const EXAMPLES = `
Alerts about what is silenced are still judged and shown; nobody is told. Without --reason the silences are listed.
Examples:
  gridwatch silence --reason "load test" --until +2h --model gpt-4o
  gridwatch silence --state active
  gridwatch silence --end 1a2b3c4d5e6f`;

export const silenceCommand: MakeCommand = (finish) => {
  const command = new Command('silence')
    .description('ask not to be told for a while, list such requests, or end one')
    .option('--reason <text>', 'why, for the others: adds a silence')
    .option('--until <time>', 'when it ends: 2026-11-22T14:00Z, or from now on +2h (at most 30 days)')
    .option('--from <time>', 'when it begins (default: now)')
    .option('--who <name>', 'who asks')
    .option('--everything', 'silence everything: no filter')
    .addOption(new Option('--end <id>', 'end one now').conflicts('reason'))
    .addOption(new Option('--state <state>', 'list only these').choices(SILENCE_STATES))
    .option('--limit <n>', 'list at most so many (default: 100)')
    .option('--cursor <cursor>', 'go on where the list before ended');
  withOutput(withPlace(withFilters(command))).addHelpText('after', EXAMPLES);
  return command.action(async (given) => {
    if (given.end !== undefined)
      return finish(await change(given, { method: 'DELETE', path: `/${encodeURIComponent(given.end)}` }, 'Ended'));
    if (given.reason !== undefined)
      return finish(await change(given, { method: 'POST', path: '', body: bodyOf(given) }, 'Silenced'));
    const stray =
      ['until', 'who', 'everything'].find((name) => given[name] !== undefined) ?? Object.keys(filtersOf(given))[0];
    if (stray !== undefined)
      throw new UsageError('To add a silence say why with --reason; the silences are listed without filters.');
    const path = `/v1/silences${queryOf(asked(given, ['state', 'limit', 'cursor']))}`;
    finish(await show<SilencesAnswer>(given, { ...given, watch: watchOf(given) }, { path, render: silencesView }));
  });
};

function bodyOf(given: Readonly<Record<string, unknown>>): string {
  const filters = filtersOf(given);
  const isEverything = given['everything'] === true;
  if (given['until'] === undefined)
    throw new UsageError('A silence always ends: say when with --until, for example --until +2h.');
  if (Object.keys(filters).length === 0 && !isEverything)
    throw new UsageError('Say what is to be silenced, for example --model gpt-4o; --everything silences everything.');
  const { reason, until, from, who } = given;
  return JSON.stringify({ filters, reason, until, from, by: who });
}

async function change(
  given: Place & { readonly json: boolean },
  { path, ...question }: { method: string; path: string; body?: string },
  done: string,
): Promise<number> {
  const client = await openClient(given);
  try {
    const text = await answerOf(client, { ...question, path: `/v1/silences${path}` });
    const silence = JSON.parse(text) as ShownSilence;
    const until = (silence.ended ?? silence.until).slice(0, 16).replace('T', ' ');
    if (given.json) print(JSON.stringify(silence));
    else print(`${done}: ${silencedWords(silence.filters)}, until ${until} UTC (${silence.id}).`);
    return EXIT.ok;
  } finally {
    await client.close();
  }
}
