/** The team's gridwatch.json, as the local commands read it: the file that is named, else the one in this folder, if any. */
import { existsSync, readFileSync } from 'node:fs';
import { DEFAULT_SETTINGS, type Settings } from '../../shared/settings.ts';
import { readSettings, toSettings } from '../../shared/settings-file.ts';
import { UsageError } from './exit.ts';

const USUAL = 'gridwatch.json';

export function localSettings(file: string | undefined): Settings {
  const path = file ?? USUAL;
  const values = file !== undefined || existsSync(path) ? contentOf(path) : {};
  const { settings, problems } = readSettings(values, path, { mayLackLogGroups: true });
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  // Nothing is too old to be counted where nothing expires.
  return { ...DEFAULT_SETTINGS, ...toSettings(settings), horizonMs: Number.MAX_SAFE_INTEGER };
}

function contentOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
