/**
 * The clock: evaluate every minute, redrive every five. A tick that could not be handed over is forgotten soon, because the
 * next one catches up from the watermark; that ticks come at all is what the alarm on evaluation watches.
 */
import { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

export function runEvery(scope: Construct, id: string, rate: Duration, target: IFunction): events.Rule {
  return new events.Rule(scope, id, {
    schedule: events.Schedule.rate(rate),
    targets: [new LambdaFunction(target, { retryAttempts: 1, maxEventAge: Duration.seconds(60) })],
  });
}
