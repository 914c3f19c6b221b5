/** All manifests that every API server in front of our CRDs has to accept or refuse alike. */
import { badDevices } from './bad-devices.ts';
import { badEnvelopes, oddButGoodBodies } from './bad-envelopes.ts';
import type { ManifestCase } from './case.ts';
import { classes } from './classes.ts';
import { deviceSets } from './device-sets.ts';
import { goodDevices } from './good-devices.ts';
import { parents } from './parents.ts';
import { deviceStatuses, deviceUpdates } from './updates.ts';

export const corpus: readonly ManifestCase[] = [
  ...goodDevices,
  ...oddButGoodBodies,
  ...badDevices,
  ...badEnvelopes,
  ...deviceUpdates,
  ...deviceStatuses,
  ...parents,
  ...classes,
  ...deviceSets,
];
