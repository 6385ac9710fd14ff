/** What every question to the query API takes: where it is, which range, which filters, and how the answer is shown. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CATEGORIES, CAUSE_IDS } from '../../../shared/query.ts';
import { UsageError } from '../exit.ts';

export const withPlace = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--url <url>',
        'a deployed or running gridwatch (default: the saved profile, else http://127.0.0.1:4600)',
      ),
    )
    .addOption(new Option('--profile <name>', 'a saved one; see gridwatch profile').conflicts('url'))
    .addOption(new Option('--db <path>', 'a store of gridwatch start, without a server').conflicts(['url', 'profile']))
    .addOption(new Option('--region <region>', 'sign requests for this AWS region, where the URL does not name it'));

function seconds(text: string): number {
  const number = Number(text);
  if (!(number >= 1 && number <= 86_400)) throw new InvalidArgumentError('Seconds are from 1 to 86400.');
  return number;
}

export const withOutput = (command: Command): Command =>
  command
    .addOption(new Option('--json', 'the answer of the query API as one line').default(false))
    .addOption(new Option('--csv', 'as CSV, for spreadsheets').default(false).conflicts('json'))
    .addOption(new Option('--watch [seconds]', 'ask again and again').argParser(seconds).preset('5'));

export const withRange = (command: Command): Command =>
  command
    .option('--from <time>', 'first moment: 2026-11-22T14:00Z, or relative to now as -90m, -7d (default: 24 hours ago)')
    .option('--to <time>', 'first moment after (default: now)');

/** Option and parameter of each filter that takes any name. */
const NAMES = [
  ['model', 'model'],
  ['provider', 'provider'],
  ['tenant', 'tenant'],
  ['project', 'project'],
  ['key', 'virtual key, by its alias or hash'],
  ['log-group', 'log group'],
] as const;

export function withFilters(command: Command): Command {
  command
    .addOption(new Option('--cause <cause>', 'only this cause').choices(CAUSE_IDS))
    .addOption(new Option('--category <category>', 'only this category').choices(CATEGORIES))
    .option('--status <status>', 'only this HTTP status');
  for (const [name, says] of NAMES) command.option(`--${name} <name>`, `only this ${says}`);
  return command;
}

type Given = Readonly<Record<string, unknown>>;
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const FILTERS = ['cause', 'category', 'status', 'model', 'provider', 'tenant', 'project', 'key', 'logGroup'] as const;

/** Names of options are those of parameters; what they may be, the query API says. */
export const asked = (given: Given, names: readonly string[]): Record<string, string | undefined> =>
  Object.fromEntries(names.map((name) => [name, text(given[name])]));

export const filtersOf = (given: Given): Record<string, string> =>
  Object.fromEntries(FILTERS.flatMap((name) => (typeof given[name] === 'string' ? [[name, given[name]]] : [])));

/** `--watch` without a person to stop it would never end a script. */
export const watchOf = ({ watch, failOn }: Given): number | undefined => {
  if (watch !== undefined && failOn !== undefined)
    throw new UsageError('--watch never ends, so --fail-on cannot be said with it.');
  return watch === undefined ? undefined : Number(watch);
};
