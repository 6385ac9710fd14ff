/**
 * The construct: `new Gridwatch(this, 'Gridwatch', { logGroups: [group], email: 'oncall@example.com' })`.
 *
 *   log groups -> ingest -> table -> evaluate (every minute) -> topic -> e-mail, Slack, chat
 *                   | failed                                      query (Function URL, IAM)
 *                   v
 *                 bucket -> redrive (every 5 minutes)
 */
import { Duration, Lazy, Names, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Chat, OWN_LOG_GROUPS } from '../shared/setting-values.ts';
import { type Deployment, ENV_NAME, toEnv } from '../shared/settings.ts';
import { toSettings, type UserSettings } from '../shared/settings-file.ts';
import { acknowledge } from './acknowledgements.ts';
import { pipelineAlarms, placeAlarms, slackAlarms } from './alarms.ts';
import { placeChat } from './chat.ts';
import { placeDashboard } from './dashboard.ts';
import { PlacedFunction } from './functions.ts';
import { metricsEnvironment, ownMetric } from './metrics.ts';
import { builtFunctions, checkedFunctions } from './package-root.ts';
import {
  type FunctionName,
  failurePermissions,
  publishPermissions,
  queryPermissions,
  secretPermissions,
  storagePermissions,
  subscriptionPermissions,
} from './permissions.ts';
import { type Channel, checkedSettings, type GridwatchProps } from './props.ts';
import { runEvery } from './schedule.ts';
import { connectSlack, placeSlackQueues, pollSlackQueue, webhookSecret } from './slack.ts';
import { placeStorage, type Storage } from './storage.ts';
import { Subscriptions } from './subscriptions.ts';
import { admitAlarms, placeQueue, placeTopic, subscribeEmail } from './topics.ts';

/** The package exports this file. */
export type { Channel, GridwatchProps } from './props.ts';

const ALL_FUNCTIONS: readonly FunctionName[] = ['ingest', 'evaluate', 'redrive', 'query', 'slack'];
/** Enough for work that runs once at a time, twice when a run is late. */
const OTHERS_CONCURRENCY = 2;

export class Gridwatch extends Construct {
  /** Name of this deployment: its log groups are `/gridwatch/<name>/…`, its metrics have the dimension `service=<name>`. */
  readonly deploymentName: string;
  readonly key: kms.IKey;
  readonly table: dynamodb.ITable | dynamodb.Table;
  /** Batches that could not be counted, for 14 days. */
  readonly bucket: s3.Bucket;
  /** Salts the hashes of virtual keys. */
  readonly salt: secretsmanager.Secret;
  /** Alerts about LLMGrid calls. */
  readonly topic: sns.ITopic;
  /** Alarms about gridwatch itself. */
  readonly operationsTopic: sns.Topic;
  /** Messages that SNS could not deliver. */
  readonly undelivered: sqs.Queue;
  /** In CloudWatch: failures by category and cause, alerts, and gridwatch itself. */
  readonly dashboard: cloudwatch.Dashboard;
  /** The dashboard and the query API; callers sign with IAM, see `grantQuery`. */
  readonly queryUrl: string;

  private readonly settings: UserSettings;
  private readonly storage: Storage;
  private readonly codeRoot: string;
  private readonly placed = new Map<FunctionName, PlacedFunction>();
  private readonly subscriptions: Subscriptions;
  private readonly placedAlarms: cloudwatch.AlarmBase[] = [];
  private chatTopic: sns.Topic | null = null;
  private slackSecret: secretsmanager.ISecret | secretsmanager.Secret | null = null;
  private emails = 0;

