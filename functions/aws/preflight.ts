/**
 * What would stop a deployment and cannot be seen at synth: a log group takes two subscription filters, and it may not exist.
 * Limit: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
 */
import {
  type CloudWatchLogsClient,
  DescribeSubscriptionFiltersCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';

const MAX_FILTERS = 2;

/** One sentence for each log group that cannot be subscribed to, with what to do. Throws when AWS cannot be asked. */
export async function subscriptionProblems(
  client: CloudWatchLogsClient,
  logGroups: readonly string[],
): Promise<string[]> {
  const problems: string[] = [];
  for (const logGroupName of logGroups) {
    const problem = await problemOf(client, logGroupName);
    if (problem !== null) problems.push(problem);
  }
  return problems;
}

async function problemOf(client: CloudWatchLogsClient, logGroupName: string): Promise<string | null> {
  try {
    const { subscriptionFilters = [] } = await client.send(new DescribeSubscriptionFiltersCommand({ logGroupName }));
    // A filter of ours is replaced by a deployment, not added to.
    const others = subscriptionFilters.filter(({ filterName = '' }) => !/gridwatch/i.test(filterName));
    if (others.length < MAX_FILTERS) return null;
    const names = others.map(({ filterName }) => filterName).join(', ');
    return `SUBSCRIPTION_QUOTA: ${logGroupName} already has ${others.length} filters (${names}); deploy with -c via=account-policy, or remove one`;
  } catch (cause) {
    if (cause instanceof ResourceNotFoundException)
      return `NO_LOG_GROUP: ${logGroupName} does not exist in this account and region; correct its name, or create it first`;
    throw new Error(`cannot read the subscription filters of ${logGroupName}: check credentials and region`, { cause });
  }
}
