import './environment.ts';
import { CloudWatchLogsClient, ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import { subscriptionProblems } from '../../functions/aws/preflight.ts';

/** An account with these log groups and the names of their filters. */
function account(logGroups: Readonly<Record<string, readonly string[]>>): CloudWatchLogsClient {
  const client = new CloudWatchLogsClient({ region: 'eu-central-1' });
  const answer = async ({ input }: { input: { logGroupName: string } }) => {
    const names = logGroups[input.logGroupName];
    if (names === undefined) throw new ResourceNotFoundException({ message: 'gone', $metadata: {} });
    return { subscriptionFilters: names.map((filterName) => ({ filterName })) };
  };
  jest.spyOn(client, 'send').mockImplementation(answer as never);
  return client;
}

describe('C13 subscription quota', () => {
  test('two filters of others leave no room', async () => {
    expect(await subscriptionProblems(account({ '/app/x': ['a', 'b'] }), ['/app/x'])).toEqual([
      'SUBSCRIPTION_QUOTA: /app/x already has 2 filters (a, b); deploy with -c via=account-policy, or remove one',
    ]);
  });

  test('one filter, or one of ours, leaves room', async () => {
    const client = account({ '/app/one': ['a'], '/app/ours': ['a', 'Gridwatch-1ABC'] });
    expect(await subscriptionProblems(client, ['/app/one', '/app/ours'])).toEqual([]);
  });

  test('every log group is asked about, a missing one too', async () => {
    const problems = await subscriptionProblems(account({ '/app/x': ['a', 'b'] }), ['/app/gone', '/app/x']);
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(['NO_LOG_GROUP', 'SUBSCRIPTION_QUOTA']);
  });

  test('an account that cannot be asked is an error', async () => {
    const client = account({});
    jest.spyOn(client, 'send').mockImplementation(async () => Promise.reject(new Error('ExpiredToken')));
    await expect(subscriptionProblems(client, ['/app/x'])).rejects.toThrow(/check credentials and region/);
  });
});
