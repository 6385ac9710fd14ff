/**
 * What can be tuned, and where a deployed function finds its resources. Both travel in one environment variable, so that a
 * function either has everything it needs or says at once what is missing. The salt never travels: only its secret's ARN does.
 */
import type { Maintenance } from './maintenance.ts';
import { NO_OWN, type Own, type OwnFields } from './own.ts';

/** All settings with their defaults. Durations in milliseconds. */
export interface Settings extends Own {
  /** Hosts whose calls count (with their subdomains); `any` counts every LLM call. */
  readonly hosts: readonly string[] | 'any';
  /** Secret that salts key hashes, so that they cannot be looked up. */
  readonly keySalt: string;
  /** Events older than this are counted as too late. */
  readonly horizonMs: number;
  /** A spike needs this share of failing calls above normal (half of it if it lasts half an hour) … */
  readonly minShare: number;
  /** … and this many failing calls within the detection window. */
  readonly minFailures: number;
  readonly repeatIntervalMs: number;
  /** Cells kept per minute; the rest is summed under `other`. */
  readonly maxCells: number;
  /** Where summaries can be seen; goes into messages. `{alert}` in it becomes the alert's id. */
  readonly summaryUrl: string | null;
  /** Hours of the week in which nothing is told. */
  readonly maintenance: readonly Maintenance[];
}

export const DEFAULT_SETTINGS: Settings = {
  hosts: ['llmgrid.ai'],
  keySalt: 'gridwatch',
  horizonMs: 14 * 24 * 3_600_000,
  minShare: 0.05,
  minFailures: 10,
  repeatIntervalMs: 4 * 3_600_000,
  maxCells: 500,
  summaryUrl: null,
  maintenance: [],
  ...NO_OWN,
};

/** Settings as they travel: the salt is added by the functions that hash keys (ingest, redrive), out of its secret. */
export type PublicSettings = Omit<Settings, 'keySalt'>;

/** Where the functions of one deployment find things. */
export interface Deployment {
  readonly tableName: string;
  readonly alertTopicArn: string;
  /** The topic of Amazon Q Developer in chat, which needs its own schema. */
  readonly chatTopicArn: string | null;
  readonly quarantineBucket: string;
  readonly saltSecretArn: string;
  /** Secret that holds the Slack webhook's URL. */
  readonly slackSecretArn: string | null;
  /** Log groups of gridwatch itself: a batch from one of them is a loop. */
  readonly ownLogGroups: readonly string[];
  /** Accounts whose log events are accepted. */
  readonly allowedOwners: readonly string[];
}

export const ENV_NAME = 'GRIDWATCH';

/**
 * What a value in it must be. Not a schema of the library that reads requests: building that, for a text which only `toEnv`
 * writes, took an eighth of the time that every function needs before its first event.
 */
interface Kind<T> {
  readonly must: string;
  readonly is: (value: unknown) => value is T;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isPositive = (value: unknown): value is number => typeof value === 'number' && value > 0;

const text: Kind<string> = { must: 'a text', is: isText };
const textOrNull: Kind<string | null> = {
  must: 'a text or null',
  is: (value): value is string | null => value === null || isText(value),
};
const texts: Kind<readonly string[]> = { must: 'a list of texts', is: isTexts };
const positive: Kind<number> = { must: 'a number above 0', is: isPositive };

/** Read in full when the stack was made (`maintenance.ts`, `setting-rules.ts`), so only the outer form is asked for here. */
const list = <T>(): Kind<readonly T[]> => ({
  must: 'a list',
  is: (value): value is readonly T[] => Array.isArray(value),
});

type Kinds<T> = { readonly [Name in keyof T]-?: Kind<T[Name]> };

const SETTINGS: Kinds<PublicSettings> = {
  hosts: {
    must: '"any" or a list of hosts',
    is: (value): value is Settings['hosts'] => value === 'any' || (isTexts(value) && value.length > 0),
  },
  horizonMs: positive,
  minShare: { must: 'a share', is: (value): value is number => isPositive(value) && value <= 1 },
  minFailures: positive,
  repeatIntervalMs: positive,
  maxCells: positive,
  summaryUrl: textOrNull,
  maintenance: list(),
  rules: list(),
  shapes: list(),
  fields: { must: 'an object', is: (value): value is OwnFields => isObject(value) },
  services: texts,
};

/** A function deployed before there were any has none. */
const LATER: Partial<PublicSettings> = { maintenance: [], ...NO_OWN };

const DEPLOYMENT: Kinds<Deployment> = {
  tableName: text,
  alertTopicArn: text,
  chatTopicArn: textOrNull,
  quarantineBucket: text,
  saltSecretArn: text,
  slackSecretArn: textOrNull,
  ownLogGroups: texts,
  allowedOwners: texts,
};

/** Reads an object, and adds what is wrong with it to `problems`: names and kinds only, as a value may be something that must not be logged. */
function read<T extends object>(where: string, value: unknown, kinds: Kinds<T>, problems: string[]): T | null {
  const names = Object.keys(kinds) as (keyof T & string)[];
  const isWhole = (given: unknown): given is T => isObject(given) && names.every((name) => kinds[name].is(given[name]));
  if (isWhole(value)) return value;
  const wrong = isObject(value) ? names.filter((name) => !kinds[name].is(value[name])) : [];
  problems.push(...wrong.map((name) => `${where}.${name}: missing or not ${kinds[name].must}`));
  if (!isObject(value)) problems.push(`${where}: missing or not an object`);
  return null;
}

/** The environment variable of a function. Values may be CDK tokens: they need no escaping inside JSON. */
export function toEnv(
  { keySalt: _, ...settings }: PublicSettings & { readonly keySalt?: string },
  deployment: Partial<Deployment>,
): Record<string, string> {
  return { [ENV_NAME]: JSON.stringify({ settings, deployment }) };
}

/** Reads what `toEnv` wrote; throws one error that lists every problem. */
export function fromEnv(env: Readonly<Record<string, string | undefined>>): {
  readonly settings: PublicSettings;
  readonly deployment: Deployment;
} {
  const given = Object(parsed(env[ENV_NAME]));
  const problems: string[] = [];
  const written = isObject(given.settings) ? { ...LATER, ...given.settings } : given.settings;
  const settings = read('settings', written, SETTINGS, problems);
  const deployment = read('deployment', given.deployment, DEPLOYMENT, problems);
  if (settings && deployment) return { settings, deployment };
  throw new Error(`environment variable ${ENV_NAME} is not usable: ${problems.join('; ')}; deploy the stack again`);
}

function parsed(json: string | undefined): unknown {
  if (json === undefined) throw new Error(`environment variable ${ENV_NAME} is missing: deploy the stack again`);
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new Error(`environment variable ${ENV_NAME} does not hold JSON: deploy the stack again`, { cause });
  }
}
