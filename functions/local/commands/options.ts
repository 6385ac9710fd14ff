/** Arguments that several commands take: how they are read, and what is said when they cannot be. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseTime } from '../../../shared/range.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../shared/settings.ts';
import { DIMENSIONS, type Dimension } from '../../../shared/summary.ts';
import { localSettings } from '../settings.ts';

/** A command of the program; `finish` takes its exit code. */
export type MakeCommand = (finish: (code: number) => void) => Command;

function hosts(text: string): Settings['hosts'] {
  if (text === 'any') return 'any';
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  for (const name of names)
    if (!/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(name))
      throw new InvalidArgumentError(
        `"${name}" is no host name; write for example llmgrid.ai,gateway.example.com or any.`,
      );
  return names;
}

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
  return number;
}

export function time(text: string): number {
  const ms = parseTime(text, Date.now());
  if (ms === null)
    throw new InvalidArgumentError(
      'Write a time as 2026-11-22T14:00Z, as epoch milliseconds, or relative to now as -90m.',
    );
  return ms;
}

export function dimensions(text: string): Dimension[] {
  const names = text.split(',').map((name) => name.trim());
  const isDimension = (name: string): name is Dimension => (DIMENSIONS as readonly string[]).includes(name);
  const bad = names.find((name) => !isDimension(name));
  if (bad !== undefined)
    throw new InvalidArgumentError(`"${bad}" is no dimension; choose from ${DIMENSIONS.join(', ')}.`);
  return names.filter(isDimension);
}

export const hostsOption = () =>
  new Option(
    '--hosts <names>',
    `hosts whose calls count, or any (default: those of the settings, else ${DEFAULT_SETTINGS.hosts})`,
  ).argParser(hosts);
export const settingsOption = () =>
  new Option('--settings <file>', 'your rules, shapes and fields (default: gridwatch.json, if there is one here)');
export const jsonOption = () => new Option('--json', 'data on standard output, as JSON').default(false);
export const portOption = (usual: number, says: string) =>
  new Option('--port <n>', says).argParser(port).default(usual);

/** The settings of a command: those of the file, with what the command line says of them. */
export function settingsOf(options: { hosts?: Settings['hosts']; settings?: string }): Settings {
  const settings = localSettings(options.settings);
  return options.hosts === undefined ? settings : { ...settings, hosts: options.hosts };
}
