/** What a CDK app may say about a Gridwatch. Plain values follow the rules of gridwatch.json; resources are CDK's own types. */
import { Token } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Chat } from '../shared/setting-values.ts';
import { readSettings, type UserSettings } from '../shared/settings-file.ts';

export interface GridwatchProps {
  /** Log groups whose events are read, as constructs or by name. More can follow with `addLogGroup`. */
  readonly logGroups?: readonly (logs.ILogGroup | string)[];
  /**
   * How log events are read: by a subscription filter per log group, or by the account's one policy for all log groups of the region.
   * @default 'subscription'
   */
  readonly via?: 'subscription' | 'account-policy';
  /** With `account-policy`: names of log groups that are left out, beside gridwatch's own. */
  readonly excludeLogGroups?: readonly string[];
  /**
   * A CloudWatch Logs filter pattern. Keep successful calls in, or shares cannot be computed.
   * @default - every event is read
   */
  readonly filterPattern?: string;

  /** Where alerts go by e-mail; AWS asks each address to confirm. */
  readonly email?: string | readonly string[];
  /** The secret that holds the URL of a Slack incoming webhook, as a construct, name or ARN. */
  readonly slackWebhookSecret?: secretsmanager.ISecret | secretsmanager.Secret | string;
  /** A Slack channel of Amazon Q Developer in chat applications; the workspace is authorised once in its console. */
  readonly chat?: Chat;

  /**
   * An existing topic for alerts. Its policy, encryption and subscriptions are its owner's.
   * @default - an encrypted, TLS-only topic
   */
  readonly topic?: sns.ITopic;
  /**
   * An existing table with string keys `PK` and `SK` and the TTL attribute `exp`, for instance the one an earlier stack left.
   * @default - an encrypted on-demand table that stays when the stack is removed
   */
  readonly table?: dynamodb.ITable;
  /**
   * An existing key for everything that is stored. An imported key must already admit sns, cloudwatch and logs.
   * @default - a key with yearly rotation that stays when the stack is removed
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Hosts whose calls count, with their subdomains; `any` counts every LLM call.
   * @default ['llmgrid.ai']
   */
  readonly hosts?: readonly string[] | 'any';
  /**
   * A spike needs this share of failing calls, from 0 to 1 …
   * @default 0.05
   */
  readonly minShare?: number;
  /**
   * … and this many failing calls.
   * @default 10
   */
  readonly minFailures?: number;
  /**
   * Hours after which an alert that goes on is told again.
   * @default 4
   */
  readonly repeatHours?: number;
  /** Where people look at summaries; goes into messages. */
  readonly summaryUrl?: string;
  /**
   * Hours of the week in which matching alerts are not told: `{days: ['sat'], from: '22:00', to: '02:00', filters: {}}`.
   * @default - none
   */
  readonly maintenance?: UserSettings['maintenance'];
  /**
   * Causes of wordings that gridwatch does not know; the first rule that holds decides. See docs/formats.md.
   * @default - none
   */
  readonly rules?: UserSettings['rules'];
  /** Lines of text that are LLM calls although nothing in them says so. */
  readonly shapes?: UserSettings['shapes'];
  /** Further names of fields in JSON records. */
  readonly fields?: UserSettings['fields'];
  /** Services whose records are LLM calls. */
  readonly services?: UserSettings['services'];
  /**
   * Days that gridwatch's own function logs are kept.
   * @default 30
   */
  readonly retentionDays?: number;
  /**
   * Concurrency reserved for ingest; the other functions reserve 2 each. `unreserved` suits an account whose quota is small.
   * @default 10
   */
  readonly concurrency?: number | 'unreserved';
  /**
   * The folder with one built folder per function.
   * @default - dist/functions of the gridwatch package
   */
  readonly codeRoot?: string;
}

/** A way to tell people, for `addChannel`. */
export type Channel =
  | { readonly email: string }
  | { readonly slackWebhookSecret: secretsmanager.ISecret | secretsmanager.Secret | string }
  | { readonly chat: Chat };

/** Checks the plain values by the rules of gridwatch.json; what CloudFormation will fill in cannot be checked here. */
export function checkedSettings(path: string, props: GridwatchProps): UserSettings {
  const {
    logGroups,
    slackWebhookSecret,
    email,
    topic: _,
    table: __,
    encryptionKey: ___,
    codeRoot: ____,
    ...plain
  } = props;
  const given = {
    ...plain,
    email: [email ?? []].flat().filter((address) => !Token.isUnresolved(address)),
    ...(typeof slackWebhookSecret === 'string' && !Token.isUnresolved(slackWebhookSecret)
      ? { slackWebhookSecret }
      : {}),
  };
  const known = Object.entries(given).filter(([, value]) => !Token.isUnresolved(value));
  // Log groups may follow later; Subscriptions checks them one by one, and at synth that there is one.
  const { settings, problems } = readSettings(Object.fromEntries(known), `gridwatch: ${path}`, {
    mayLackLogGroups: true,
  });
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return { ...settings, summaryUrl: props.summaryUrl ?? settings.summaryUrl };
}
