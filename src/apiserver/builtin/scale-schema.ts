/** autoscaling/v1 Scale: how many of something there shall be and are, whatever it is. */
import { topLevel } from './meta-schema.ts';
import { always, int32, struct, text } from './type-builders.ts';

export const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' } as const;

export const scaleSchema = topLevel('io.k8s.api.autoscaling.v1.Scale', scaleKind, 'A request to scale an object, and its state.', {
  spec: always(
    struct('io.k8s.api.autoscaling.v1.ScaleSpec', 'What is wanted of a scale.', {
      replicas: int32('How many there shall be.', { default: 0 }),
    }),
    'What is wanted.',
  ),
  status: always(
    struct(
      'io.k8s.api.autoscaling.v1.ScaleStatus',
      'What is the case of a scale.',
      {
        replicas: int32('How many there are.', { default: 0, always: true }),
        selector: text('The label selector of what is counted, as text.'),
      },
      ['replicas'],
    ),
    'What is the case.',
  ),
});