  constructor(scope: Construct, id: string, props: GridwatchProps) {
    super(scope, id);
    this.settings = checkedSettings(this.node.path, props);
    this.codeRoot = props.codeRoot ? checkedFunctions(ALL_FUNCTIONS, props.codeRoot) : builtFunctions(ALL_FUNCTIONS);
    this.deploymentName = Names.uniqueResourceName(this, {
      maxLength: 64,
      separator: '-',
      allowedSpecialCharacters: '-',
    });
    this.storage = placeStorage(this, {
      encryptionKey: props.encryptionKey,
      table: props.table,
      logGroupPrefix: `${OWN_LOG_GROUPS}${this.deploymentName}/`,
    });
    ({ key: this.key, table: this.table, bucket: this.bucket, salt: this.salt } = this.storage);
    this.undelivered = placeQueue(this, 'Undelivered', this.key, {});
    this.topic = props.topic ?? placeTopic(this, 'Alerts', this.key, 'gridwatch alerts');
    this.operationsTopic = placeTopic(this, 'Operations', this.key, 'gridwatch operations');
    admitAlarms(this.operationsTopic);

    const ingest = this.place('ingest');
    const evaluate = this.place('evaluate');
    const redrive = this.place('redrive');
    const query = this.place('query');
    this.permit(evaluate, [...publishPermissions(this.topic), ...subscriptionPermissions(this.topic)]);
    runEvery(this, 'EveryMinute', Duration.minutes(1), evaluate.lambda);
    runEvery(this, 'EveryFiveMinutes', Duration.minutes(5), redrive.lambda);
    this.queryUrl = query.lambda.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.AWS_IAM }).url;

    this.subscriptions = new Subscriptions(this, 'Logs', {
      ingest: ingest.lambda,
      filterName: this.deploymentName,
      filterPattern: this.settings.filterPattern,
      ownLogGroups: [...this.placed.values()].map(({ logGroup }) => logGroup),
      via: this.settings.via,
      excludeLogGroups: this.settings.excludeLogGroups,
    });
    const watched = {
      deployment: this.deploymentName,
      filterName: this.deploymentName,
      ingest: ingest.lambda,
      redrive: redrive.lambda,
      undelivered: this.undelivered,
    };
    this.placedAlarms.push(...placeAlarms(this, pipelineAlarms(watched), this.operationsTopic));

    this.dashboard = placeDashboard(this, {
      deployment: this.deploymentName,
      queryUrl: this.queryUrl,
      functions: [ingest.lambda, evaluate.lambda, redrive.lambda, query.lambda],
      undelivered: this.undelivered,
      alarms: this.placedAlarms,
    });

    acknowledge(this, this.bucket);

    for (const group of props.logGroups ?? []) this.addLogGroup(group);
    for (const email of [props.email ?? []].flat()) this.addChannel({ email });
    if (props.slackWebhookSecret) this.addChannel({ slackWebhookSecret: props.slackWebhookSecret });
    if (props.chat) this.addChannel({ chat: props.chat });
  }

  /** The functions by name; `slack` is there once a Slack channel was added. */
  get functions(): { readonly [Name in Exclude<FunctionName, 'slack'>]: lambda.Function } & {
    readonly slack?: lambda.Function;
  } {
    const byName = Object.fromEntries([...this.placed].map(([name, placed]) => [name, placed.lambda]));
    return byName as Gridwatch['functions'];
  }

  /** Alarms about gridwatch itself. They publish to `operationsTopic`, some through the one called `Degraded`. */
  get alarms(): readonly cloudwatch.AlarmBase[] {
    return this.placedAlarms;
  }

  /** Reads one more log group. The filter's logical id depends on the log group's name only. */
  addLogGroup(group: logs.ILogGroup | string): void {
    this.subscriptions.add(group);
  }

  /** Tells people in one more way. */
  addChannel(channel: Channel): void {
    if ('email' in channel) this.addEmail(channel.email);
    else if ('chat' in channel) this.addChat(channel.chat);
    else this.addSlack(channel.slackWebhookSecret);
  }

  /** Lets a principal of this account call the query API. */
  grantQuery(grantee: iam.IGrantable): void {
    const { functionArn } = this.functions.query;
    for (const statement of queryPermissions(functionArn)) grantee.grantPrincipal.addToPrincipalPolicy(statement);
  }

  /** Failed LLMGrid calls as they are counted. */
  metricFailures(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return ownMetric(this.deploymentName, 'Failures', options);
  }

  /** Seconds between the end of a minute and its evaluation. */
  metricLag(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return ownMetric(this.deploymentName, 'EvaluationLagSeconds', { statistic: 'Maximum', ...options });
  }

  /** Batches that can never be read. */
  metricQuarantined(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return ownMetric(this.deploymentName, 'Quarantined', options);
  }

  /** Batches for which received = counted + notCall + malformed + tooLate does not hold; above 0 is a bug. */
  metricLawBroken(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return ownMetric(this.deploymentName, 'LawBroken', options);
  }

  private addEmail(address: string): void {
    this.emails += 1;
    const id = this.emails === 1 ? 'Email' : `Email${this.emails}`;
    subscribeEmail(this, `${id}Alerts`, this.topic, address, this.undelivered);
    subscribeEmail(this, `${id}Operations`, this.operationsTopic, address, this.undelivered);
  }

  private addChat(chat: Chat): void {
    if (this.chatTopic === null) {
      this.chatTopic = placeTopic(this, 'Chat', this.key, 'gridwatch alerts for chat');
      this.permit(this.placedFunction('evaluate'), publishPermissions(this.chatTopic));
    }
    placeChat(this, this.deploymentName, chat, [this.chatTopic, this.operationsTopic]);
  }

  private addSlack(secret: secretsmanager.ISecret | secretsmanager.Secret | string): void {
    if (this.slackSecret !== null) {
      throw new Error(
        `gridwatch: ${this.node.path} has a Slack webhook already; post to more channels through chat, or subscribe to its topic`,
      );
    }
    this.slackSecret = typeof secret === 'string' ? webhookSecret(this, secret) : secret;
    const queues = placeSlackQueues(this, this.key);
    connectSlack(this, queues, { alerts: this.topic, operations: this.operationsTopic, undelivered: this.undelivered });
    const slack = this.place('slack');
    // It publishes what it has to say about its own webhook: that cannot come through Slack.
    this.permit(slack, [...secretPermissions(this.slackSecret), ...publishPermissions(this.topic)]);
    pollSlackQueue(this, queues, slack);
    acknowledge(this, this.bucket, ['Slack', 'SlackPolling', 'SlackDead']);
    this.placedAlarms.push(...placeAlarms(this, slackAlarms(this.deploymentName, queues.dead), this.operationsTopic));
  }

  private place(name: FunctionName): PlacedFunction {
    const { concurrency } = this.settings;
    const reserved = name === 'ingest' ? concurrency : OTHERS_CONCURRENCY;
    const placed = new PlacedFunction(this, name, {
      codeRoot: this.codeRoot,
      key: this.key,
      logGroupName: this.logGroupName(name),
      retention: this.settings.retentionDays,
      reservedConcurrency: concurrency === 'unreserved' || reserved === 'unreserved' ? undefined : reserved,
      environment: {
        ...toEnvOnce(() => toEnv(toSettings(this.settings), this.deployment())),
        ...metricsEnvironment(this.deploymentName),
      },
      permissions: storagePermissions(name, this.storage),
      failures: { arn: this.bucket.bucketArn, permissions: failurePermissions(this.storage) },
    });
    this.placed.set(name, placed);
    return placed;
  }

  private deployment(): Deployment {
    return {
      tableName: this.table.tableName,
      alertTopicArn: this.topic.topicArn,
      chatTopicArn: this.chatTopic?.topicArn ?? null,
      quarantineBucket: this.bucket.bucketName,
      saltSecretArn: this.salt.secretArn,
      slackSecretArn: this.slackSecret?.secretArn ?? null,
      ownLogGroups: ALL_FUNCTIONS.map((name) => this.logGroupName(name)),
      allowedOwners: [Stack.of(this).account],
    };
  }

  private logGroupName(name: FunctionName): string {
    return `${OWN_LOG_GROUPS}${this.deploymentName}/${name}`;
  }

  private placedFunction(name: FunctionName): PlacedFunction {
    const placed = this.placed.get(name);
    if (placed === undefined) throw new Error(`gridwatch: function ${name} is used before it is placed`);
    return placed;
  }

  private permit({ role }: PlacedFunction, statements: readonly iam.PolicyStatement[]): void {
    for (const statement of statements) role.addToPolicy(statement);
  }
}

/** The environment is written at synth, because a channel may be added after the function was placed. */
function toEnvOnce(produce: () => Record<string, string>): Record<string, string> {
  return { [ENV_NAME]: Lazy.string({ produce: () => produce()[ENV_NAME] }) };
}
