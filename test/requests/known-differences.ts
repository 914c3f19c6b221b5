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
  {
    where: '*',
    path: 'body.message',
    real: 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    reason: 'protobuf is not spoken',
  },
  { where: 'content: accept protobuf', path: '*', reason: 'protobuf is not spoken: the refusal is in JSON' },
  { where: 'create: create at an item', path: '*', reason: 'the real server ignores the name in the path; ours refuses the method' },
  { where: '*: replace the collection', path: '*', reason: 'there is no such method, which 405 says better' },
  { where: '*: a patch of a collection', path: '*', reason: 'there is no such method, which 405 says better' },
  { where: 'status: a subresource of a subresource', path: '*', reason: 'the real server ignores the rest of the path' },
  { where: 'apply-status: spec with status', path: '*', reason: 'the real server nulls status and then refuses it' },
  { where: 'apply: a version for what is not there', path: '*', reason: 'the real server creates the object of a version that is gone' },
  { where: 'paging: limit and version 0', path: '*', reason: 'the real server does not page what it has in its cache' },
  { where: 'content: deep nesting', path: '*', reason: 'bounded, so that no request can exhaust the stack' },
  { where: 'discovery: aggregated core', path: '*subresources', reason: 'nodes/proxy is for kubelets' },
  { where: 'discovery: *', path: '*storageVersionHash', reason: 'opaque, and of another storage' },
];

/** In ../manifests; `where` is the case's name. */
export const knownManifestDifferences: readonly KnownDifference[] = [];
