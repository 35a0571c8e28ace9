import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

/* Certificates made by hand, so that tests need neither openssl nor a package: just enough DER. */

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  readonly name: string;
  readonly privateKey: KeyObject;
}

export function makeAuthority(name: string): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = [
    extension('551d13', sequence(tlv(0x01, Buffer.from([0xff]))), true),
    // keyCertSign and cRLSign
    extension('551d0f', tlv(0x03, Buffer.from([1, 0x06])), true),
  ];
  const cert = certificate({
    subject: [['550403', name]],
    issuer: name,
    publicKey,
    signer: privateKey,
    extensions,
  });
  return { name, privateKey, cert, key: pem(privateKey) };
}

export interface Subject {
  readonly commonName: string;
  /** The group of a client, to Kubernetes. */
  readonly organization?: string;
  /** Names and addresses of a server. */
  readonly hosts?: readonly string[];
}

export function makeCertificate(
  authority: Authority,
  { commonName, organization, hosts = [] }: Subject,
): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const names = hosts.map((host) => {
    if (isIP(host) === 0) return tlv(0x82, Buffer.from(host, 'latin1'));
    return tlv(0x87, addressBytes(host));
  });
  // serverAuth and clientAuth
  const usage = sequence(oid('2b06010505070301'), oid('2b06010505070302'));
  const extensions = [
    extension('551d25', usage, false),
    ...(names.length > 0 ? [extension('551d11', sequence(...names), false)] : []),
  ];
  const subject: [string, string][] = [['550403', commonName]];
  if (organization !== undefined) subject.unshift(['55040a', organization]);
  const cert = certificate({
    subject,
    issuer: authority.name,
    publicKey,
    signer: authority.privateKey,
    extensions,
  });
  return { cert, key: pem(privateKey) };
}

interface Content {
  readonly subject: readonly (readonly [oid: string, text: string])[];
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
}

function certificate({ subject, issuer, publicKey, signer, extensions }: Content): string {
  const algorithm = sequence(oid('2a8648ce3d040302'));
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
    algorithm,
    distinguishedName([['550403', issuer]]),
    sequence(time(-3_600_000), time(365 * 86_400_000)),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, signer);
  const der = sequence(body, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der
    .toString('base64')
    .replace(/(.{64})/g, '$1\n')
    .trim();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(parts: Content['subject']): Buffer {
  return sequence(
    ...parts.map(([type, text]) => tlv(0x31, sequence(oid(type), tlv(0x0c, Buffer.from(text, 'utf8'))))),
  );
}

function time(fromNow: number): Buffer {
  const text = new Date(Date.now() + fromNow).toISOString().replace(/[-:T]|\.\d+/g, '');
  return tlv(0x18, Buffer.from(text, 'latin1'));
}

function extension(type: string, value: Buffer, critical: boolean): Buffer {
  const flag = critical ? [tlv(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(type), ...flag, tlv(0x04, value));
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), value]);
  const bytes = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...bytes]), value]);
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  if (address !== '::1') throw new Error(`expected an IPv4 address or ::1, got ${address}`);
  return Buffer.from([...Array<number>(15).fill(0), 1]);
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
