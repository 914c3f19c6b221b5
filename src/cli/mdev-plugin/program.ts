import type { WriteStream } from 'node:tty';
import { Command, Option } from 'commander';
import { z } from 'zod';
import type { Clock } from '../../lib/clock.ts';
import { HttpClient } from '../../kube/http-client.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Paint } from '../../plugin/paint.ts';
import { planText } from '../../plugin/plan-text.ts';
import { treeText, typesText, whyText } from '../../plugin/text.ts';
import { topText } from '../../plugin/top-text.ts';
import { top } from '../../plugin/top.ts';
import { tree } from '../../plugin/tree.ts';
import { typeEntries } from '../../plugin/types.ts';
import { why } from '../../plugin/why.ts';
import { loadKubeconfig } from '../cluster.ts';
import { disposable } from '../disposable.ts';
import { UsageError } from '../usage-error.ts';
import { readObjects, readPlan } from './plan.ts';
import { showTop } from './top.ts';
import { namespaceOf, readDevices, readEvents, readSurvey } from './read.ts';

/** What the plugin gets from its process. */
export interface PluginContext {
  /** Text for standard output; a line break is added. */
  readonly print: (text: string) => void;
  readonly clock: Clock;
  readonly paint: Paint;
  /** Where standard output is one. */
  readonly terminal: WriteStream | undefined;
  /** The exit status, if nothing goes wrong from here on. */
  readonly setExitCode: (code: number) => void;
  /** Aborted by SIGTERM and SIGINT. */
  readonly signal: AbortSignal;
}

/** How long the API server may take to answer, ms. */
const patience = 30_000;

const optionsSchema = z.object({
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  namespace: z.string().min(1).optional(),
  output: z.enum(['json']).optional(),
});

const planStatus = `
The API server is asked by a dry run, the controller's own rules say where devices would go, and each is tried in an emulated kernel that has
what the MdevParents say is left. What attributes a driver takes is seen only when a device is made, and whether the controller lets a
namespace adopt devices (--adopt-namespace) only by it.

Exit status: 0 when all could be made, 1 when something would wait or be refused, 2 when it could not be told, with a sentence on standard error.`;
const exitStatus = '\nExit status: 0 when it could be told, 2 when not, with a sentence on standard error.';

/** `kubectl mdev`. Parsing runs the command. */
export function buildPlugin(context: PluginContext): Command {
  const program = new Command('kubectl mdev')
    .description('What mediated devices there are, what can still be made, and why a device is not Ready.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.print(text.replace(/\n$/, '')) });

  withOptions(program.command('types'), 'what can still be made where').action(async (_, command: Command) => {
    await connected(context, command, async (client, { json }, signal) => {
      const entries = typeEntries(await readSurvey(client, signal));
      return json ? { types: entries } : typesText(entries, context.paint);
    });
  });
  withOptions(program.command('tree'), 'nodes, their parents, types, devices and users').action(async (_, command: Command) => {
    await connected(context, command, async (client, { json }, signal) => {
      const all = tree(await readSurvey(client, signal));
      return json ? all : treeText(all);
    });
  });
  withOptions(program.command('why <name>'), 'why a device is as it is, from its allocation to the answer of the kernel')
    .option('-n, --namespace <name>', "the device's namespace; if left out, that of the kubeconfig's context")
    .action(async (name: string, _, command: Command) => {
      await connected(context, command, async (client, { json, namespace }, signal) => {
        const all = await readSurvey(client, signal);
        const device = all.devices.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
        if (device === undefined) throw new UsageError(`There is no mdevdevice ${name} in namespace ${namespace}`);
        const explanation = why(device, all);
        const events = await readEvents(client, namespace, device.metadata.uid ?? '', signal);
        return json ? { ...explanation, events } : whyText(explanation, events, context.paint);
      });
    });
  withOptions(program.command('top'), 'who uses devices and what that has locked, as it changes; once where output is no terminal')
    .option('--once', 'show it once')
    .action(async (options: { once?: true }, command: Command) => {
      const { terminal, paint, clock, signal: ended } = context;
      await connected(context, command, async (client, { json }, signal) => {
        const now = top(await readDevices(client, signal));
        if (json) return now;
        if (terminal === undefined || options.once === true) return topText(now, paint);
        await showTop({ client, terminal, paint, clock }, ended);
        return undefined;
      });
    });
  withOptions(program.command('plan'), 'what applying files would do, device by device, before anything happens', planStatus)
    .requiredOption('-f, --filename <file>', 'a file to plan, - for standard input; may be given several times', collect)
    .option('-n, --namespace <name>', "the namespace of objects that name none; if left out, that of the kubeconfig's context")
    .action(async (options: { filename: string[] }, command: Command) => {
      const objects = await readObjects(options.filename);
      await connected(context, command, async (client, { json, namespace }, signal) => {
        const plan = await readPlan(client, objects, namespace, context.clock, signal);
        if (!plan.complete) context.setExitCode(1);
        return json ? plan : planText(plan, context.paint);
      });
    });
  return program;
}

function collect(file: string, before: string[] = []): string[] {
  return [...before, file];
}

function withOptions(command: Command, description: string, help = exitStatus): Command {
  return command
    .description(description)
    .option('--kubeconfig <file>', 'the kubeconfig to use, as kubectl has it')
    .option('--context <name>', 'the context of the kubeconfig to use')
    .addOption(new Option('-o, --output <format>', 'json, sorted and of the shapes in src/plugin').choices(['json']))
    .addHelpText('after', help);
}

interface Wanted {
  readonly json: boolean;
  readonly namespace: string;
}

/** Does it with a client, and prints what it answers: lines, or an object as JSON; nothing, if it has shown that itself. */
async function connected(
  { print, clock, signal: ended }: PluginContext,
  command: Command,
  act: (client: KubeClient, wanted: Wanted, signal: AbortSignal) => Promise<readonly string[] | object | undefined>,
): Promise<void> {
  const options = optionsSchema.parse(command.opts());
  const config = loadKubeconfig(options.kubeconfig, options.context);
  const wanted = { json: options.output === 'json', namespace: options.namespace ?? namespaceOf(config) };
  await using client = disposable(new HttpClient({ config, clock, userAgent: 'kubectl-mdev' }));
  const answer = await act(client.value, wanted, AbortSignal.any([ended, AbortSignal.timeout(patience)]));
  if (answer !== undefined) print(wanted.json ? JSON.stringify(answer, undefined, 2) : (answer as readonly string[]).join('\n'));
}
