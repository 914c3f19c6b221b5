/** Field paths as Kubernetes writes them: `spec.list[0].name`, `metadata.annotations[a/b]`. */

/** The path of the object itself; it prints as Go prints a nil path. */
export const ROOT_PATH = '<nil>';

/** The path of the field `name` under `parent`; an empty or root parent adds nothing. */
export function childPath(parent: string, name: string): string {
  return parent === '' || parent === ROOT_PATH ? name : `${parent}.${name}`;
}

/** The path of an element of the list at `parent`. */
export function indexPath(parent: string, index: number): string {
  return `${parent === ROOT_PATH ? '' : parent}[${String(index)}]`;
}

/** The path of the value under `key` in the map at `parent`. */
export function keyPath(parent: string, key: string): string {
  return `${parent === ROOT_PATH ? '' : parent}[${key}]`;
}
