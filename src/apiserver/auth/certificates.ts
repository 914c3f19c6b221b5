/** X.509 certificates of this server: its own authority, and what that signs. ECDSA P-256 throughout. */
import 'reflect-metadata'; // the certificate library needs it loaded first
import { createPrivateKey, randomBytes, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its private key (PKCS #8), both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 24 * 60 * 60 * 1000;
const authorityLifetime = 10 * 365 * day;
const leafLifetime = 365 * day;
const renewBefore = 30 * day;
/** Clocks of others may lag. */
const backdate = 60 * 60 * 1000;

/** Makes a new certificate authority. `now` is milliseconds since the epoch, here and below. */
export async function createAuthority(now: number): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: 'CN=mdev-operator-ca',
      notBefore: new Date(now - backdate),
      notAfter: new Date(now + authorityLifetime),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** Signs a server certificate for these host names and addresses. */
export function issueServer(authority: KeyPair, hosts: readonly string[], now: number): Promise<KeyPair> {
  const names = hosts.map((host) => ({ type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const), value: host }));
  return issue(authority, 'CN=mdev-operator', ExtendedKeyUsage.serverAuth, [new SubjectAlternativeNameExtension(names)], now);
}

/** Signs a client certificate for a user (CN) in one group (O). */
export function issueClient(authority: KeyPair, user: string, group: string, now: number): Promise<KeyPair> {
  return issue(authority, `O=${group}, CN=${user}`, ExtendedKeyUsage.clientAuth, [], now);
}

async function issue(
  authority: KeyPair,
  subject: string,
  usage: ExtendedKeyUsage,
  extensions: readonly SubjectAlternativeNameExtension[],
  now: number,
): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.certificate);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject,
      issuer: issuer.subject,
      notBefore: new Date(now - backdate),
      notAfter: new Date(now + leafLifetime),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: await importKey(authority.key),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        await AuthorityKeyIdentifierExtension.create(issuer, false, webcrypto),
        ...extensions,
      ],
    },
    webcrypto,
  );
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** Whether a pair fits together, will be valid for another month, was signed by `authority`, and names all `hosts`. */
export function isUsable(pair: KeyPair, authority: KeyPair, hosts: readonly string[], now: number): boolean {
  const certificate = new NodeCertificate(pair.certificate);
  if (certificate.validToDate.getTime() - now < renewBefore || certificate.validFromDate.getTime() > now) return false;
  if (!certificate.checkPrivateKey(createPrivateKey(pair.key))) return false;
  if (!certificate.verify(new NodeCertificate(authority.certificate).publicKey)) return false;
  return hosts.every((host) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined);
}

function serialNumber(): string {
  // Positive, as RFC 5280 asks.
  return `01${randomBytes(15).toString('hex')}`;
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(pem.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}
