/** What the ports of an mtty device are connected to, chosen by an attribute of each port. */

/** `loopback`: a plug that returns what is sent. `socket`: a byte stream on a UNIX socket. */
export const portBackends = ['loopback', 'socket'] as const;
export type PortBackend = (typeof portBackends)[number];
export const defaultBackend: PortBackend = 'loopback';

/** The attribute of the device for its port `port`, 0 or 1. */
export function backendAttribute(port: number): string {
  return `vendor/port${port}_backend`;
}

/** Whether `text` names a backend. */
export function isPortBackend(text: string): text is PortBackend {
  return portBackends.some((backend) => backend === text);
}
