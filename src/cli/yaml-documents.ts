import { parseAllDocuments } from 'yaml';
import { UsageError } from './usage-error.ts';

/** A document of a file, with where it stands as a message says it. */
export interface YAMLDocument {
  readonly place: string;
  readonly content: unknown;
}

/**
 * The documents of a YAML text that say something.
 * @param source what messages call the text
 * @throws UsageError naming the document that is not YAML
 */
export function yamlDocuments(source: string, text: string): YAMLDocument[] {
  return parseAllDocuments(text).flatMap((document, index) => {
    const place = `${source}, document ${index + 1}`;
    const problem = document.errors[0];
    if (problem !== undefined) throw new UsageError(`${place}: ${problem.message.split('\n')[0] ?? 'not YAML'}`);
    const content: unknown = document.toJS({ maxAliasCount: 50 });
    return content === null || content === undefined ? [] : [{ place, content }];
  });
}
