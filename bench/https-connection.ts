import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type RequestOptions } from 'node:https';

/** Where the API server of a kubeconfig is and who asks, for node:https with at most `maxSockets` kept connections. */
export async function connectionOptions(kubeconfig: string, maxSockets: number): Promise<RequestOptions> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const url = new URL(config.getCurrentCluster()?.server ?? '');
  const options: RequestOptions = { host: url.hostname, port: url.port };
  await config.applyToHTTPSOptions(options);
  // kubectl keeps its connection; the agent that client-node has put there makes a new one for each request.
  const { ca, cert, key } = options;
  options.agent = new Agent({ keepAlive: true, maxSockets, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) });
  return options;
}
