import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { defineConfig } from 'rolldown';
import { bundling, programs as operatorPrograms } from './rolldown.config.ts';

/**
 * What runs in a guest as few files: the processor there is emulated, and to find, read and link a thousand modules takes it half a
 * minute each time that a test or a program starts. Next to the tests stands every program that they or the operator start.
 */
const folder = new URL('test/kernel/guest-tests/', import.meta.url).pathname;
const tests = globSync(`${folder}*.test.ts`);
const programs = ['agent-main', 'death-points', 'mortal-agent-process'].map((name) => `${folder}${name}.ts`);
const named = [...tests, ...programs].map((file): [string, string] => [basename(file, '.ts'), file]);

export default defineConfig({
  ...bundling,
  input: { ...operatorPrograms, ...Object.fromEntries(named) },
  external: ['koffi', /^vitest(\/|$)/],
  output: { dir: 'build/guest', format: 'esm', cleanDir: true },
});
