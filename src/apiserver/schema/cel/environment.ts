/** The CEL environment of kube-apiserver: the language with optionals and Kubernetes' libraries. */
import { Environment } from '@marcbachmann/cel-js';
import { registerConversions } from './lib-conversions.ts';
import { registerFormats } from './lib-formats.ts';
import { registerLists } from './lib-lists.ts';
import { registerMacros } from './lib-macros.ts';
import { registerNetwork } from './lib-network.ts';
import { registerQuantities } from './lib-quantity.ts';
import { registerStrings } from './lib-strings.ts';
import type { Provenance } from './value.ts';

/** Without this, comparing with a large literal list would be refused. */
const LIMITS = { maxListElements: 100_000, maxMapEntries: 100_000 };

/** A fresh environment; costs about a millisecond, so one per schema. */
export function createEnvironment(origin: Provenance): Environment {
  const env = new Environment({ enableOptionalTypes: true, limits: LIMITS });
  registerConversions(env);
  registerStrings(env);
  registerLists(env, origin);
  registerQuantities(env);
  registerMacros(env);
  registerNetwork(env);
  registerFormats(env);
  return env;
}
