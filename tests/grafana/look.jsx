// Draws a dashboard from window.DASHBOARD with Grafana's own components where @grafana/ui has them.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { createTheme, dateTime, FieldColorModeId, FieldType, getDisplayProcessor, ThemeContext } from '@grafana/data';
import { BigValue, BigValueColorMode, BigValueGraphMode, GlobalStyles, PanelChrome, TimeSeries } from '@grafana/ui';
import uplot from 'uplot/dist/uPlot.min.css';

const theme = createTheme({ colors: { mode: 'dark' } });
const { title, from, to, panels } = window.DASHBOARD;
const range = { from: dateTime(from * 1000), to: dateTime(to * 1000), raw: { from: dateTime(from * 1000), to: dateTime(to * 1000) } };
const WIDTH = 1584;
const plain = {
  drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, fillOpacity: 0, gradientMode: 'none', showPoints: 'never',
  pointSize: 5, axisPlacement: 'auto', axisLabel: '', axisColorMode: 'text', axisGridShow: true, spanNulls: false,
  scaleDistribution: { type: 'linear' }, stacking: { mode: 'none', group: 'A' }, thresholdsStyle: { mode: 'off' },
  hideFrom: { legend: false, tooltip: false, viz: false },
};

function named(format, metric, expr) {
  if (!format) return JSON.stringify(metric);
  return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => metric[label] ?? '');
}

function hits(matcher, name) {
  if (matcher.id === 'byName') return matcher.options === name;
  if (matcher.id === 'byRegexp') return new RegExp(matcher.options.replace(/^\/|\/$/g, '')).test(name);
  throw new Error(`no such matcher here: ${matcher.id}`);
}

function configured(panel, name) {
  const { defaults, overrides } = panel.fieldConfig;
  const config = structuredClone(defaults);
  config.custom = { ...plain, ...config.custom };
  // What Grafana assumes where nothing is said.
  config.color ??= { mode: panel.type === 'stat' ? FieldColorModeId.Thresholds : FieldColorModeId.PaletteClassic };
  config.thresholds ??= { mode: 'absolute', steps: [{ color: 'green', value: null }, { color: 'red', value: 80 }] };
  config.displayName = name;
  for (const { matcher, properties } of overrides) {
    if (!hits(matcher, name)) continue;
    for (const { id, value } of properties) {
      if (id.startsWith('custom.')) config.custom[id.slice(7)] = value;
      else config[id] = value;
    }
  }
  config.thresholds.steps[0].value = -Infinity;
  return config;
}

// One frame a series, on the common grid of seconds, so that gaps are gaps.
function frames(panel) {
  const found = [];
  const stamps = Array.from({ length: to - from + 1 }, (_, n) => (from + n) * 1000);
  panel.answers.forEach((answer, query) => {
    for (const series of answer) {
      const at = new Map(series.values.map(([time, value]) => [Math.round(time) * 1000, Number(value)]).filter(([, value]) => Number.isFinite(value)));
      const values = stamps.map((time) => at.get(time) ?? null);
      const name = named(panel.targets[query].legendFormat, series.metric);
      const field = { name, type: FieldType.number, config: configured(panel, name), values, labels: series.metric, state: { seriesIndex: found.length, displayName: name } };
      field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' });
      const time = { name: 'Time', type: FieldType.time, config: {}, values: stamps };
      time.display = getDisplayProcessor({ field: time, theme, timeZone: 'utc' });
      found.push({ refId: panel.targets[query].refId, name, fields: [time, field], length: stamps.length });
    }
  });
  return found;
}

const Nothing = () => <div style={{ color: theme.colors.text.secondary, textAlign: 'center', paddingTop: 20 }}>No data</div>;

function Stat({ panel, width, height }) {
  const [frame] = frames(panel);
  if (!frame) return <Nothing />;
  const field = frame.fields[1];
  const value = field.values.findLast((one) => one !== null);
  return <BigValue theme={theme} width={width} height={height} value={{ ...field.display(value), title: undefined }} colorMode={BigValueColorMode.Value} graphMode={BigValueGraphMode.None} />;
}

