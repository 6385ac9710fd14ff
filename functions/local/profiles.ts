/** Where deployed gridwatches are, by names a person gave them: one JSON file in the user's configuration folder. No secrets. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { UsageError } from './exit.ts';

const profile = z.object({ url: z.string(), region: z.optional(z.string()) });
const file = z.record(z.string(), profile);
export type Profile = z.infer<typeof profile>;
export type Profiles = Readonly<Record<string, Profile>>;

/** The profile that is used where none is named. */
export const DEFAULT_PROFILE = 'default';

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
export const profilesPath = (): string =>
  join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'gridwatch', 'profiles.json');

export function readProfiles(): Profiles {
  const path = profilesPath();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return {};
  }
  try {
    return file.parse(JSON.parse(text));
  } catch (cause) {
    throw new UsageError(`${path} cannot be read as profiles; mend it or delete it.`, { cause });
  }
}

export function writeProfiles(profiles: Profiles): void {
  const path = profilesPath();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600 });
}
