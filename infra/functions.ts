/**
 * One Lambda function: its bundle, role, log group, and where an event goes that it could not handle. The bundles are built
 * by build.mjs, so that their size and start-up time can be tested; here they are only placed.
 */
import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionName } from './permissions.ts';

/** `asyncAge`: for how long Lambda keeps an event it cannot hand over, for functions that are invoked asynchronously. */
interface Placement {
  readonly says: string;
  readonly memoryMb: number;
  readonly timeout: Duration;
  readonly asyncAge?: Duration;
  readonly retries?: number;
}

export const PLACEMENTS: Record<FunctionName, Placement> = {
  // Events wait 6 hours for a free function, the most Lambda allows; after 3 tries they go to the bucket.
  ingest: {
    says: 'counts delivered log events',
    memoryMb: 512,
    timeout: Duration.seconds(60),
    asyncAge: Duration.hours(6),
    retries: 2,
  },
  // The next minute catches up by itself, so an old tick is worth nothing. Ends before the lease of the outbox (50 s) does.
  evaluate: {
    says: 'judges every minute and sends alerts',
    memoryMb: 512,
    timeout: Duration.seconds(50),
    asyncAge: Duration.seconds(60),
    retries: 0,
  },
  redrive: {
    says: 'counts batches that failed before',
    memoryMb: 512,
    timeout: Duration.minutes(4),
    asyncAge: Duration.minutes(5),
    retries: 0,
  },
  slack: { says: 'posts alerts to Slack', memoryMb: 256, timeout: Duration.seconds(30) },
  query: { says: 'answers the query API', memoryMb: 512, timeout: Duration.seconds(29) },
};

export interface FunctionOptions {
  readonly codeRoot: string;
  readonly key: kms.IKey;
  readonly logGroupName: string;
  /** Days. */
  readonly retention: logs.RetentionDays;
  readonly reservedConcurrency: number | undefined;
  readonly environment: Record<string, string>;
  readonly permissions: readonly iam.PolicyStatement[];
  /** Where Lambda puts events that failed, and what that takes; only for functions that are invoked asynchronously. */
  readonly failures: { readonly arn: string; readonly permissions: readonly iam.PolicyStatement[] };
}

export class PlacedFunction extends Construct {
  readonly lambda: lambda.Function;
  readonly logGroup: logs.LogGroup;
  readonly role: iam.Role;

  constructor(scope: Construct, name: FunctionName, options: FunctionOptions) {
    super(scope, name[0]?.toUpperCase() + name.slice(1));
    const { says, memoryMb, timeout, asyncAge, retries = 0 } = PLACEMENTS[name];
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      logGroupName: options.logGroupName,
      retention: options.retention,
      encryptionKey: options.key,
      // The name is fixed, so a log group that stayed would be in the way of the next deployment.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    this.role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    const failures = asyncAge ? options.failures.permissions : [];
    for (const statement of [...options.permissions, ...failures]) this.role.addToPolicy(statement);
    this.lambda = new lambda.Function(this, 'Function', {
      description: `gridwatch: ${says}`,
      code: lambda.Code.fromAsset(join(options.codeRoot, name)),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: memoryMb,
      timeout,
      role: this.role,
      logGroup: this.logGroup,
      // Without the platform's START and REPORT lines a function that logs one line per invocation pays for one line.
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,
      systemLogLevelV2: lambda.SystemLogLevel.WARN,
      recursiveLoop: lambda.RecursiveLoop.TERMINATE,
      environment: options.environment,
      ...(options.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: options.reservedConcurrency }),
    });
    if (asyncAge) this.keepFailures(options.failures.arn, asyncAge, retries);
  }

  private keepFailures(destination: string, age: Duration, maximumRetryAttempts: number): void {
    const config = new lambda.CfnEventInvokeConfig(this, 'Async', {
      functionName: this.lambda.functionName,
      qualifier: '$LATEST',
      maximumEventAgeInSeconds: age.toSeconds(),
      maximumRetryAttempts,
      destinationConfig: { onFailure: { destination } },
    });
    // Lambda checks at once that the role may write there.
    config.node.addDependency(this.role);
  }
}
