import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { repository } from '../support/operator-command.ts';

const objectSchema = z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) });
const serviceSchema = z.object({
  spec: z.object({ selector: z.record(z.string(), z.string()), ports: z.array(z.object({ targetPort: z.string() })) }),
});
const workloadSchema = z.object({
  spec: z.object({
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.object({ containers: z.array(z.object({ ports: z.array(z.object({ name: z.string() })).default([]) })) }),
    }),
  }),
});

type Deployed = z.infer<typeof objectSchema>;

async function kustomize(folder: string): Promise<Deployed[]> {
  const { stdout } = await promisify(execFile)('kubectl', ['kustomize', new URL(folder, repository).pathname]);
  return parseAllDocuments(stdout).map((document) => objectSchema.parse(document.toJS()));
}

describe('deploy/overlays/monitoring', () => {
  it('has a Service for the metrics of each workload that is deployed', async () => {
    const [base, monitoring] = await Promise.all([kustomize('deploy/base'), kustomize('deploy/overlays/monitoring')]);
    const workloads = base.filter(({ kind }) => kind === 'DaemonSet' || kind === 'Deployment');
    const services = monitoring.filter(({ kind }) => kind === 'Service').map((service) => serviceSchema.parse(service).spec);
    expect(workloads.length).toBeGreaterThan(1);
    for (const workload of workloads) {
      const { metadata, spec } = workloadSchema.parse(workload).spec.template;
      const service = services.find(({ selector }) => Object.entries(selector).every(([label, value]) => metadata.labels[label] === value));
      const ports = spec.containers.flatMap((container) => container.ports.map(({ name }) => name));
      expect(ports, workload.metadata.name).toContain(service?.ports[0]?.targetPort);
    }
  });

  it('brings dashboard and rules as they are in the folder, and for the Prometheus Operator the same rules', async () => {
    const [plain, operator] = await Promise.all([
      kustomize('deploy/overlays/monitoring'),
      kustomize('deploy/overlays/monitoring/prometheus-operator'),
    ]);
    const rule = operator.find(({ kind }) => kind === 'PrometheusRule');
    const map = plain.find(({ metadata }) => metadata.name === 'mdev-alerts') as { data?: Record<string, string> } | undefined;
    const [rules] = parseAllDocuments(map?.data?.['alerts.yaml'] ?? '');
    expect(rule?.['spec']).toEqual(rules?.toJS());
    expect(plain.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toContain('ConfigMap mdev-dashboard');
  });
});
