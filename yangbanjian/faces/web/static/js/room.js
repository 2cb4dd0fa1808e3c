// The auction room lives: price, bids and time left by the server's clock. Nothing is shown that the server has not said.
(() => {
  'use strict';
  const room = document.getElementById('room');
  if (!room || !window.EventSource) return;
  const el = (id) => document.getElementById(id), said = room.dataset;
  const yuan = (fen) => '¥' + (fen / 100).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  let ahead = Date.parse(said.now) - Date.now(), closes = Date.parse(said.closes), last = Number(said.seq), source = null, again = 0;
  const put = (id, text) => { const found = el(id); if (found) found.textContent = text; };
  // Before it begins: the server's clock, one's own in the same zone, and how far apart they are.
  function clocks() {
    const told = el('room-clock');
    if (!told) return;
    const t = told.dataset, off = Math.abs(ahead), show = (ms) => new Date(ms).toLocaleString('sv-SE', { timeZone: t.zone });
    put('room-now', show(Date.now() + ahead)); put('room-here', show(Date.now()));
    const which = off < 1000 ? t.same : off >= 3600000 ? t.far : ahead < 0 ? t.fast : t.slow;
    put('room-offset', which.replace('{n}', Math.round(off / 1000)));
    el('room-offset-note').hidden = false; el('room-offset-note').className = 'note ' + (off < 1000 ? 'note-ok' : 'note-warn');
  }
  function tick() {
    clocks();
    const s = Math.max(0, Math.floor((closes - Date.now() - ahead) / 1000)), two = (n) => String(n).padStart(2, '0');
    if (said.state !== 'open' || Number.isNaN(closes)) return;
    put('room-left', s ? (s >= 3600 ? Math.floor(s / 3600) + ':' : '') + two(Math.floor(s / 60) % 60) + ':' + two(s % 60) : said.over);
  }
  // Whoever has not bid yet is not behind.
  function stand(isAhead) {
    if (isAhead) said.hasBid = 'true';
    if (!said.hasBid || !el('room-standing')) return;
    put('room-mine', isAhead ? said.ahead : said.behind);
    el('room-standing').className = 'note ' + (isAhead ? 'note-ok' : 'note-warn');
    el('room-is-ahead').hidden = !isAhead; el('room-is-not').hidden = isAhead;
  }
  function price(fen, plate) {
    const step = Number(said.step);
    put('room-price', yuan(fen)); put('room-next', yuan(fen + step));
    document.querySelectorAll('[data-steps]').forEach((i) => { i.value = (fen + step * i.dataset.steps) / 100; });
    document.querySelectorAll('[data-name]').forEach((b) => { b.textContent = b.dataset.name; });
    document.querySelectorAll('[data-amount]').forEach((b) => { b.textContent = yuan(fen + step * b.dataset.amount); });
    if (said.plate) stand(plate === said.plate);
  }
  function bid(e) {
    const b = JSON.parse(e.data), row = document.createElement('li'), list = el('room-bids');
    if (b.seq <= last) return;
    last = b.seq; closes = Date.parse(b.closes_at); price(b.amount_fen, b.plate);
    [new Date(b.at).toLocaleTimeString('en-GB'), b.plate, yuan(b.amount_fen)].forEach((text, n) => {
      const part = document.createElement(n === 1 ? 'b' : 'span'); part.textContent = text; row.append(part, ' ');
    });
    if (list) list.prepend(row);
    if (el('room-none')) el('room-none').hidden = true;
  }
  function moved(now) {
    if (now === said.state) return false;
    window.location.replace(window.location.pathname);
    return true;
  }
  function stands(s) {
    if (moved(s.state)) return;
    ahead = Date.parse(s.now) - Date.now(); closes = Date.parse(s.closes_at); put('room-extended', s.extensions);
    if (s.top && s.top.seq > last) { last = s.top.seq; price(s.top.amount_fen, s.top.plate); }
  }
  const lost = (isLost, isSlow) => { el('room-lost').hidden = !isLost; el('room-full').hidden = !isSlow; };
  // So many watch that one more is not let in: ask now and then, and try again.
  async function ask() {
    if (!source || source.readyState !== 2) return;
    try {
      const answer = await fetch(said.api, { headers: { Accept: 'application/json' } }), s = await answer.json();
      if (!answer.ok) throw new Error(answer.status);
      stands({ ...s, now: s.server_now }); lost(false, true);
    } catch { lost(true, false); }
    listen();
  }
  function refused() {
    if (el('room-full').hidden) lost(true, false);
    if (source && source.readyState === 2) { clearTimeout(again); again = setTimeout(ask, 10000 + Math.random() * 10000); }
  }
  function clock(e) { const c = JSON.parse(e.data); if (moved(c.state)) return; ahead = Date.parse(c.now) - Date.now(); closes = Date.parse(c.closes_at); }
  function listen() {
    if (source) source.close();
    source = document.hidden ? null : new EventSource(said.events);
    if (!source) return;
    source.addEventListener('bid', bid); source.addEventListener('state', (e) => stands(JSON.parse(e.data))); source.addEventListener('clock', clock);
    source.onopen = () => lost(false, false);
    source.onerror = refused;
  }
  listen(); document.addEventListener('visibilitychange', listen); setInterval(tick, 500);
})();
