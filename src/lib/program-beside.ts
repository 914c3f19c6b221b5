/** Flags of Node.js that our programs and threads are started with. */
export const nodeFlags: readonly string[] = ['--disable-warning=ExperimentalWarning'];

/**
 * A program in the folder of the module that starts it, as TypeScript where that is run as it is. Where all was built into `dist/`, the
 * program is there (`rolldown.config.ts` names them all), so no two have one name.
 * @param importer the module's `import.meta.url`
 * @param name the file without its ending, such as `device-thread`
 */
export function programBeside(importer: string, name: string): URL {
  return new URL(`${name}.${importer.endsWith('.ts') ? 'ts' : 'js'}`, importer);
}
