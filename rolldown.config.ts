import { defineConfig } from 'rolldown';
import { thirdPartyLicenses } from './scripts/third-party-licenses.ts';

/**
 * `npm run build`: the operator and what it is made of in a few files. Unbundled, a start reads two thousand files, half of them
 * client-node's models, of which we use none: five times as long, and 65 MB more of memory.
 */
export default defineConfig({
  input: {
    main: 'src/main.ts',
    // What is started as a process or thread of its own, by programBeside.
    'api-server-worker': 'src/cli/api-server-worker.ts',
    'database-worker': 'src/apiserver/store/database-worker.ts',
    'device-thread': 'src/emulator/device-thread.ts',
    'mdev-writer': 'src/provider/sysfs/writer/mdev-writer.ts',
    'uevents-thread': 'src/provider/sysfs/uevents/uevents-thread.ts',
  },
  platform: 'node',
  // It has a part in machine code, which is loaded from its own folder.
  external: ['koffi'],
  // Node.js 22 has no `using` yet.
  transform: { target: 'es2024' },
  treeshake: { moduleSideEffects: (id) => !id.includes('/client-node/dist/') },
  plugins: [thirdPartyLicenses('THIRD-PARTY-LICENSES')],
  output: { dir: 'dist', format: 'esm', cleanDir: true },
});
