import { Command, Option } from 'commander';
import { ALERT_STATES } from '../../../shared/query.ts';
import type { ShownAlert } from '../../../shared/shown.ts';
import { queryOf, show } from '../asked.ts';
import { type AlertsAnswer, alertsView, alertView } from '../views.ts';
import { asked, watchOf, withOutput, withPlace, withRange } from './asking.ts';
import type { MakeCommand } from './options.ts';

const EXAMPLES = `
Examples:
  gridwatch alerts --state firing
  gridwatch alerts --from -7d --csv
  gridwatch alerts 1a2b3c4d5e6f
  gridwatch alerts --state firing --fail-on alerts`;

export const alertsCommand: MakeCommand = (finish) => {
  const command = new Command('alerts')
    .description('alerts, newest first, or one with what to do')
    .argument('[id]', 'one alert')
    .addOption(new Option('--state <state>', 'only alerts in this state').choices(ALERT_STATES))
    .option('--limit <n>', 'at most so many (default: 100)')
    .option('--cursor <cursor>', 'go on where the list before ended');
  withOutput(withPlace(withRange(command)))
    .addOption(new Option('--fail-on <what>', 'exit 1 if there are any').choices(['alerts']))
    .addHelpText('after', EXAMPLES);
  return command.action(async (id: string | undefined, given) => {
    const shown = { ...given, watch: watchOf(given) };
    const isAsked = given.failOn === 'alerts';
    if (id !== undefined) {
      const path = `/v1/alerts/${encodeURIComponent(id)}`;
      return finish(await show<ShownAlert>(given, shown, { path, render: alertView, isFound: () => isAsked }));
    }
    const path = `/v1/alerts${queryOf(asked(given, ['from', 'to', 'state', 'limit', 'cursor']))}`;
    const isFound = ({ alerts }: AlertsAnswer) => isAsked && alerts.length > 0;
    finish(await show<AlertsAnswer>(given, shown, { path, render: alertsView, isFound }));
  });
};
