export const repository = new URL('../../', import.meta.url);

/**
 * The operator as a command, to which its arguments are added: the sources as they are or, with OPERATOR=built, what `npm run build` has
 * made of them, which starts several times faster: that counts where a processor is emulated.
 */
export function operatorCommand(): readonly string[] {
  const program = process.env['OPERATOR'] === 'built' ? 'dist/main.js' : 'src/main.ts';
  return [process.execPath, '--disable-warning=ExperimentalWarning', new URL(program, repository).pathname];
}
