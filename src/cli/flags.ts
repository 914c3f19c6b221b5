import { hostname } from 'node:os';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { dnsLabel, dnsSubdomain } from '../api/patterns.ts';
import { UsageError } from './usage-error.ts';

/** A flag as it is declared: how it is written, what it says, and what its text must be. */
export interface Flag<T> {
  readonly flags: string;
  readonly description: string;
  readonly schema: z.ZodType<T>;
  readonly repeatable?: boolean;
}

/** An address to listen on. Port 0: a free one. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const hostPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):\d{1,5}$/, 'must be HOST:PORT, such as 127.0.0.1:0')
  .transform((text): HostPort => {
    const split = text.lastIndexOf(':');
    return { host: text.slice(0, split).replace(/^\[|\]$/g, ''), port: Number(text.slice(split + 1)) };
  })
  .refine(({ port }) => port <= 65535, 'the port must be at most 65535');

const path = z.string().min(1, 'must not be empty');

function defaultNodeName(): string {
  const name = hostname().toLowerCase();
  return dnsSubdomain.test(name) ? name : 'localhost';
}

/** All flags of all commands, by the key under which a command finds the value. */
export const allFlags = {
  dataDir: {
    flags: '--data-dir <dir>',
    description: 'where state is kept (default: ./.mdev-operator)',
    schema: path.default('./.mdev-operator'),
  },
  listen: {
    flags: '--listen <host:port>',
    description: 'where the API server listens (default: 127.0.0.1 and the port used before, else a free one)',
    schema: hostPort.default({ host: '127.0.0.1', port: 0 }),
  },
  kubeconfig: {
    flags: '--kubeconfig <file>',
    description: 'how to reach the API server (default: $KUBECONFIG, ~/.kube/config or the service account)',
    schema: path.optional(),
  },
  nodeName: {
    flags: '--node-name <name>',
    description: `the name of this node (default: the host's name)`,
    schema: z.string().max(253).regex(dnsSubdomain, 'must be a lower-case DNS name').default(defaultNodeName),
  },
  provider: {
    flags: '--provider <emulated|sysfs>',
    description: 'the emulated kernel or the real one (default: emulated)',
    schema: z.enum(['emulated', 'sysfs'], { error: 'must be emulated or sysfs' }).default('emulated'),
  },
  emulator: { flags: '--emulator <socket>', description: 'the UNIX socket of an emulator that runs already', schema: path.optional() },
  profile: {
    flags: '--profile <file>',
    description: 'the YAML profile of the emulated host (default: profiles/default.yaml)',
    schema: path.optional(),
  },
  socket: { flags: '--socket <path>', description: 'the UNIX socket to serve on', schema: path.default('./.mdev-operator/emulator.sock') },
  runDir: {
    flags: '--run-dir <dir>',
    description: "where the devices' vfio-user sockets are, UUID.sock (default: vfio-user beside the emulator's own socket)",
    schema: path.optional(),
  },
  apply: {
    flags: '--apply <file-or-dir>',
    description: 'YAML to apply at start; may be given more than once',
    schema: z.array(path).default([]),
    repeatable: true,
  },
  waitForDevices: {
    flags: '--wait-for-devices <seconds>',
    description: 'be ready only when all MdevDevices are, or after so many seconds (default: 0, do not wait)',
    schema: z
      .string()
      .regex(/^\d{1,4}$/, 'must be a number of seconds, at most 9999')
      .transform(Number)
      .default(0),
  },
  metricsListen: {
    flags: '--metrics-listen <host:port>',
    description: 'serve /metrics, /healthz and /readyz here (default: not served)',
    schema: hostPort.optional(),
  },
  adoptNamespace: {
    flags: '--adopt-namespace <name>',
    description:
      'a namespace whose MdevDevices may adopt foreign devices, or * for all (classes then say which may); may be given more than once',
    schema: z.array(z.literal('*').or(z.string().regex(dnsLabel, 'must be the name of a namespace, or *'))).default([]),
    repeatable: true,
  },
  leaseDuration: {
    flags: '--lease-duration <seconds>',
    description: 'how long nothing may be heard of this agent before its node is called lost (default: 40)',
    schema: z
      .string()
      .regex(/^\d{1,4}$/, 'must be a number of seconds, at most 9999')
      .transform(Number)
      .refine((seconds) => seconds >= 4, 'must be at least 4')
      .default(40),
  },
  mdevctl: {
    flags: '--mdevctl <dir>',
    description: "mdevctl's definition files to read besides, such as /etc/mdevctl.d (default: none)",
    schema: path.optional(),
  },
  node: {
    flags: '--node <name>',
    description: 'only devices of this node (default: of all)',
    schema: z.string().max(253).regex(dnsSubdomain, 'must be a lower-case DNS name').optional(),
  },
  output: { flags: '--output <dir>', description: 'the folder to write files into', schema: path.optional() },
  logLevel: {
    flags: '--log-level <level>',
    description: 'trace, debug, info, warn, error or silent',
    schema: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], { error: 'must be trace, debug, info, warn, error or silent' })
      .optional(),
  },
} satisfies Record<string, Flag<unknown>>;

export type FlagKey = keyof typeof allFlags;
export type Options<K extends FlagKey> = { readonly [key in K]: z.output<(typeof allFlags)[key]['schema']> };

/** The environment variable that stands for a flag, e.g. MDEV_OPERATOR_DATA_DIR. */
function environmentName(key: FlagKey): string {
  return `MDEV_OPERATOR_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Declares the flags `keys` on `command`. */
export function addFlags(command: Command, keys: readonly FlagKey[]): Command {
  for (const key of keys) {
    const flag: Flag<unknown> = allFlags[key];
    const option = new Option(flag.flags, flag.description).env(environmentName(key));
    if (flag.repeatable) option.argParser((value: string, previous: readonly string[] | undefined) => [...(previous ?? []), value]);
    command.addOption(option);
  }
  return command;
}

/**
 * The checked values of the flags `keys`.
 * @throws UsageError naming the flag, in one line
 */
export function readFlags<K extends FlagKey>(command: Command, keys: readonly K[]): Options<K> {
  const raw = command.opts();
  const values: Partial<Record<FlagKey, unknown>> = {};
  for (const key of keys) {
    const flag: Flag<unknown> = allFlags[key];
    const given: unknown = raw[key];
    const text = flag.repeatable && typeof given === 'string' ? [given] : given;
    const result = flag.schema.safeParse(text);
    const name = flag.flags.split(' ')[0] ?? key;
    if (!result.success)
      throw new UsageError(`${name}: ${result.error.issues[0]?.message ?? 'is not valid'} (got ${JSON.stringify(given)})`);
    values[key] = result.data;
  }
  return values as Options<K>;
}
