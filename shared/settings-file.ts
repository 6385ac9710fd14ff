/**
 * The settings a person writes: the same names in `gridwatch.json` and after `-c`. A new setting is one line in the table.
 * Whoever deploys should fix everything at once, so reading never stops at the first problem.
 */
import { type Maintenance, maintenance } from './maintenance.ts';
import { NO_OWN, type Own } from './own.ts';
import { fields, rules, services, shapes, tooLarge } from './setting-rules.ts';
import * as read from './setting-values.ts';
import { DEFAULT_SETTINGS, type PublicSettings } from './settings.ts';

export interface UserSettings extends Own {
  /** Log groups whose events are read. */
  readonly logGroups: readonly string[];
  /** How they are read: a subscription filter per log group, or the account's one policy for all log groups. */
  readonly via: 'subscription' | 'account-policy';
  /** With `account-policy`: log groups that are left out, beside gridwatch's own. */
  readonly excludeLogGroups: readonly string[];
  /** Server-side filter; the default reads every event, so that there is a denominator. */
  readonly filterPattern: string;
  readonly email: readonly string[];
  /** Name or ARN of the secret that holds a Slack webhook's URL. */
  readonly slackWebhookSecret: string | null;
  /** A Slack channel of Amazon Q Developer in chat applications. */
  readonly chat: read.Chat | null;
  readonly hosts: readonly string[] | 'any';
  readonly minShare: number;
  readonly minFailures: number;
  readonly repeatHours: number;
  /** Days that gridwatch's own function logs are kept. */
  readonly retentionDays: number;
  /** Concurrency reserved for ingest (the others get 2 each); `unreserved` for accounts with a small quota. */
  readonly concurrency: number | 'unreserved';
  /** Where people look at summaries; goes into messages. `{alert}` in it becomes the alert's id. */
  readonly summaryUrl: string | null;
  /** Recurring hours in which matching alerts are not told. */
  readonly maintenance: readonly Maintenance[];
}

const HOUR_MS = 3_600_000;

export const DEFAULT_USER_SETTINGS: UserSettings = {
  logGroups: [],
  via: 'subscription',
  excludeLogGroups: [],
  filterPattern: '',
  email: [],
  slackWebhookSecret: null,
  chat: null,
  hosts: DEFAULT_SETTINGS.hosts,
  minShare: DEFAULT_SETTINGS.minShare,
  minFailures: DEFAULT_SETTINGS.minFailures,
  repeatHours: DEFAULT_SETTINGS.repeatIntervalMs / HOUR_MS,
  retentionDays: 30,
  concurrency: 10,
  summaryUrl: DEFAULT_SETTINGS.summaryUrl,
  maintenance: [],
  ...NO_OWN,
};

const READERS: { readonly [Name in keyof UserSettings]: read.Reader<NonNullable<UserSettings[Name]>> } = {
  logGroups: read.logGroups,
  via: read.oneOf('subscription', 'account-policy'),
  excludeLogGroups: read.logGroups,
  filterPattern: read.filterPattern,
  email: read.emails,
  slackWebhookSecret: read.secretName,
  chat: read.chat,
  hosts: read.hosts,
  minShare: read.number({ least: 0.001, most: 1, hint: '; a share of 5 % is 0.05' }),
  minFailures: read.number({ least: 1, most: 1_000_000, whole: true }),
  repeatHours: read.number({ least: 0.25, most: 168, hint: '; the default is 4' }),
  retentionDays: read.retentionDays,
  concurrency: read.concurrency,
  summaryUrl: read.webAddress,
  maintenance,
  ...{ rules, shapes, fields, services },
};

export const SETTING_NAMES = Object.keys(READERS) as (keyof UserSettings)[];

/** Reads settings as a person wrote them. `source` says where from and opens every problem; null or nothing means the default. */
export function readSettings(
  input: unknown,
  source: string,
  { mayLackLogGroups = false }: { readonly mayLackLogGroups?: boolean } = {},
): { readonly settings: UserSettings; readonly problems: readonly string[] } {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return {
      settings: DEFAULT_USER_SETTINGS,
      problems: [`${source}: must be an object like {"logGroups": ["/aws/lambda/app"]}`],
    };
  }
  const given = Object.entries(input).filter(([, value]) => value !== null && value !== undefined);
  const read = given.map(([name, value]) => ({ name, ...readOne(name, value) }));
  const values = read.filter(({ value }) => value !== undefined).map(({ name, value }) => [name, value]);
  const settings: UserSettings = { ...DEFAULT_USER_SETTINGS, ...Object.fromEntries(values) };
  const broken = new Set(read.filter(({ problems }) => problems !== undefined).map(({ name }) => name));
  const together = broken.has('logGroups') || broken.has('via') ? [] : contradictions(settings, mayLackLogGroups);
  const problems = [...read.flatMap(({ problems }) => problems ?? []), ...together, ...tooLarge(settings)];
  return { settings, problems: problems.map((problem) => `${source}: ${problem}`) };
}

function readOne(name: string, value: unknown): read.Read<unknown> {
  const known = SETTING_NAMES.find((setting) => setting === name);
  if (known === undefined) return { problems: [unknownSetting(name)] };
  const { value: good, problems } = READERS[known](value);
  if (problems === undefined) return { value: good };
  const [first, ...rest] = problems.map((problem) => `${name}: ${problem}`);
  return { problems: [first ?? name, ...rest] };
}

function contradictions({ via, logGroups, excludeLogGroups }: UserSettings, mayLackLogGroups: boolean): string[] {
  if (via === 'account-policy') {
    if (logGroups.length === 0) return [];
    return [
      'logGroups: via=account-policy reads every log group; remove logGroups, or name those to leave out in excludeLogGroups',
    ];
  }
  const none =
    'logGroups: no log group; add "logGroups": ["/aws/lambda/app"] to gridwatch.json or deploy with -c logGroups=/aws/lambda/app';
  const idle = 'excludeLogGroups: only used with via=account-policy; remove it, or leave those groups out of logGroups';
  return [
    ...(logGroups.length === 0 && !mayLackLogGroups ? [none] : []),
    ...(excludeLogGroups.length > 0 ? [idle] : []),
  ];
}

function unknownSetting(name: string): string {
  const close = SETTING_NAMES.map((setting) => ({ setting, far: distance(name.toLowerCase(), setting.toLowerCase()) }))
    .filter(
      ({ setting, far }) => far <= Math.max(2, setting.length / 3) || alike(name.toLowerCase(), setting.toLowerCase()),
    )
    .sort((a, b) => a.far - b.far)[0];
  const hint = close ? `did you mean "${close.setting}"?` : `known are ${SETTING_NAMES.join(', ')}`;
  return `unknown setting ${JSON.stringify(name)}; ${hint}`;
}

/** `repeatInterval` for `repeatHours`: the same beginning. */
const alike = (name: string, setting: string): boolean => name.slice(0, 5) === setting.slice(0, 5);

/** Levenshtein: letters to insert, delete or replace. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** What the functions need of it. */
export function toSettings(given: UserSettings): PublicSettings {
  const { keySalt: _, ...defaults } = DEFAULT_SETTINGS;
  const { hosts, minShare, minFailures, repeatHours, summaryUrl, maintenance } = given;
  const { rules, shapes, fields, services } = given;
  const repeatIntervalMs = repeatHours * HOUR_MS;
  return {
    ...defaults,
    hosts,
    minShare,
    minFailures,
    repeatIntervalMs,
    summaryUrl,
    maintenance,
    rules,
    shapes,
    fields,
    services,
  };
}
