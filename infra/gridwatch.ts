/**
 * The construct: `new Gridwatch(this, 'Gridwatch', { logGroups: [group], email: 'oncall@example.com' })`.
 *
 *   log groups -> ingest -> table -> evaluate (every minute) -> topic -> e-mail, Slack, chat
 *                   | failed                                      query (Function URL, IAM)
 *                   v
 *                 bucket -> redrive (every 5 minutes)
 */
import { Duration, Lazy, Names, Stack, Token } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Chat, OWN_LOG_GROUPS } from '../shared/setting-values.ts';
import { ENV_NAME, toEnv } from '../shared/settings.ts';
import { readSettings, toSettings, type UserSettings } from '../shared/settings-file.ts';
import { acknowledgeRules } from './acknowledgements.ts';
import { pipelineAlarms, placeAlarms, slackAlarms } from './alarms.ts';
import { placeChat } from './chat.ts';
import { PlacedFunction } from './functions.ts';
import { metricsEnvironment, ownMetric } from './metrics.ts';
import { builtFunctions, checkedFunctions } from './package-root.ts';
import * as permissions from './permissions.ts';
import type { FunctionName } from './permissions.ts';
import { runEvery } from './schedule.ts';
import { connectSlack, placeSlackQueues, pollSlackQueue } from './slack.ts';
import { placeStorage, type Storage } from './storage.ts';
import { Subscriptions } from './subscriptions.ts';
import { admitAlarms, placeQueue, placeTopic, subscribeEmail } from './topics.ts';
