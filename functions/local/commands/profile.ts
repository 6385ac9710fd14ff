import { Command } from 'commander';
import { checkedUrl } from '../client.ts';
import { columns } from '../columns.ts';
import { EXIT, UsageError } from '../exit.ts';
import { DEFAULT_PROFILE, profilesPath, readProfiles, writeProfiles } from '../profiles.ts';
import { print } from '../terminal.ts';
import { jsonOption, type MakeCommand } from './options.ts';

const EXAMPLES = `
The profile named ${DEFAULT_PROFILE} is used where nothing else is said.
Examples:
  gridwatch profile ${DEFAULT_PROFILE} --url https://abc123.lambda-url.eu-central-1.on.aws
  gridwatch profile
  gridwatch profile ${DEFAULT_PROFILE} --remove`;

interface Given {
  readonly url?: string;
  readonly region?: string;
  readonly remove?: true;
  readonly json: boolean;
}

export const profileCommand: MakeCommand = (finish) =>
  new Command('profile')
    .description('save where a deployed gridwatch is, under a name')
    .argument('[name]', 'the name')
    .option('--url <url>', 'the output queryUrl of the stack')
    .option('--region <region>', 'its AWS region, where the URL does not name it')
    .option('--remove', 'forget it')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, given: Given) => finish(profile(name, given)));

function profile(name: string | undefined, { url, region, remove, json }: Given): number {
  const { [name ?? '']: known, ...others } = readProfiles();
  if (name === undefined) {
    if (url !== undefined || remove)
      throw new UsageError('Name the profile, for example: gridwatch profile default --url URL.');
    return list(json);
  }
  if (!/^[\w.-]{1,64}$/.test(name)) throw new UsageError('A profile is named with letters, digits, dots and dashes.');
  if (remove) {
    if (!known) throw new UsageError(`There is no profile ${name}.`);
    writeProfiles(others);
    print(`Profile ${name} is forgotten.`);
    return EXIT.ok;
  }
  if (url === undefined) throw new UsageError(`Say where it is: gridwatch profile ${name} --url URL.`);
  writeProfiles({ ...others, [name]: { url: checkedUrl(url), ...(region !== undefined && { region }) } });
  print(`Profile ${name} is saved in ${profilesPath()}.`);
  return EXIT.ok;
}

function list(json: boolean): number {
  const profiles = readProfiles();
  const names = Object.entries(profiles).sort(([a], [b]) => (a < b ? -1 : 1));
  if (json) print(JSON.stringify(profiles));
  else if (names.length === 0) print('No profile is saved; gridwatch profile default --url URL saves one.');
  else {
    const table = columns(['name', 'url', 'region'], []);
    for (const [name, { url, region = '' }] of names) table.push([name, url, region]);
    print(table.toString());
  }
  return EXIT.ok;
}
