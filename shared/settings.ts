/**
 * What can be tuned, and where a deployed function finds its resources. Both travel in one environment variable, so that a
 * function either has everything it needs or says at once what is missing. The salt never travels: only its secret's ARN does.
 */
import * as z from 'zod/mini';
import { DAYS, FILTERS, type Maintenance } from './maintenance.ts';
import { NO_OWN, type Own, type OwnFields, type OwnRule, type OwnShape } from './own.ts';

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

const text = z.string().check(z.minLength(1));
const positive = z.number().check(z.positive());

const maintenanceWindow = z.object({
  ...{ days: z.array(z.enum(DAYS)), from: text, to: text, timeZone: z.optional(text) },
  filters: z.partialRecord(z.enum(FILTERS), text),
});

/** Read in full when the stack was made (`setting-rules.ts`), so only the outer form is asked for here. */
const listOf = <T>() => z.custom<readonly T[]>((value) => Array.isArray(value));
const fields = z.custom<OwnFields>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));

const environment = z.object({
  settings: z.object({
    hosts: z.union([z.literal('any'), z.array(text).check(z.minLength(1))]),
    horizonMs: positive,
    minShare: z.number().check(z.gt(0), z.lte(1)),
    minFailures: positive,
    repeatIntervalMs: positive,
    maxCells: positive,
    summaryUrl: z.nullable(text),
    // A function deployed before there were any has none.
    maintenance: z._default(z.array(maintenanceWindow), []),
    rules: z._default(listOf<OwnRule>(), []),
    shapes: z._default(listOf<OwnShape>(), []),
    fields: z._default(fields, {}),
    services: z._default(z.array(text), []),
  }),
  deployment: z.object({
    tableName: text,
    alertTopicArn: text,
    chatTopicArn: z.nullable(text),
    quarantineBucket: text,
    saltSecretArn: text,
    slackSecretArn: z.nullable(text),
    ownLogGroups: z.array(text),
    allowedOwners: z.array(text),
  }),
});

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
  const { success, data, error } = environment.safeParse(parsed(env[ENV_NAME]));
  if (success) return data;
  // Names and kinds only: a value may be something that must not be logged.
  const problems = error.issues.map((issue) => `${issue.path.join('.') || 'the variable'}: ${wanted(issue)}`);
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

function wanted(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `missing or not of type ${issue.expected}`;
  return issue.code === 'too_small' || issue.code === 'too_big' ? 'out of range' : 'missing or not of a known form';
}
