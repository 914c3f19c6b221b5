import { reasonAdvice } from '../src/api/reason-advice.ts';
import { reasons } from '../src/api/reasons.ts';

const begin =
  '<!-- prettier-ignore-start -->\n<!-- Generated from src/api/reasons.ts and src/api/reason-advice.ts by `npm run generate`. -->\n';
const end = '<!-- prettier-ignore-end -->';

const titles: { readonly [Condition in keyof typeof reasons]: string } = {
  Allocated: 'MdevDevice, condition Allocated',
  Created: 'MdevDevice, condition Created',
  Online: 'MdevDevice, condition Online',
  InUse: 'MdevDevice, condition InUse',
  Ready: 'MdevDevice, condition Ready',
  Present: 'MdevParent, condition Present',
  SetReady: 'MdevDeviceSet, condition Ready',
  Progressing: 'MdevDeviceSet, condition Progressing',
  Event: 'Events about no condition',
};

/** `text` as a cell of a Markdown table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** `document` with the tables of all reasons, meanings and advice between its marks. @throws Error if it has no marks */
export function reasonTables(document: string): string {
  const from = document.indexOf(begin);
  const to = document.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error('docs/OPERATIONS.md has no marks for the tables of reasons');
  const tables = Object.entries(reasons).map(([condition, ofCondition]) => {
    const advice: Readonly<Record<string, string>> = reasonAdvice[condition as keyof typeof reasons];
    const rows = Object.entries(ofCondition).map(
      ([reason, meaning]) => `| \`${reason}\` | ${cell(meaning)} | ${cell(advice[reason] ?? '')} |`,
    );
    return [
      `### ${titles[condition as keyof typeof reasons]}`,
      '',
      '| reason | means | what to do |',
      '| --- | --- | --- |',
      ...rows,
      '',
    ].join('\n');
  });
  return `${document.slice(0, from)}${begin}\n${tables.join('\n')}\n${document.slice(to)}`;
}
