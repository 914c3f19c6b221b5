/** All scenarios, in no particular order: each stands alone. */
import type { Scenario } from './scenario.ts';
import { apply, applySet, applyStatus } from './scenarios/apply.ts';
import { events, leases, namespaces, nodes, ownership } from './scenarios/builtins.ts';
import { access, content, unknown } from './scenarios/content.ts';
import { create, read, replace } from './scenarios/crud.ts';
import { customResources, definitionLife, definitions } from './scenarios/definitions.ts';
import { deletion, finalizers } from './scenarios/delete.ts';
import { discovery } from './scenarios/discovery.ts';
import { dryRun, fieldValidation } from './scenarios/fields.ts';
import { openapi } from './scenarios/openapi.ts';
import { parentPatches, patches, strategic } from './scenarios/patch.ts';
import { scale } from './scenarios/scale.ts';
import { paging, selectors } from './scenarios/select.ts';
import { status } from './scenarios/status.ts';
import { tables } from './scenarios/tables.ts';
import { watch, watchList } from './scenarios/watch.ts';

export const scenarios: readonly Scenario[] = [
  discovery,
  openapi,
  create,
  read,
  replace,
  deletion,
  finalizers,
  patches,
  strategic,
  parentPatches,
  apply,
  applyStatus,
  applySet,
  status,
  scale,
  selectors,
  paging,
  watch,
  watchList,
  dryRun,
  fieldValidation,
  tables,
  content,
  unknown,
  access,
  namespaces,
  nodes,
  events,
  leases,
  ownership,
  definitions,
  definitionLife,
  customResources,
];
