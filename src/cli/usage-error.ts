/** What the user typed cannot be carried out: shown as one line, exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
