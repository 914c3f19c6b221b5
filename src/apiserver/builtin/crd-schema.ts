/** The schema of apiextensions.k8s.io/v1 CustomResourceDefinition. */
import { jsonSchemaPropsSchema } from './json-schema-props.ts';
import { timeSchema, topLevel } from './meta-schema.ts';
import { always, atomicList, flag, int32, int64, keyedList, requiredText, struct, text, use } from './type-builders.ts';
import type { TypeSchema } from './type-schema.ts';

const EXT = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';
const string: TypeSchema = { type: 'string', default: '' };

const names = struct(
  `${EXT}.CustomResourceDefinitionNames`,
  'The names a resource goes by.',
  {
    categories: atomicList(string, 'Groups of resources it is listed with, e.g. all.'),
    kind: requiredText('The kind of the objects, in CamelCase.'),
    listKind: text('The kind of their list; the kind with List appended when left out.'),
    plural: requiredText('The name in URLs, in lower case.'),
    shortNames: atomicList(string, 'Short names for the command line.'),
    singular: text('The singular, for the command line; the kind in lower case when left out.'),
  },
  ['plural', 'kind'],
);

const printerColumn = struct(
  `${EXT}.CustomResourceColumnDefinition`,
  'A column of the table that kubectl get prints.',
  {
    description: text('What the column shows.'),
    format: text('The OpenAPI format of the value.'),
    jsonPath: requiredText('Where in the object the value is.'),
    name: requiredText('The heading.'),
    priority: int32('0 is shown always, more only with -o wide.'),
    type: requiredText('integer, number, string, boolean or date.'),
  },
  ['name', 'type', 'jsonPath'],
);

const selectableField = struct(
  `${EXT}.SelectableField`,
  'A field that field selectors may name.',
  { jsonPath: requiredText('Where in the object the field is.') },
  ['jsonPath'],
);

const subresources = struct(`${EXT}.CustomResourceSubresources`, 'The subresources of a custom resource.', {
  scale: struct(
    `${EXT}.CustomResourceSubresourceScale`,
    'How the scale subresource maps to the object.',
    {
      labelSelectorPath: text('Where in the object the label selector is, as text.', { keepZero: true }),
      specReplicasPath: requiredText('Where in spec the wanted number is.'),
      statusReplicasPath: requiredText('Where in status the present number is.'),
    },
    ['specReplicasPath', 'statusReplicasPath'],
  ),
  status: {
    definition: `${EXT}.CustomResourceSubresourceStatus`,
    type: 'object',
    description: 'Present when status is written through a subresource of its own.',
    'x-kubernetes-preserve-unknown-fields': true,
  },
});

const version = struct(
  `${EXT}.CustomResourceDefinitionVersion`,
  'One version of a custom resource.',
  {
    additionalPrinterColumns: atomicList(printerColumn, 'The columns of its table, after the name.'),
    deprecated: flag('Every use of the version is answered with a warning.'),
    deprecationWarning: text('The text of that warning.', { keepZero: true }),
    name: requiredText('The name, e.g. v1alpha1.'),
    schema: struct(`${EXT}.CustomResourceValidation`, 'The schema of a version.', {
      openAPIV3Schema: use(jsonSchemaPropsSchema(), 'The schema as OpenAPI v3.'),
    }),
    selectableFields: atomicList(selectableField, 'The fields that field selectors may name.'),
    served: flag('Whether the API serves this version.', { default: false, always: true }),
    storage: flag('Whether objects are stored in this version; exactly one version is.', { default: false, always: true }),
    subresources: use(subresources, 'Its subresources.'),
  },
  ['name', 'served', 'storage'],
);

const conversion = struct(
  `${EXT}.CustomResourceConversion`,
  'How objects are turned from one version into another.',
  {
    strategy: requiredText('None (only apiVersion changes) or Webhook.', 'v1.ConversionStrategyType'),
    webhook: struct(
      `${EXT}.WebhookConversion`,
      'A webhook that converts.',
      {
        clientConfig: struct(`${EXT}.WebhookClientConfig`, 'How to reach a webhook.', {
          caBundle: text('The certificates to trust, as base64 of PEM.', { format: 'byte' }),
          service: struct(
            `${EXT}.ServiceReference`,
            'A service.',
            {
              name: requiredText('Its name.'),
              namespace: requiredText('Its namespace.'),
              path: text('The path of the URL.', { keepZero: true }),
              port: int32('The port; 443 when left out.', { keepZero: true }),
            },
            ['namespace', 'name'],
          ),
          url: text('The URL, instead of a service.', { keepZero: true }),
        }),
        conversionReviewVersions: atomicList(string, 'The versions of ConversionReview it understands.', { nullable: true, always: true }),
      },
      ['conversionReviewVersions'],
    ),
  },
  ['strategy'],
);

const condition = struct(
  `${EXT}.CustomResourceDefinitionCondition`,
  'One aspect of the state of a definition.',
  {
    lastTransitionTime: use(timeSchema, 'When the status last changed.', { always: true, nullable: true }),
    message: text('The reason, for people.'),
    observedGeneration: int64('The generation the condition is about.'),
    reason: text('The reason, for programs.'),
    status: requiredText('True, False or Unknown.', 'v1.ConditionStatus'),
    type: requiredText('Established, NamesAccepted, NonStructuralSchema, KubernetesAPIApprovalPolicyConformant or Terminating.'),
  },
  ['type', 'status'],
);

/** A condition list whose strategic merge is not by key: CustomResourceDefinition names none. */
const {
  'x-kubernetes-patch-merge-key': _key,
  'x-kubernetes-patch-strategy': _strategy,
  ...conditions
} = keyedList(condition, 'type', 'Aspects of the state.');

export const crdSchema = topLevel(
  `${EXT}.CustomResourceDefinition`,
  { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' },
  'A custom resource: a kind of objects that the API server serves.',
  {
    spec: always(
      struct(
        `${EXT}.CustomResourceDefinitionSpec`,
        'What the API server is to serve.',
        {
          conversion: use(conversion, 'How objects are turned from one version into another.'),
          group: requiredText('The API group; the name of the definition ends in it.'),
          names: always(names, 'The names the resource goes by.'),
          preserveUnknownFields: flag('No longer used.'),
          scope: requiredText('Cluster or Namespaced.', 'v1.ResourceScope'),
          versions: atomicList(version, 'The versions of the resource.', { nullable: true, always: true }),
        },
        ['group', 'names', 'scope', 'versions'],
      ),
      'What the API server is to serve.',
    ),
    status: use(
      struct(`${EXT}.CustomResourceDefinitionStatus`, 'What the API server serves.', {
        acceptedNames: always(names, 'The names that are served; they differ from spec when another definition has them.'),
        conditions: { ...conditions, nullable: true, always: true },
        observedGeneration: int64('The generation of spec that the status is about.'),
        storedVersions: atomicList(string, 'Every version in which objects may be stored.', { nullable: true, always: true }),
      }),
      'What the API server serves.',
      { always: true },
    ),
  },
  ['spec'],
);
