/** `gridwatch doctor`: what would stop a deployment, asked of the account before `cdk deploy`. */
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { subscriptionProblems } from '../aws/preflight.ts';
import { EXIT } from './exit.ts';
import { plain, print, say } from './terminal.ts';

export async function doctor(logGroups: readonly string[], json: boolean): Promise<number> {
  let problems: string[];
  try {
    problems = await subscriptionProblems(new CloudWatchLogsClient({}), logGroups);
  } catch (error) {
    // Its cause may name accounts and requests; what a person can do about it is in the sentence.
    say(`gridwatch: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT.broken;
  }
  if (json) print(JSON.stringify({ logGroups, problems }));
  else if (problems.length === 0) print(`${logGroups.length} log groups can be subscribed to.`);
  else for (const problem of problems) print(plain(problem));
  return problems.length === 0 ? EXIT.ok : EXIT.found;
}
