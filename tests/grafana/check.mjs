// Holds the dashboards against what Grafana publishes: its schema, as types, and the ids of its units.
// Usage: node check.mjs TOOLS; TOOLS holds node_modules with @grafana/schema, @grafana/data and typescript.
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const tools = resolve(process.argv[2]);
const folder = join(dirname(fileURLToPath(import.meta.url)), '../../grafana/dashboards');
const dashboards = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (name) => readFileSync(join(folder, name), 'utf8');
const work = mkdtempSync(join(tools, 'grafana-'));
let wrong = 0;

// Enumerations of words are taken as the words themselves, which is what JSON has.
const types = `
import type { Dashboard, Panel, RowPanel } from '@grafana/schema';
type Loose<T> = T extends string ? \`\${T}\` : T extends number | boolean | null | undefined ? T
  : T extends (infer E)[] ? Loose<E>[] : T extends object ? { [K in keyof T]: Loose<T[K]> } : T;
// A mark's place in time is read by Grafana's Prometheus data source and is not in the schema; nor is its query.
type Marks = { useValueForTime?: boolean; titleFormat?: string; tagKeys?: string };
type Query = { refId: string; expr: string; range: boolean };
type Mark = Omit<Loose<NonNullable<NonNullable<Dashboard['annotations']>['list']>[number]>, 'target'> & Marks
  & { target?: Query };
type Shipped = Omit<Loose<Dashboard>, 'annotations' | 'panels'> & {
  annotations: { list: Mark[] }; panels: Loose<Panel | RowPanel>[] };
`;

function typed(name, text) {
  const file = join(work, name.replace('.json', '.ts'));
  writeFileSync(file, `${types}\nexport const dashboard: Shipped = ${text};\n`);
  try {
    execFileSync(process.execPath, [join(tools, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict',
      '--skipLibCheck', '--module', 'esnext', '--moduleResolution', 'bundler', '--target', 'es2022', file],
      { encoding: 'utf8', cwd: work });
    return '';
  } catch (failed) {
    return failed.stdout;
  }
}

try {
  symlinkSync(join(tools, 'node_modules'), join(work, 'node_modules'));
  for (const name of dashboards) {
    const said = typed(name, read(name));
    if (said) { wrong += 1; console.error(said); }
  }
  // A check that lets everything through would prove nothing.
  const broken = read(dashboards[0]).replace('"x": 0', '"x": "0"').replace('"mode": "absolute"', '"mode": "absolut"');
  const refused = typed('broken.json', broken);
  if (!refused.includes('absolut') || !refused.includes("'string'")) {
    wrong += 1;
    console.error(`the schema lets a broken dashboard pass:\n${refused}`);
  }

  // Grafana asks the browser for its language.
  const browser = { language: 'en', languages: ['en'], userAgent: '', platform: '' };
  Object.defineProperty(globalThis, 'navigator', { value: browser, configurable: true });
  const { getValueFormats } = createRequire(join(tools, 'x.js'))('@grafana/data');
  const known = new Set(getValueFormats().flatMap((group) => group.submenu.map((unit) => unit.value)));
  let units = 0;
  for (const name of dashboards) {
    for (const panel of JSON.parse(read(name)).panels) {
      const unit = panel.fieldConfig?.defaults?.unit;
      if (unit === undefined) continue;
      units += 1;
      if (!known.has(unit)) { wrong += 1; console.error(`${name}: ${panel.title}: no unit of Grafana: ${unit}`); }
    }
  }
  if (known.has('no such unit') || known.size < 100 || units === 0) { wrong += 1; console.error('no units were read'); }
  if (!wrong) console.log(`  ${dashboards.length} dashboards fit the schema, ${units} units are among Grafana's ${known.size}`);
} finally {
  rmSync(work, { recursive: true });
}
process.exit(wrong ? 1 : 0);
