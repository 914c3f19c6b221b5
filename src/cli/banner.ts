import { relative } from 'node:path';
import type { CliContext } from './context.ts';
import type { DataDir } from './data-dir.ts';
import type { Options } from './flags.ts';
import { packageVersion } from './version.ts';

export interface BannerInit {
  readonly context: CliContext;
  readonly options: Options<'nodeName' | 'provider' | 'profile' | 'emulator'>;
  readonly paths: DataDir;
  readonly url: string;
}

/** What a standalone prints when it is ready: where everything is, and what to type next. */
export async function readyBanner({ context, options, paths, url }: BannerInit): Promise<string> {
  const kernel =
    options.provider === 'sysfs'
      ? 'the real kernel'
      : options.emulator === undefined
        ? `emulated, profile ${options.profile ?? 'profiles/default.yaml'}`
        : `emulated, ${options.emulator}`;
  return `mdev-operator ${await packageVersion(context)} is ready.
  API server   ${url}
  kubeconfig   ${shown(paths.kubeconfig)}
  node         ${options.nodeName} (${kernel})

Try in another terminal:
  export KUBECONFIG=${paths.kubeconfig}
  kubectl get mdevparents
  kubectl apply -f examples/vgpu-by-name.yaml
  kubectl get mdev --watch

Ctrl-C ends it, and the emulated host with it.`;
}

/** The path as a person would type it here. */
function shown(path: string): string {
  const local = relative('.', path);
  return local.startsWith('..') ? path : local;
}
