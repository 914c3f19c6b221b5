/** Addresses, networks and URLs in CEL: ip(), cidr(), url() and what can be asked of them. */
import { isIPv4, isIPv6 } from 'node:net';
import type { Environment } from '@marcbachmann/cel-js';

const sync = { async: false } as const;

/** An address as a number. */
class Ip {
  readonly bits: bigint;
  readonly family: 4 | 6;

  constructor(bits: bigint, family: 4 | 6) {
    this.bits = bits;
    this.family = family;
  }

  toString(): string {
    if (this.family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((this.bits >> shift) & 255n)).join('.');
    const groups = Array.from({ length: 8 }, (_, i) => ((this.bits >> BigInt(112 - 16 * i)) & 0xffffn).toString(16)).join(':');
    // The longest run of zero groups, at least two, is left out; of equal ones the first.
    const runs = Array.from(groups.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g), ([run]) => run).sort((a, b) => b.length - a.length);
    const longest = runs[0];
    return longest === undefined ? groups : groups.replace(longest, groups.endsWith(longest) ? '::' : ':').replace(/^:(?!:)/, '::');
  }
}

class Cidr {
  readonly ip: Ip;
  readonly prefix: number;

  constructor(ip: Ip, prefix: number) {
    this.ip = ip;
    this.prefix = prefix;
  }

  get width(): number {
    return this.ip.family === 4 ? 32 : 128;
  }

  /** The network's own part of an address of its family. */
  network(bits: bigint): bigint {
    return bits >> BigInt(this.width - this.prefix);
  }

  contains(ip: Ip): boolean {
    return ip.family === this.ip.family && this.network(ip.bits) === this.network(this.ip.bits);
  }

  masked(): Cidr {
    const shift = BigInt(this.width - this.prefix);
    return new Cidr(new Ip((this.ip.bits >> shift) << shift, this.ip.family), this.prefix);
  }

  toString(): string {
    return `${this.ip.toString()}/${String(this.prefix)}`;
  }
}

function parseIp(text: string): Ip | undefined {
  if (isIPv4(text))
    return new Ip(
      text.split('.').reduce((bits, part) => bits * 256n + BigInt(part), 0n),
      4,
    );
  // Zones are not allowed, nor IPv4 in IPv6's clothes.
  if (!isIPv6(text) || text.includes('%') || text.includes('.')) return undefined;
  const [head = '', tail] = text.split('::');
  const parts = (part: string | undefined): string[] => (part === undefined || part === '' ? [] : part.split(':'));
  const [before, after] = [parts(head), parts(tail)];
  const groups = tail === undefined ? before : [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  const bits = groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n);
  return bits >> 32n === 0xffffn ? undefined : new Ip(bits, 6);
}

function parseCidr(text: string): Cidr | undefined {
  const [address = '', prefix = '', more] = text.split('/');
  const ip = parseIp(address);
  if (ip === undefined || more !== undefined || !/^(?:0|[1-9]\d{0,2})$/.test(prefix)) return undefined;
  return Number(prefix) <= (ip.family === 4 ? 32 : 128) ? new Cidr(ip, Number(prefix)) : undefined;
}

