/** Orders names the same in every locale, numbers within them by their value: node-2 before node-10. */
export function compareNames(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
