/**
 * The command line. Each command is a file in commands/, which reads its arguments and calls what does the work; here they
 * are put together, and what they throw becomes one sentence and an exit code. A command that needs the AWS SDK imports
 * it when it runs: it would double the start-up time of every other.
 */
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { alertsCommand } from './commands/alerts.ts';
import { analyzeCommand } from './commands/analyze.ts';
import { backtestCommand } from './commands/backtest.ts';
import { classifyCommand } from './commands/classify.ts';
import { completionCommand } from './commands/completion.ts';
import { dashboardCommand } from './commands/dashboard.ts';
import { detectCommand } from './commands/detect.ts';
import { doctorCommand } from './commands/doctor.ts';
import { explainCommand } from './commands/explain.ts';
import type { MakeCommand } from './commands/options.ts';
import { packetCommand } from './commands/packet.ts';
import { profileCommand } from './commands/profile.ts';
import { redriveCommand } from './commands/redrive.ts';
import { seriesCommand } from './commands/series.ts';
import { silenceCommand } from './commands/silence.ts';
import { startCommand } from './commands/start.ts';
import { summaryCommand } from './commands/summary.ts';
import { EXIT, UsageError } from './exit.ts';
import { say } from './terminal.ts';

/** In the order of the help. */
const COMMANDS: readonly MakeCommand[] = [
  startCommand,
  analyzeCommand,
  classifyCommand,
  detectCommand,
  backtestCommand,
  explainCommand,
  summaryCommand,
  seriesCommand,
  alertsCommand,
  silenceCommand,
  dashboardCommand,
  profileCommand,
  packetCommand,
  doctorCommand,
  redriveCommand,
  completionCommand,
];

function program(finish: (code: number) => void): Command {
  const root = new Command('gridwatch')
    .description('Why LLMGrid calls fail, since when, who is hit and what to do: from your application logs.')
    .version(packageJson.version)
    .showHelpAfterError('(gridwatch --help shows what there is)')
    .exitOverride();
  for (const make of COMMANDS) root.addCommand(make(finish).copyInheritedSettings(root));
  return root;
}

/** Errors that say themselves what is wrong and what to do; anything else is a bug and shows where. */
const isClear = (error: unknown): error is Error & { code?: string } =>
  error instanceof UsageError ||
  (error instanceof Error && 'code' in error && typeof error.code === 'string' && /^[A-Z_]+$/.test(error.code));

async function main(): Promise<void> {
  try {
    await program((code) => {
      process.exitCode = code;
    }).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    else if (isClear(error)) {
      say(`gridwatch: ${error.message}`);
      process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.broken;
    } else throw error;
  }
}

// A reader that closes the pipe early (`| head`) has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

await main();