function Timeline({ panel, width, height }) {
  const all = frames(panel);
  if (!all.length) return <Nothing />;
  const rowHeight = Math.min(40, (height - 10) / all.length);
  return all.map((frame) => {
    const { values, display, config } = frame.fields[1];
    const parts = [];
    values.forEach((value, second) => {
      const last = parts.at(-1);
      if (last && last.value === value) last.to = second;
      else parts.push({ value, from: second, to: second });
    });
    const name = config.displayName;
    return <div key={name} style={{ position: 'relative', height: rowHeight, marginBottom: 2 }}>
      <span style={{ position: 'absolute', left: 0, width: 160, fontSize: 12 }}>{name}</span>
      {parts.filter((part) => part.value !== null).map((part) => {
        const shown = display(part.value);
        const scale = (width - 170) / values.length;
        return <span key={part.from} style={{ position: 'absolute', overflow: 'hidden', left: 165 + part.from * scale, width: (part.to - part.from + 1) * scale, height: rowHeight - 2, background: shown.color ?? '#888', fontSize: 11, color: '#111' }}>{shown.text}</span>;
      })}
    </div>;
  });
}

function Heatmap({ panel, width, height }) {
  const all = frames(panel).sort((a, b) => Number(a.name.replace('+Inf', 'Infinity')) - Number(b.name.replace('+Inf', 'Infinity')));
  if (!all.length) return <Nothing />;
  // Buckets are cumulative.
  const counts = all.map((frame, n) => frame.fields[1].values.map((value, at) => (value ?? 0) - (n ? all[n - 1].fields[1].values[at] ?? 0 : 0)));
  const most = Math.max(...counts.flat(), 1);
  const rowHeight = (height - 6) / all.length;
  return [...all.keys()].reverse().map((n) => <div key={n} style={{ display: 'flex', height: rowHeight }}>
    <span style={{ width: 44, fontSize: 11 }}>{all[n].name}</span>
    <svg width={width - 48} height={rowHeight}>{counts[n].map((count, at) => <rect key={at} x={at * (width - 48) / counts[n].length} width={(width - 48) / counts[n].length + 1} height={rowHeight - 1} fill="orange" opacity={count / most} />)}</svg>
  </div>);
}

function Table({ panel }) {
  const rows = panel.answers.flat();
  if (!rows.length) return <Nothing />;
  const { excludeByName = {}, renameByName = {}, indexByName = {} } = panel.transformations?.[0]?.options ?? {};
  const names = [...new Set([...rows.flatMap((row) => Object.keys(row.metric)), 'Value'])].filter((name) => !excludeByName[name]);
  names.sort((a, b) => (indexByName[a] ?? 99) - (indexByName[b] ?? 99));
  const value = (row) => { const field = { config: configured(panel, 'Value'), type: FieldType.number, values: [] }; return getDisplayProcessor({ field, theme })(Number(row.value[1])).text; };
  return <table style={{ fontSize: 12, width: '100%' }}><thead><tr>{names.map((name) => <th key={name} style={{ textAlign: 'left' }}>{renameByName[name] ?? name}</th>)}</tr></thead>
    <tbody>{rows.map((row, n) => <tr key={n}>{names.map((name) => <td key={name}>{name === 'Value' ? value(row) : row.metric[name]}</td>)}</tr>)}</tbody></table>;
}

function Body({ panel, width, height }) {
  if (panel.type === 'stat') return <Stat {...{ panel, width, height }} />;
  if (panel.type === 'state-timeline') return <Timeline {...{ panel, width, height }} />;
  if (panel.type === 'heatmap') return <Heatmap {...{ panel, width, height }} />;
  if (panel.type === 'table') return <Table panel={panel} />;
  const all = frames(panel);
  if (!all.length) return <Nothing />;
  return <TimeSeries frames={all} width={width} height={height} timeRange={range} timeZone="utc" legend={{ calcs: [], ...panel.options.legend }} />;
}

function Panel({ panel }) {
  const { x, y, w, h } = panel.gridPos;
  const place = { position: 'absolute', left: x * WIDTH / 24 + 8, top: 50 + y * 38 };
  if (panel.type === 'row') return <h4 style={place}>{panel.title}</h4>;
  const [width, height] = [w * WIDTH / 24 - 8, h * 38 - 8];
  return <div style={place}><PanelChrome title={panel.title} width={width} height={height} padding="md">
    {(innerWidth, innerHeight) => <Body panel={panel} width={innerWidth} height={innerHeight} />}
  </PanelChrome></div>;
}

createRoot(document.getElementById('root')).render(<ThemeContext.Provider value={theme}>
  <GlobalStyles /><style>{uplot}</style>
  <h3 style={{ padding: 8 }}>{title}</h3>
  {panels.map((panel) => <Panel key={panel.id} panel={panel} />)}
</ThemeContext.Provider>);
