import { Argument, Command } from 'commander';
import { completion, SHELLS, type Shell } from '../completion.ts';
import { EXIT } from '../exit.ts';
import type { MakeCommand } from './options.ts';

const EXAMPLES = `
Examples:
  source <(gridwatch completion bash)
  gridwatch completion fish > ~/.config/fish/completions/gridwatch.fish`;

export const completionCommand: MakeCommand = (finish) =>
  new Command('completion')
    .description('a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'for which').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action((shell: Shell, _, command: Command) => {
      process.stdout.write(completion(command.parent ?? command, shell));
      finish(EXIT.ok);
    });
