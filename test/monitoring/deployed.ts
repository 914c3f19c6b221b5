import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { repository } from '../support/operator-command.ts';

const alertsSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(z.object({ alert: z.string(), expr: z.string(), annotations: z.record(z.string(), z.string()) })),
    }),
  ),
});
const dashboardSchema = z.object({
  panels: z.array(
    z.object({
      title: z.string(),
      type: z.string(),
      targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).default([]),
    }),
  ),
});

/** An expression that is deployed, where it stands, and the texts that show labels of its result. */
export interface Deployed {
  readonly where: string;
  readonly expr: string;
  readonly shown: readonly string[];
}

/** The alert rules of deploy/overlays/monitoring. */
export async function deployedAlerts(): Promise<Deployed[]> {
  const text = await readFile(new URL('deploy/overlays/monitoring/alerts.yaml', repository), 'utf8');
  return alertsSchema
    .parse(parse(text))
    .groups.flatMap(({ rules }) => rules)
    .map(({ alert, expr, annotations }) => ({
      where: alert,
      expr,
      shown: Object.values(annotations).flatMap((annotation) =>
        [...annotation.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label),
      ),
    }));
}

/** The panels of the dashboard; Grafana's own variable for an interval is a plain one here. */
export async function deployedPanels(): Promise<Deployed[]> {
  const text = await readFile(new URL('deploy/overlays/monitoring/mdev-operator.json', repository), 'utf8');
  return dashboardSchema.parse(JSON.parse(text)).panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }) => ({
      where: `panel "${title}"`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
      shown: [...legendFormat.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label = '']) => label),
    })),
  );
}
