import { Command, Option } from 'commander';
import { STEPS } from '../../../shared/range.ts';
import { DIMENSIONS } from '../../../shared/summary.ts';
import { queryOf, show } from '../asked.ts';
import { type SeriesAnswer, seriesView } from '../views.ts';
import { asked, filtersOf, watchOf, withFilters, withOutput, withPlace, withRange } from './asking.ts';
import type { MakeCommand } from './options.ts';

const EXAMPLES = `
Examples:
  gridwatch series --from -6h --by cause
  gridwatch series --model gpt-4o --from -14d --step 6h
  gridwatch series --watch 10`;

export const seriesCommand: MakeCommand = (finish) => {
  const command = new Command('series').description('calls and failures over time, as a line of bars each');
  withRange(command)
    .addOption(
      new Option('--step <step>', 'length of a step (default: one that suits the range)').choices([...STEPS.keys()]),
    )
    .option('--by <dimensions>', `one or two of ${DIMENSIONS.join(', ')}`)
    .option('--top <n>', 'lines with most failures (default: 10)', '10');
  withOutput(withPlace(withFilters(command))).addHelpText('after', EXAMPLES);
  return command.action(async (given) =>
    finish(
      await show<SeriesAnswer>(
        given,
        { ...given, watch: watchOf(given) },
        {
          path: `/v1/series${queryOf({ ...asked(given, ['from', 'to', 'by', 'top', 'step']), ...filtersOf(given) })}`,
          render: seriesView,
        },
      ),
    ),
  );
};
