/** Turns what a verb answers into bytes of the negotiated form. */
import { stringify } from 'yaml';
import type { JsonObject, KubeObject } from '../object.ts';
import type { Accepted } from '../request/negotiate.ts';
import { apiVersionOf, viewText } from '../resource.ts';
import type { ListResult, Result } from '../rest/result.ts';
import type { Status } from '../status.ts';
import { entriesTable, partialText, tableText, type TableOptions } from '../table/table.ts';
import type { Answer } from './answer.ts';

export interface RenderOptions {
  readonly accepted: Accepted;
  readonly includeObject: TableOptions['includeObject'];
  readonly pretty: boolean;
  readonly now: number;
}

const commonHeaders = { 'cache-control': 'no-cache, private' };

/** The answer to a request that succeeded. */
export function renderResult(result: Result, options: RenderOptions): Answer {
  switch (result.type) {
    case 'status':
      return jsonAnswer(result.code, JSON.stringify(result.status), options, result.warnings);
    case 'object':
      return jsonAnswer(result.code, objectText(result.text, result, options), options, result.warnings);
    case 'list':
      return jsonAnswer(200, listText(result, options), options, []);
  }
}

/** The answer to a request that was refused. */
export function renderStatus(status: Status, options: Pick<RenderOptions, 'accepted' | 'pretty'>): Answer {
  const code = status.code ?? 500;
  const answer = jsonAnswer(code, JSON.stringify(status), options, []);
  const retry = status.details?.retryAfterSeconds;
  return retry === undefined ? answer : { ...answer, headers: { ...answer.headers, 'retry-after': String(retry) } };
}

function objectText(text: string, result: Result & { type: 'object' }, options: RenderOptions): string {
  const { accepted, now, includeObject } = options;
  if (accepted.as === 'Table') {
    const metadata = { resourceVersion: (JSON.parse(text) as KubeObject).metadata.resourceVersion };
    return tableText(result.resource, text, metadata, { version: accepted.version, includeObject, now });
  }
  if (accepted.as === 'PartialObjectMetadata') return partialText(JSON.parse(text) as KubeObject, accepted.version);
  return text;
}

/** `{...,"items":[...]}`, made in one piece: lists are large, and every concatenation more copies them once more. */
function withItems(head: string, items: string[]): string {
  const last = items.length - 1;
  if (last < 0) return `${head},"items":[]}\n`;
  items[0] = `${head},"items":[${items[0] ?? ''}`;
  items[last] = `${items[last] ?? ''}]}\n`;
  return items.join(',');
}

function listText(result: ListResult, options: RenderOptions): string {
  const { accepted, now, includeObject } = options;
  const { resource, entries } = result;
  const metadata: JsonObject = {
    ...((result.continueToken !== '' || (resource.custom && accepted.as === 'Object')) && { continue: result.continueToken }),
    ...(result.remainingItemCount !== undefined && { remainingItemCount: result.remainingItemCount }),
    resourceVersion: result.resourceVersion,
  };
  if (accepted.as === 'Table') return entriesTable(resource, entries, metadata, { version: accepted.version, includeObject, now });
  if (accepted.as === 'PartialObjectMetadataList') {
    const head = { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${accepted.version}`, metadata };
    const items = entries.map((entry) => partialText(JSON.parse(viewText(resource, entry)) as KubeObject, accepted.version));
    return withItems(JSON.stringify(head).slice(0, -1), items);
  }
  const head = JSON.stringify({ kind: resource.listKind, apiVersion: apiVersionOf(resource), metadata }).slice(0, -1);
  const texts = entries.map((entry) => viewText(resource, entry));
  if (resource.custom) return withItems(head, texts);
  // Items of built-in lists carry neither apiVersion nor kind.
  const typeMeta = JSON.stringify({ apiVersion: apiVersionOf(resource), kind: resource.kind }).length;
  return withItems(
    head,
    texts.map((text) => `{${text.slice(typeMeta)}`),
  );
}

/** A JSON text as the accepted format. */
export function jsonAnswer(
  status: number,
  json: string,
  options: Pick<RenderOptions, 'accepted' | 'pretty'>,
  warnings: readonly string[],
): Answer {
  const headers: Record<string, string> = { ...commonHeaders, 'content-type': `application/${options.accepted.format}` };
  if (warnings.length > 0) headers['warning'] = warnings.map(warningText).join(', ');
  return { status, headers, body: formatText(json, options) };
}

function formatText(json: string, options: Pick<RenderOptions, 'accepted' | 'pretty'>): string {
  if (options.accepted.format === 'yaml')
    return stringify(JSON.parse(json), {
      aliasDuplicateObjects: false,
      lineWidth: 0,
      indentSeq: false,
      sortMapEntries: true,
      version: '1.1',
    });
  if (options.pretty) return `${JSON.stringify(JSON.parse(json), null, 2)}\n`;
  return json.endsWith('\n') ? json : `${json}\n`;
}

/** A warn-text of RFC 7234, as kubectl parses it: without control characters, quoted. */
function warningText(message: string): string {
  const clean = message.replaceAll(/[\u0000-\u001f\u007f]/g, ' ').replaceAll(/[^\u0020-\u007e]/g, '?');
  return `299 - "${clean.slice(0, 2000).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
