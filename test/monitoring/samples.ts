export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** The samples of a text in Prometheus's exposition format, with the label that a scraper adds. */
export function parseSamples(text: string, instance: string): Sample[] {
  return text
    .split('\n')
    .filter((row) => row !== '' && !row.startsWith('#'))
    .map((row) => {
      const [, name = '', labels = '', value = ''] = line.exec(row) ?? [];
      if (name === '') throw new Error(`Not a sample: ${row}`);
      const pairs = [...labels.matchAll(label)].map(([, key = '', text = '']) => [key, JSON.parse(`"${text}"`) as string]);
      return {
        name,
        labels: { ...(Object.fromEntries(pairs) as Record<string, string>), instance },
        value: value === '+Inf' ? Infinity : Number(value),
      };
    });
}
