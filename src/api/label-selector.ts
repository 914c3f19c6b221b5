import { z } from 'zod';
import { listTypes, rules } from './schema-meta.ts';

const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const labelKey = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Labels to match, all of them, at most 16. */
export const labelsSchema = z
  .record(z.string().max(317), z.string().max(63).regex(labelValue))
  .refine((labels) => Object.keys(labels).length <= 16, 'at most 16 labels')
  .meta({ maxProperties: 16 });

const requirementSchema = z
  .object({
    key: z.string().min(1).max(317).regex(labelKey).describe('The label.'),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']).describe('How its value is compared.'),
    values: z
      .array(z.string().max(63).regex(labelValue))
      .max(16)
      .optional()
      .describe('The values for In and NotIn.')
      .meta(listTypes.atomic),
  })
  .describe('One requirement on a label.')
  .meta(
    rules({
      rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
      message: 'values belong to In and NotIn, and only to them',
    }),
  );

/** A label selector as metav1.LabelSelector. */
export const labelSelectorSchema = z.object({
  matchLabels: labelsSchema.optional().describe('Labels that must all be there with these values.'),
  matchExpressions: z.array(requirementSchema).max(16).optional().describe('Requirements that must all hold.').meta(listTypes.atomic),
});

export type LabelSelector = z.infer<typeof labelSelectorSchema>;

/** Whether `labels` satisfy every part of `selector`; an empty selector matches everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>> = {}): boolean {
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) if (labels[key] !== value) return false;
  return (selector?.matchExpressions ?? []).every(({ key, operator, values }) => {
    const value = labels[key];
    switch (operator) {
      case 'In':
        return value !== undefined && (values ?? []).includes(value);
      case 'NotIn':
        return value === undefined || !(values ?? []).includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
    }
  });
}
