// Asks Prometheus what a dashboard asks, and writes a page with the answers for look.jsx to draw.
// Usage: look.mjs PROMETHEUS WORK SECONDS
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [prometheus, work, seconds] = process.argv.slice(2);
const folder = join(dirname(fileURLToPath(import.meta.url)), '../../grafana/dashboards');
const to = Math.floor(Date.now() / 1000);
const from = to - Number(seconds);

async function ask(path, parameters) {
  const answer = await (await fetch(`${prometheus}/api/v1/${path}?${new URLSearchParams(parameters)}`)).json();
  if (answer.status !== 'success') throw new Error(`${JSON.stringify(parameters)}: ${answer.error}`);
  return answer.data.result;
}

const campaigns = (await ask('query', { query: 'group by (campaign) (autopilot_campaign_info)', time: to }))
  .map((series) => series.metric.campaign).sort();
const filled = (text, campaign) =>
  text.replaceAll('$__rate_interval', '10s').replaceAll('[1h]', '[1m]').replaceAll('[6h]', '[3m]').replaceAll('[24h]', '[10m]')
    .replaceAll('$job', '.+').replaceAll('$instance', '.+').replaceAll('$campaign', campaign);

for (const name of ['overview', 'campaign', 'internals']) {
  const dashboard = JSON.parse(readFileSync(join(folder, `${name}.json`)));
  const shown = [];
  let repeated = '.+';
  for (const panel of dashboard.panels) {
    // A repeated row is drawn once, for the first campaign.
    if (panel.type === 'row') repeated = panel.repeat ? campaigns[0] : '.+';
    const answers = [];
    for (const target of panel.targets ?? []) {
      const query = filled(target.expr, repeated);
      const lasts = panel.type === 'table';
      answers.push(lasts ? await ask('query', { query, time: to }) : await ask('query_range', { query, start: from, end: to, step: 1 }));
    }
    shown.push({ ...panel, title: panel.title.replaceAll('$campaign', repeated), answers });
  }
  const data = JSON.stringify({ title: dashboard.title, from, to, panels: shown }).replaceAll('<', '\\u003c');
  const script = readFileSync(join(work, 'look.js'), 'utf8').replaceAll('</script', '<\\/script');
  writeFileSync(join(work, `${name}.html`), `<!doctype html><meta charset="utf-8"><body><script>window.DASHBOARD=${data}</script><div id="root"></div><script>${script}</script>`);
  const rows = Math.max(...shown.map((panel) => panel.gridPos.y + panel.gridPos.h));
  writeFileSync(join(work, `${name}.height`), String(rows * 38 + 90));
}
