/** Where the embedded server is meant to answer otherwise than the real one. One that no longer occurs fails its test. */
import type { KnownDifference } from './differences.ts';

/** In the scenarios of this folder; `where` is "scenario: label". */
export const knownDifferences: readonly KnownDifference[] = [
  {
    where: '*',
    path: '*',
    real: '404 page not found\n',
    reason: 'what is not served is answered with a Status, which clients can print',
  },
  { where: '*', path: 'content-type', real: 'text/plain; charset=utf-8', reason: 'goes with the Status instead of text' },
  { where: 'openapi: *', path: '*description', reason: 'descriptions of Kubernetes are not copied' },
  { where: 'tables: *', path: 'body.columnDefinitions[*].description', reason: 'descriptions of Kubernetes are not copied' },
  { where: 'events: table', path: 'body.columnDefinitions[*].description', reason: 'descriptions of Kubernetes are not copied' },
  { where: 'content: accept protobuf', path: '*', reason: 'protobuf is not spoken: the refusal is in JSON' },
  { where: 'create: create at an item', path: '*', reason: 'the real server ignores the name in the path; ours refuses the method' },
  { where: 'apply-status: spec with status', path: '*', reason: 'the real server nulls status and then refuses it' },
  { where: 'content: deep nesting', path: '*', reason: 'bounded, so that no request can exhaust the stack' },
  { where: 'discovery: aggregated core', path: '*subresources', reason: 'nodes/proxy is for kubelets' },
  { where: 'discovery: *', path: '*storageVersionHash', reason: 'opaque, and of another storage' },
  { where: 'discovery: a post to discovery', path: '*', reason: 'the real server takes any method for a GET there' },
  { where: '*: broken YAML', path: 'body.message', reason: 'another YAML library says it in other words' },
  { where: 'content: accept YAML', path: 'body', reason: 'another YAML library puts other quotes' },
  {
    where: 'watch-list: from the future',
    path: 'events',
    reason: 'a server whose data was restored from older ones sends its clients back to listing at once, instead of leaving them waiting',
  },
  { where: 'scale: as a table', path: 'body.columnDefinitions[*].description', reason: 'descriptions of Kubernetes are not copied' },
  ...['put text', 'put an unknown field, strictly', 'put the object itself'].map((label) => ({
    where: `scale: ${label}`,
    path: 'body.message',
    real: 'no kind is registered for the type v1.Scale in scheme "pkg/runtime/scheme.go:111"',
    reason: "the real server's decoder of Scales cannot word its own refusal; ours says what is wrong",
  })),
  { where: 'strategic-patch: a wrong type', path: '*message', reason: 'ours names the field and its type' },
  { where: 'nodes: one taint twice', path: '*message', reason: "the real server prints Go's struct, ours the JSON" },
  { where: 'events: newer cannot change its object', path: '*message', reason: "the real server prints Go's struct, ours the JSON" },
  { where: 'definitions: webhook conversion without webhook', path: '*', reason: 'conversion by webhook is not served' },
  { where: 'definitions: nullable with default null', path: '*', reason: 'the default is kept as it was written' },
  { where: 'definitions: a rule with a bad messageExpression', path: '*message', reason: 'another CEL parser says it in other words' },
  {
    where: 'definitions: a rule that costs too much',
    path: '*',
    reason: 'costs of CEL rules are not estimated; lists and strings are bounded by size',
  },
  {
    where: 'openapi: v3 schemas',
    path: 'value',
    reason: 'meta/v1 ShardInfo, an alpha feature of 1.36, is not served',
  },
  { where: 'openapi: v3 parameters of a list', path: 'value', reason: 'shardSelector, an alpha feature of 1.36, is not served' },
  { where: 'openapi: v3 of an unknown group', path: 'body', real: '', reason: 'what is not served is answered with a Status' },
  { where: 'openapi: *', path: '*x-kubernetes-selectable-fields', reason: 'an extension of 1.32 that no client needs, not published yet' },
  ...['apiVersion', 'kind'].map((field) => ({
    where: 'openapi: *',
    path: `value.properties.${field}.maxLength`,
    reason: "the CRD's own schema of the field, which the real server replaces",
  })),
  ...['$ref', 'allOf', 'description'].map((field) => ({
    where: 'openapi: v3 schema of MdevDeviceList',
    path: `value.properties.items.items.${field}`,
    reason: 'written as in the lists of built-in resources',
  })),
  ...['x-kubernetes-validations', 'default'].map((field) => ({
    where: 'openapi: v2 *',
    path: `value.properties.spec.*${field}`,
    reason: 'v2 is for kubectl before 1.29, which reads neither',
  })),
];

/** In ../manifests; `where` is the case's name. */
export const knownManifestDifferences: readonly KnownDifference[] = [
  ...['annotations beyond 256 KiB', 'neither name nor generateName'].flatMap((where) =>
    ['message', 'details.causes'].map((path) => ({
      where,
      path,
      reason: 'the real server then leaves CEL rules unchecked and says so; ours checks them',
    })),
  ),
  {
    where: 'another version',
    path: 'message',
    reason: 'the real server looks for unknown fields first and blames one; ours names the version',
  },
  ...['message', 'details.causes'].map((path) => ({
    where: 'another kind',
    path,
    reason: "ours does not judge it by this kind's rules besides",
  })),
  { where: 'null for a body', path: 'message', reason: 'no object either way' },
  { where: 'metadata that is text', path: 'message', reason: 'ours names the field' },
];
