import { Command, Option } from 'commander';
import { DIMENSIONS, type Summary } from '../../../shared/summary.ts';
import { queryOf, show } from '../asked.ts';
import { summaryView } from '../views.ts';
import { asked, filtersOf, watchOf, withFilters, withOutput, withPlace, withRange } from './asking.ts';
import type { MakeCommand } from './options.ts';

const EXAMPLES = `
Examples:
  gridwatch summary --from -1h
  gridwatch summary --by key,model --cause budget_exceeded --from -7d
  gridwatch summary --db gridwatch.db --csv > failures.csv
  gridwatch summary --fail-on failures --from -15m`;

export const summaryCommand: MakeCommand = (finish) => {
  const command = new Command('summary').description('failures of a range, by cause or other dimensions');
  withRange(command)
    .option('--by <dimensions>', `one or two of ${DIMENSIONS.join(', ')} (default: cause)`)
    .option('--top <n>', 'rows with most failures, the rest is summed (default: 50)');
  withOutput(withPlace(withFilters(command)))
    .addOption(new Option('--fail-on <what>', 'exit 1 if there are any').choices(['failures']))
    .addHelpText('after', EXAMPLES);
  return command.action(async (given) =>
    finish(
      await show<Summary>(
        given,
        { ...given, watch: watchOf(given) },
        {
          path: `/v1/summary${queryOf({ ...asked(given, ['from', 'to', 'by', 'top']), ...filtersOf(given) })}`,
          render: summaryView,
          isFound: ({ totals }) => given.failOn === 'failures' && totals.failures > 0,
        },
      ),
    ),
  );
};
