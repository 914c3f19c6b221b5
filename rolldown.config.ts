import { defineConfig, type InputOptions } from 'rolldown';
import { thirdPartyLicenses } from './scripts/third-party-licenses.ts';

/** What is started as a process or thread of its own, by programBeside. */
export const programs = {
  'api-server-worker': 'src/cli/api-server-worker.ts',
  'database-worker': 'src/apiserver/store/database-worker.ts',
  'device-thread': 'src/emulator/device-thread.ts',
  'mdev-writer': 'src/provider/sysfs/writer/mdev-writer.ts',
  'uevents-thread': 'src/provider/sysfs/uevents/uevents-thread.ts',
};

/** How everything is bundled. Of client-node nothing has an effect by being loaded; of its thousand modules few are used. */
export const bundling = {
  platform: 'node',
  // Node.js 22 has no `using` yet.
  transform: { target: 'es2024' },
  treeshake: { moduleSideEffects: (id: string) => !id.includes('/client-node/dist/') },
} as const satisfies InputOptions;

/**
 * `npm run build`: the operator and what it is made of in a few files. Unbundled, a start reads two thousand files, half of them
 * client-node's models, of which we use none: five times as long, and 65 MB more of memory.
 */
export default defineConfig({
  ...bundling,
  input: { main: 'src/main.ts', 'kubectl-mdev': 'src/kubectl-mdev.ts', ...programs },
  // It has a part in machine code, which is loaded from its own folder.
  external: ['koffi'],
  plugins: [thirdPartyLicenses('THIRD-PARTY-LICENSES')],
  output: { dir: 'dist', format: 'esm', cleanDir: true },
});
