// Draws each element with data-chart="<id of a JSON block>"; colours are read from the CSS variables, so a theme is a redraw.
// spec.kind: bars | funnel {items:[{name,value,tone}]} · trend {x:[…], series:[{name,type:bar|line,values,tone,axis:0|1}], max:[a,b]}
//            sankey {nodes:[{name,tone}], links:[[from,to,value]]} · hex {items:[{name,value,q,r}], unit}
(() => {
  'use strict';
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const tone = (name) => css(`--${name || 'brand'}-500`) || css('--brand-500');
  const charts = new Map();

  function frame() {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    return {
      animation: !still, animationDuration: 400, textStyle: { fontFamily: css('--font'), color: css('--ink-700') },
      aria: { enabled: false },
      tooltip: { backgroundColor: css('--surface'), borderColor: css('--line'), textStyle: { color: css('--ink-900'), fontSize: 13 }, confine: true, renderMode: 'richText' },
    };
  }
  const axis = () => ({ axisLine: { lineStyle: { color: css('--line') } }, axisTick: { show: false }, axisLabel: { color: css('--ink-500'), fontSize: 12 }, splitLine: { lineStyle: { color: css('--line-soft') } } });

  function bars(spec) {
    const items = spec.items, most = Math.max(1, ...items.map((i) => i.value)), ink = css('--ink-700'), funnel = spec.kind === 'funnel';
    const text = (p) => p.value.toLocaleString() + (funnel && p.dataIndex && items[p.dataIndex - 1].value ? '  ' + Math.round(p.value / items[p.dataIndex - 1].value * 100) + '%' : '');
    const wide = Math.max(...items.map((i) => [...i.name].length));
    return { ...frame(), grid: { left: Math.min(150, wide * 14 + 20), right: 84, top: 8, bottom: 8 }, xAxis: { show: false, max: most },
      yAxis: { type: 'category', inverse: true, data: items.map((i) => i.name), ...axis(), axisLine: { show: false }, axisLabel: { color: ink, fontSize: 14, width: 130, overflow: 'truncate' } },
      series: [{ type: 'bar', barMaxWidth: 26, showBackground: true, backgroundStyle: { color: css('--line-soft'), borderRadius: 5 }, label: { show: true, position: 'right', color: ink, fontSize: 13, formatter: text },
        data: items.map((i) => ({ value: i.value, itemStyle: { color: tone(i.tone), borderRadius: 5 } })) }] };
  }
  function trend(spec) {
    const plain = axis(), two = spec.series.some((s) => s.axis);
    const scale = (n) => ({ type: 'value', max: spec.max && spec.max[n], ...plain, axisLine: { show: false }, ...(n ? { splitLine: { show: false } } : {}) });
    return { ...frame(), tooltip: { ...frame().tooltip, trigger: 'axis' }, legend: { top: 2, right: 8, itemWidth: 14, itemHeight: 8, textStyle: { color: css('--ink-700'), fontSize: 13 } },
      grid: { left: 48, right: two ? 34 : 16, top: 38, bottom: 28 }, xAxis: { type: 'category', data: spec.x, ...plain, splitLine: { show: false } }, yAxis: two ? [scale(0), scale(1)] : scale(0),
      series: spec.series.map((s) => ({ name: s.name, type: s.type, yAxisIndex: s.axis || 0, data: s.values, barMaxWidth: 20, symbolSize: 7, lineStyle: { width: 2.5, color: tone(s.tone) }, itemStyle: { color: tone(s.tone), ...(s.type === 'bar' ? { borderRadius: [4, 4, 0, 0] } : {}) } })) };
  }
  function sankey(spec) {
    const night = document.documentElement.dataset.theme === 'night';
    return { ...frame(), tooltip: { ...frame().tooltip, trigger: 'item' }, series: [{ type: 'sankey', left: 8, right: 84, top: 12, bottom: 12, nodeWidth: 12, nodeGap: 14, draggable: false, label: { color: css('--ink-700'), fontSize: 13 },
      lineStyle: { color: 'gradient', opacity: night ? .45 : .32, curveness: .5 }, emphasis: { focus: 'adjacency' }, data: spec.nodes.map((n) => ({ name: n.name, itemStyle: { color: tone(n.tone), borderWidth: 0 } })), links: spec.links.map(([source, target, value]) => ({ source, target, value })) }] };
  }
  // Hexagons in a grid: no administrative boundary is drawn.
  function hexagon({ name, q, r }) {
    const w = 1.74, x = q * w + (r % 2 ? w / 2 : 0), y = -r * 1.5, ring = [];
    for (let k = 0; k <= 6; k++) { const a = Math.PI / 180 * (60 * k - 30); ring.push([x + .96 * Math.cos(a), y + .96 * Math.sin(a)]); }
    return { type: 'Feature', properties: { name }, geometry: { type: 'Polygon', coordinates: [ring] } };
  }
  function hex(spec, id) {
    const night = document.documentElement.dataset.theme === 'night', most = Math.max(1, ...spec.items.map((i) => i.value));
    echarts.registerMap(id, { type: 'FeatureCollection', features: spec.items.map(hexagon) });
    const label = (v) => (v > most * .6 ? (night ? '#081226' : '#fff') : (night ? '#dfe9fb' : '#3c2a15'));
    return { ...frame(), tooltip: { ...frame().tooltip, trigger: 'item', formatter: (p) => `${p.name}  ${p.value}${spec.unit || ''}` },
      visualMap: { show: false, min: 0, max: most, inRange: { color: night ? ['#1b2c4e', '#a65a12', '#ffb066'] : ['#fff1e2', '#f5a552', '#b85c00'] } },
      series: [{ type: 'map', map: id, aspectScale: 1, top: 8, bottom: 8, left: 12, right: 12, selectedMode: false, data: spec.items.map((i) => ({ name: i.name, value: i.value, label: { color: label(i.value) } })), itemStyle: { borderColor: css('--surface'), borderWidth: 3 },
        label: { show: true, fontSize: 11, formatter: (p) => p.name.replace('街道', '') + '\n' + p.value }, emphasis: { label: { color: '#0f1b2d' }, itemStyle: { areaColor: '#ffd9a8' } } }] };
  }
  const KINDS = { bars, funnel: bars, trend, sankey, hex };

  function draw() {
    document.querySelectorAll('[data-chart]').forEach((box) => {
      const block = document.getElementById(box.dataset.chart); if (!block) return;
      const spec = JSON.parse(block.textContent), kind = KINDS[spec.kind]; if (!kind) return;
      let chart = charts.get(box);
      if (!chart) { chart = echarts.init(box, null, { renderer: 'svg' }); charts.set(box, chart); }
      chart.setOption(kind(spec, box.dataset.chart), true);
    });
    document.body.dataset.charts = 'drawn';
  }
  draw();
  let timer;
  addEventListener('resize', () => { clearTimeout(timer); timer = setTimeout(() => charts.forEach((c) => c.resize()), 120); });
  addEventListener('beforeprint', () => charts.forEach((c) => c.resize()));
  document.addEventListener('look:changed', draw);
  document.addEventListener('htmx:afterSwap', draw);
})();
