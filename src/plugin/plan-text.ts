import { plain, type Paint } from './paint.ts';
import type { Plan, PlanEntry } from './plan.ts';

/** `kubectl mdev plan` for people, as lines: one for each object, and a sum. */
export function planText({ entries, complete }: Plan, paint: Paint = plain): string[] {
  const waiting = entries.filter(({ outcome }) => outcome === 'Waits' || outcome === 'Fails').length;
  const refused = entries.filter(({ outcome }) => outcome === 'Refused').length;
  const sum = complete
    ? 'All of it could be made now. Nothing was changed.'
    : `${[waiting > 0 ? `${waiting} would not be made` : '', refused > 0 ? `${refused} would be refused` : ''].filter((part) => part !== '').join(', ')}. Nothing was changed.`;
  return [...entries.map((entry) => painted(`${nameOf(entry)}: ${sentence(entry)}`, entry, paint)), sum];
}

function painted(line: string, { outcome, change }: PlanEntry, paint: Paint): string {
  if (outcome === 'Waits' || outcome === 'Fails' || outcome === 'Refused') return paint('bad', line);
  if (outcome === 'Made' || (outcome === 'Applied' && change !== 'Unchanged')) return paint('good', line);
  return outcome === 'Skipped' || change === 'Unchanged' ? paint('quiet', line) : line;
}

function nameOf({ kind, namespace, name, set }: PlanEntry): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}${set === undefined ? '' : ` of set ${set}`}`;
}

function sentence(entry: PlanEntry): string {
  const { change, place, reason = '', message = '' } = entry;
  const where = place === undefined ? '' : `${place.typeID} on ${place.parentName} of node ${place.nodeName}`;
  switch (entry.outcome) {
    case 'Made':
      return `would be made, ${where}.`;
    case 'Kept':
      return `${change === 'Unchanged' ? 'unchanged' : change === 'Configure' ? 'changed in place' : 'takes what is there'}${where === '' ? '' : `, ${where}`}.`;
    case 'Moved':
      return `would leave its place for ${where}: ${message}`;
    case 'Waits':
      return `would wait (${reason}): ${message}`;
    case 'Fails':
      return `would be put on ${place?.parentName ?? ''} of node ${place?.nodeName ?? ''}, whose kernel refuses it with ${reason}: ${message}`;
    case 'Refused':
      return `refused by the API server (${reason}): ${message}`;
    case 'Applied':
      return change === 'Create' ? 'would be made.' : change === 'Unchanged' ? 'unchanged.' : 'would be changed.';
    case 'Removed':
      return message === '' ? 'would be removed.' : `would be removed (${reason}): ${message}.`;
    case 'Skipped':
      return 'not looked at: only MdevClass, MdevDeviceSet and MdevDevice are.';
  }
}
