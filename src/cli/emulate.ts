import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { z } from 'zod';
import { isErrno } from '../lib/errno.ts';
import { RemoteHostControl } from '../provider/host/client.ts';
import type { HostControl, HostState } from '../provider/host/contract.ts';
import type { CliContext } from './context.ts';
import { addFlags, readFlags } from './flags.ts';
import { columns } from '../lib/table.ts';
import { UsageError } from './usage-error.ts';

const operations = ['create', 'remove', 'online', 'attribute', 'open'] as const;

function parse<T>(what: string, schema: z.ZodType<T>, text: unknown): T {
  const result = schema.safeParse(text);
  if (!result.success) throw new UsageError(`${what}: ${result.error.issues[0]?.message ?? 'is not valid'} (got ${JSON.stringify(text)})`);
  return result.data;
}

/** `emulate`: plays the other hands on the emulated host, behind the agent's back. */
export function addEmulateCommand(program: Command, context: CliContext): void {
  const emulate = program.command('emulate').description('act on the emulated host as somebody else would: people, VMMs, drivers');

  /** A subcommand whose action is given a connection to the emulator. */
  function add(
    usage: string,
    description: string,
    act: (host: HostControl, args: readonly string[], options: Readonly<Record<string, unknown>>) => Promise<void>,
    extend?: (command: Command) => void,
  ): void {
    const command = addFlags(emulate.command(usage).description(description), ['socket', 'logLevel']);
    extend?.(command);
    command.action(async () => {
      const { socket, logLevel } = readFlags(command, ['socket', 'logLevel']);
      const host = new RemoteHostControl({ socketPath: socket, clock: context.clock, log: context.logger(logLevel ?? 'silent') });
      try {
        await act(host, command.args, command.opts());
      } catch (error) {
        throw refusal(error, socket);
      } finally {
        host.close();
      }
    });
  }

  add(
    'list',
    'show the parents and devices of the host as they are, whatever an agent believes',
    async (host, _, { json }) => {
      const state = await host.state(context.signal);
      context.print(json === true ? JSON.stringify(state, undefined, 2) : table(state));
    },
    (command) => command.option('--json', 'print everything as JSON'),
  );
  add(
    'create <parent> <type> [uuid]',
    'make a device that no agent asked for; prints its UUID',
    async (host, [parent = '', typeID = '', uuid]) => {
      const id = uuid ?? randomUUID();
      await host.foreignCreate({ parent, typeID, id }, context.signal);
      context.print(id.toLowerCase());
    },
  );
  add('remove <uuid>', 'remove a device by hand, without looking for its users', async (host, [uuid = '']) => {
    await host.removeByHand(uuid, context.signal);
  });
  add('hold <uuid>', 'hold a device open, as a VMM does, until this command is ended', async (host, [uuid = '']) => {
    await using hold = await host.holdOpen(uuid, { pid: process.pid, comm: 'mdev-operator' }, context.signal);
    context.print(`holding ${uuid} open as pid ${process.pid}; end this command to let go`);
    await new Promise<void>((resolve) => {
      for (const signal of [hold.over, context.signal]) {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      }
    });
  });
  add('unload <parent>', "unload the parent's driver: its devices go", async (host, [parent = '']) => {
    await host.unloadParent(parent, context.signal);
  });
  add('load <parent>', "load the parent's driver again", async (host, [parent = '']) => {
    await host.loadParent(parent, context.signal);
  });
  add(
    'fault <parent> <operation> <outcome>',
    `make a driver fail: operation is one of ${operations.join(', ')}; outcome an errno such as EIO, or hang`,
    async (host, [parent = '', operation, outcome], { times }) => {
      const count = times === undefined ? undefined : parse('--times', z.coerce.number().int().min(1, 'must be at least 1'), times);
      const ends = parse(
        'outcome',
        z.custom<'hang' | 'EIO'>((text) => text === 'hang' || isErrno(text), 'must be hang or an errno such as EIO'),
        outcome,
      );
      await host.injectFault(
        {
          parent,
          operation: parse('operation', z.enum(operations, { error: `must be one of ${operations.join(', ')}` }), operation),
          outcome: ends,
          ...(count === undefined ? {} : { times: count }),
        },
        context.signal,
      );
    },
    (command) => command.option('--times <count>', 'how many operations it strikes (default: all until faults are cleared)'),
  );
  add('clear-faults [parent]', 'end the faults, of one parent or of all; what hangs goes on', async (host, [parent]) => {
    await host.clearFaults(parent === undefined ? {} : { parent }, context.signal);
  });
}

function refusal(error: unknown, socket: string): Error {
  if (!(error instanceof Error) || !('code' in error)) return error instanceof Error ? error : new Error(String(error));
  if ('step' in error && error.step === 'connect')
    return new UsageError(`no emulator answers at ${socket}; give --socket, or start one with mdev-operator standalone or emulator`, {
      cause: error,
    });
  return new UsageError(error.message, { cause: error });
}

function table(state: HostState): string {
  const parents = state.parents.map((parent) => [
    parent.name,
    parent.state,
    parent.types.map(({ id, availableInstances }) => `${id}=${availableInstances}`).join(' '),
  ]);
  const devices = state.devices.map((device) => [
    device.id,
    device.parent,
    device.typeID,
    device.state,
    device.users.map(({ pid, comm }) => `${comm}(${pid})`).join(' '),
  ]);
  return [
    ...columns(['PARENT', 'STATE', 'REMAINING'], parents),
    '',
    ...columns(['UUID', 'PARENT', 'TYPE', 'STATE', 'USERS'], devices),
  ].join('\n');
}
