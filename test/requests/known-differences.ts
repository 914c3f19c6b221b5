/** Where the embedded server is meant to answer otherwise than the real one. One that no longer occurs fails its test. */
import type { KnownDifference } from './differences.ts';

export const knownDifferences: readonly KnownDifference[] = [];
