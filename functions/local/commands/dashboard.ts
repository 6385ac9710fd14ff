import { Command } from 'commander';
import { dashboard } from '../dashboard.ts';
import { withPlace } from './asking.ts';
import { type MakeCommand, portOption } from './options.ts';

const EXAMPLES = `
Needs AWS credentials that may call the query API; nothing is opened to the network.
Examples:
  gridwatch dashboard --url https://abc123.lambda-url.eu-central-1.on.aws
  gridwatch dashboard --profile prod --port 8080`;

export const dashboardCommand: MakeCommand = (finish) =>
  withPlace(new Command('dashboard').description('open the dashboard of a deployed gridwatch on this machine'))
    .addOption(portOption(0, 'port on 127.0.0.1 (0: any that is free)'))
    .option('--no-open', 'only say the address')
    .addHelpText('after', EXAMPLES)
    .action(async (given) => finish(await dashboard(given)));
