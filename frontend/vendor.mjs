// Takes the browser files of the product out of npm packages and writes them, each with its licence,
// to yangbanjian/faces/web/static/vendor/ (and axe, for tests only, to tests/journeys/vendor/).
// The outputs are committed, so that running and testing the product needs neither Node nor a network.
//   cd frontend && npm install && npm run vendor
import { build } from 'esbuild';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const OUT = '../yangbanjian/faces/web/static/vendor/';
const TESTS = '../tests/journeys/vendor/';
const NM = 'node_modules/';

const ICONS = `
  adjustments-horizontal alert-triangle archive arrow-back-up arrow-down arrow-left arrow-right arrow-up arrow-up-right
  arrows-exchange arrows-maximize arrows-sort at ban bell bookmark briefcase building building-bank building-community
  building-factory-2 bulb calendar calendar-event calendar-time certificate chart-bar chart-dots chart-line check checklist
  checks chevron-down chevron-left chevron-right chevron-up circle-check circle-dashed circle-plus circle-x clipboard-list
  clipboard-text clock cloud-off cloud-upload coins columns contrast-2 copy currency-yuan dashboard database device-floppy
  device-mobile rosette-discount-check dots dots-vertical download edit external-link eye eye-off file-certificate
  file-description file-export file-import file-spreadsheet file-text filter fingerprint flag flask folder gavel
  git-compare git-merge grip-vertical hand-stop heart-handshake help-circle history home hourglass id-badge-2 inbox
  info-circle key keyboard language layout-dashboard layout-kanban layout-list link list list-details loader-2 lock
  lock-open login logout mail mail-opened map-pin map-2 menu-2 message-circle message-plus messages microphone microscope
  minus moon network news notes packages pencil phone photo plus presentation printer progress qrcode
  question-mark quote rss receipt refresh robot rocket rotate route ruler-measure scale school search select send settings
  share share-2 shield-check shield-lock shopping-cart sitemap sparkles square-check stack-2 star sun table tag tags target
  target-arrow text-size thumb-down thumb-up ticket timeline tools trash trending-down trending-up trophy typography upload
  user user-check user-circle user-plus user-question user-search user-star users users-group wallet wand world writing x
  zoom-check`.trim().split(/\s+/).sort();

mkdirSync(OUT, { recursive: true });
mkdirSync(TESTS, { recursive: true });

// A source map reference would make the hashing file storage look for a file that is not shipped.
const plain = (text) => text.replace(/^\/\/# sourceMappingURL=.*$/gm, '');

writeFileSync(OUT + 'htmx.min.js', plain(readFileSync(NM + 'htmx.org/dist/htmx.min.js', 'utf8')));
cpSync(NM + 'htmx.org/LICENSE', OUT + 'htmx.LICENSE.txt');

const missing = ICONS.filter((name) => !existsSync(`${NM}@tabler/icons/icons/outline/${name}.svg`));
if (missing.length) throw new Error('no such icon: ' + missing.join(' '));
const symbols = ICONS.map((name) => {
  const svg = readFileSync(`${NM}@tabler/icons/icons/outline/${name}.svg`, 'utf8');
  const inner = svg.replace(/<!--[\s\S]*?-->/g, '').replace(/^[\s\S]*?<svg[^>]*>/, '').replace('</svg>', '')
    .replace(/<path stroke="none"[^>]*>/g, '').replace(/\s*\n\s*/g, '').trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`;
});
writeFileSync(OUT + 'icons.svg', `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`);
cpSync(NM + '@tabler/icons/LICENSE', OUT + 'icons.LICENSE.txt');

await build({
  stdin: { resolveDir: '.', contents: `
import * as echarts from 'echarts/core';
import { BarChart, LineChart, SankeyChart, MapChart, FunnelChart } from 'echarts/charts';
import { GridComponent, TooltipComponent, LegendComponent, GeoComponent, VisualMapComponent, AriaComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';
echarts.use([BarChart, LineChart, SankeyChart, MapChart, FunnelChart, GridComponent, TooltipComponent, LegendComponent,
  GeoComponent, VisualMapComponent, AriaComponent, SVGRenderer]);
window.echarts = echarts;` },
  bundle: true, minify: true, charset: 'utf8', target: ['chrome86', 'safari14'],
  outfile: OUT + 'echarts.custom.min.js', legalComments: 'inline',
});
const echartsNotices = [NM + 'echarts/LICENSE', NM + 'echarts/NOTICE', NM + 'zrender/LICENSE']
  .map((path) => `==== ${path.slice(NM.length)} ====\n\n${readFileSync(path, 'utf8').trim()}\n`);
writeFileSync(OUT + 'echarts.LICENSE.txt', echartsNotices.join('\n\n'));

cpSync(NM + 'axe-core/axe.min.js', TESTS + 'axe.min.js');
cpSync(NM + 'axe-core/LICENSE', TESTS + 'axe.LICENSE.txt');
cpSync(NM + 'axe-core/LICENSE-3RD-PARTY.txt', TESTS + 'axe.LICENSE-3RD-PARTY.txt');

const version = (name) => JSON.parse(readFileSync(`${NM}${name}/package.json`, 'utf8')).version;
writeFileSync(OUT + 'README.md', `# Browser files made by others

Written by \`frontend/vendor.mjs\` from npm packages; do not edit by hand. Licences stand beside the files.

| file | package | licence |
| --- | --- | --- |
| \`htmx.min.js\` | htmx.org ${version('htmx.org')} | 0BSD |
| \`icons.svg\` | @tabler/icons ${version('@tabler/icons')}, ${ICONS.length} outline icons as one sprite | MIT |
| \`echarts.custom.min.js\` | echarts ${version('echarts')} with zrender ${version('zrender')}: bar, line, funnel, sankey, map; SVG renderer | Apache-2.0, BSD-3-Clause |
`);
