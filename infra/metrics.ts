/** The metrics that the functions emit (Powertools EMF) and the ones AWS keeps, under the names the alarms use. */
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';

export const NAMESPACE = 'gridwatch';

/** What the functions say. One dimension, `service`, is the name of the deployment: two of them in an account do not mix. */
export type MetricName =
  | 'Failures'
  | `Failures${'Request' | 'Throttle' | 'Transient' | 'Connection'}`
  | 'AlertsOpen'
  | 'MessagesSent'
  | 'Received'
  | 'Counted'
  | 'Unreadable'
  | 'NewestEventAgeSeconds'
  | 'EvaluationLagSeconds'
  | 'LawBroken'
  | 'Quarantined'
  | 'LoopGuard'
  | 'Mismatches'
  | 'SlackRefused'
  | 'UnconfirmedSubscriptions';

/** Powertools reads these; the functions name neither namespace nor service themselves. */
export const metricsEnvironment = (deployment: string): Record<string, string> => ({
  POWERTOOLS_METRICS_NAMESPACE: NAMESPACE,
  POWERTOOLS_SERVICE_NAME: deployment,
});

export function ownMetric(
  deployment: string,
  metricName: MetricName,
  options: cloudwatch.MetricOptions = {},
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { service: deployment },
    statistic: 'Sum',
    period: Duration.minutes(1),
    ...options,
  });
}

/** Deliveries that CloudWatch Logs gave up, over all our filters: they share one name. */
export function deliveryErrors(filterName: string): cloudwatch.IMetric {
  return new cloudwatch.MathExpression({
    expression: `SELECT SUM(DeliveryErrors) FROM "AWS/Logs" WHERE FilterName = '${filterName}'`,
    label: 'deliveries refused',
    usingMetrics: {},
    period: Duration.minutes(1),
  });
}

/** Failed calls of every cause that was seen, a line each: CloudWatch finds them, so no list of causes stands here. */
export function failuresByCause(deployment: string): cloudwatch.IMetric {
  return new cloudwatch.MathExpression({
    expression: `SEARCH('{${NAMESPACE},cause,service} MetricName="FailuresByCause" service="${deployment}"', 'Sum', 60)`,
    label: '',
    usingMetrics: {},
    period: Duration.minutes(1),
  });
}