function needIp(text: string): Ip {
  const ip = parseIp(text);
  if (ip === undefined)
    throw new Error(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`,
    );
  return ip;
}

function needCidr(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) {
    throw new Error(
      `network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)}): unable to parse`,
    );
  }
  return cidr;
}

const V4_LOOPBACK = new Cidr(new Ip(0x7f000000n, 4), 8);
const V4_LINK_LOCAL = new Cidr(new Ip(0xa9fe0000n, 4), 16);
const V4_LINK_LOCAL_MULTICAST = new Cidr(new Ip(0xe0000000n, 4), 24);
const V4_MULTICAST = new Cidr(new Ip(0xe0000000n, 4), 4);
const V6_LINK_LOCAL = new Cidr(new Ip(0xfe80n << 112n, 6), 10);
const V6_MULTICAST = new Cidr(new Ip(0xffn << 120n, 6), 8);

const isUnspecified = (ip: Ip): boolean => ip.bits === 0n;
const isLoopback = (ip: Ip): boolean => (ip.family === 4 ? V4_LOOPBACK.contains(ip) : ip.bits === 1n);
const isLinkLocalUnicast = (ip: Ip): boolean => V4_LINK_LOCAL.contains(ip) || V6_LINK_LOCAL.contains(ip);
const isMulticast = (ip: Ip): boolean => V4_MULTICAST.contains(ip) || V6_MULTICAST.contains(ip);
const isLinkLocalMulticast = (ip: Ip): boolean =>
  V4_LINK_LOCAL_MULTICAST.contains(ip) || (V6_MULTICAST.contains(ip) && ((ip.bits >> 112n) & 0xfn) === 2n);
const isBroadcast = (ip: Ip): boolean => ip.family === 4 && ip.bits === 0xffffffffn;

class IpNamespace {
  readonly name = 'ip';
}

/** Registers ip(), cidr(), url() and their methods. */
export function registerNetwork(env: Environment): void {
  const fn = (signature: string, handler: (...args: never[]) => unknown): void => {
    env.registerFunction(signature, handler as (...args: unknown[]) => unknown, sync);
  };
  env.registerType('IP', Ip).registerType('CIDR', Cidr).registerType('IpNamespace', IpNamespace);
  env.registerConstant('ip', 'IpNamespace', new IpNamespace());
  env.registerOperator('IP == IP', (a: Ip, b: Ip) => a.family === b.family && a.bits === b.bits);
  env.registerOperator('CIDR == CIDR', (a: Cidr, b: Cidr) => a.toString() === b.toString());
  fn('isIP(string): bool', (text: string) => parseIp(text) !== undefined);
  fn('ip(string): IP', needIp);
  fn('IpNamespace.isCanonical(string): bool', (_: unknown, text: string) => needIp(text).toString() === text);
  fn('string(IP): string', (ip: Ip) => ip.toString());
  fn('IP.family(): int', (ip: Ip) => BigInt(ip.family));
  fn('IP.isUnspecified(): bool', isUnspecified);
  fn('IP.isLoopback(): bool', isLoopback);
  fn('IP.isLinkLocalMulticast(): bool', isLinkLocalMulticast);
  fn('IP.isLinkLocalUnicast(): bool', isLinkLocalUnicast);
  fn(
    'IP.isGlobalUnicast(): bool',
    (ip: Ip) => !isUnspecified(ip) && !isLoopback(ip) && !isMulticast(ip) && !isLinkLocalUnicast(ip) && !isBroadcast(ip),
  );
  fn('isCIDR(string): bool', (text: string) => parseCidr(text) !== undefined);
  fn('cidr(string): CIDR', needCidr);
  fn('string(CIDR): string', (cidr: Cidr) => cidr.toString());
  fn('CIDR.ip(): IP', (cidr: Cidr) => cidr.ip);
  fn('CIDR.prefixLength(): int', (cidr: Cidr) => BigInt(cidr.prefix));
  fn('CIDR.masked(): CIDR', (cidr: Cidr) => cidr.masked());
  fn('CIDR.containsIP(string): bool', (cidr: Cidr, text: string) => cidr.contains(needIp(text)));
  fn('CIDR.containsIP(IP): bool', (cidr: Cidr, ip: Ip) => cidr.contains(ip));
  const holds = (outer: Cidr, inner: Cidr): boolean => inner.prefix >= outer.prefix && outer.contains(inner.ip);
  fn('CIDR.containsCIDR(string): bool', (cidr: Cidr, text: string) => holds(cidr, needCidr(text)));
  fn('CIDR.containsCIDR(CIDR): bool', holds);
  registerUrls(fn, env);
}

function registerUrls(fn: (signature: string, handler: (...args: never[]) => unknown) => void, env: Environment): void {
  // An absolute path counts as a URL too; a base that shows in no answer lets it be parsed.
  const parse = (text: string): { url: URL; absolute: boolean } | undefined => {
    const absolute = URL.canParse(text);
    if (!absolute && !text.startsWith('/')) return undefined;
    const url = absolute ? new URL(text) : URL.parse(text, 'path://');
    return url === null ? undefined : { url, absolute };
  };
  class CelUrl {
    readonly text: string;
    readonly url: URL;
    readonly absolute: boolean;

    constructor(text: string) {
      const parsed = parse(text);
      if (parsed === undefined)
        throw new Error(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`);
      this.text = text;
      this.url = parsed.url;
      this.absolute = parsed.absolute;
    }
  }
  env.registerType('URL', CelUrl);
  env.registerOperator('URL == URL', (a: CelUrl, b: CelUrl) => a.text === b.text);
  fn('isURL(string): bool', (text: string) => parse(text) !== undefined);
  fn('url(string): URL', (text: string) => new CelUrl(text));
  fn('URL.getScheme(): string', ({ url, absolute }: CelUrl) => (absolute ? url.protocol.slice(0, -1) : ''));
  fn('URL.getHost(): string', ({ url, text }: CelUrl) => /^[^:/?]+:\/\/(?:[^/?@]*@)?([^/?]*)/.exec(text)?.[1] ?? (url.host || ''));
  fn('URL.getHostname(): string', ({ url }: CelUrl) => url.hostname.replace(/^\[|\]$/g, ''));
  fn('URL.getPort(): string', ({ text }: CelUrl) => /^[^:/?]+:\/\/(?:[^/?@]*@)?(?:\[[^\]]*\]|[^/?:]*):(\d*)/.exec(text)?.[1] ?? '');
  fn('URL.getEscapedPath(): string', ({ url, text }: CelUrl) => (/^[^:/?]+:\/\/[^/?]*(?:\?|$)/.test(text) ? '' : url.pathname));
  fn('URL.getQuery(): map<string, list<string>>', ({ url }: CelUrl) => {
    const query = new Map<string, string[]>();
    for (const [key, value] of url.searchParams) query.set(key, [...(query.get(key) ?? []), value]);
    return query;
  });
}
