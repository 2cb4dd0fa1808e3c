// Behaviour of every page: one listener a kind of event, told apart by data-* attributes. Without it links and forms work.
(() => {
  'use strict';
  const root = document.documentElement, $ = (id) => document.getElementById(id), all = (q, from = document) => [...from.querySelectorAll(q)];
  const words = JSON.parse(($('ui-text') || { textContent: '{}' }).textContent);
  const say = (key, values = {}) => Object.keys(values).reduce((t, k) => t.replace(`{${k}}`, values[k]), words[key] || '');
  const store = (box, k, v) => { try { if (v === undefined) return box().getItem(k); v === null ? box().removeItem(k) : box().setItem(k, v); } catch (e) { /* private mode */ } return null; };
  const local = () => localStorage, session = () => sessionStorage;
  const announce = (text) => { $('live').textContent = ''; setTimeout(() => { $('live').textContent = text; }, 60); };
  const clock = () => new Date().toTimeString().slice(0, 5);

  function toast(text) {
    if (!text) return;
    const t = document.createElement('div');
    t.className = 'toast'; t.textContent = text; $('toasts').replaceChildren(t);
    setTimeout(() => t.remove(), 6000);
  }

  // —— Look: kept per browser in a cookie that the server reads too ——
  const PREF = { size: 'xl', contrast: 'high', theme: 'night' };
  const showPrefs = () => all('[data-pref]').forEach((b) => b.setAttribute('aria-pressed', String(!!root.dataset[b.dataset.pref])));
  function flip(name) {
    const on = !root.dataset[name], v = on ? PREF[name] : '';
    if (on) root.dataset[name] = v; else delete root.dataset[name];
    document.cookie = `look_${name}=${v}; path=/; max-age=${on ? 31536000 : 0}; samesite=lax${location.protocol === 'https:' ? '; secure' : ''}`;
    store(local, 'look_' + name, v || null); showPrefs();
    document.dispatchEvent(new CustomEvent('look:changed'));
  }

  // —— Irreversible acts are asked for once more, naming the object ——
  let confirmed = null;
  function ask(form, button) {
    const from = button && button.dataset.confirm ? button : form, box = $('confirm');
    if (!from.dataset.confirm || confirmed === form || !box || !box.showModal) { confirmed = null; return false; }
    $('confirm-q').textContent = from.dataset.confirm; $('confirm-note').textContent = from.dataset.confirmNote || '';
    $('confirm-yes').textContent = button ? button.textContent.trim() : $('confirm-yes').textContent;
    box.returnValue = ''; box.showModal();
    box.onclose = () => { if (box.returnValue === 'yes') { confirmed = form; form.requestSubmit ? form.requestSubmit(button || undefined) : form.submit(); } else if (button) button.focus(); };
    return true;
  }
  function busy(form, button) {
    if (!button || form.hasAttribute('hx-post') || form.method === 'dialog' || form.method === 'get') return;
    button.style.minWidth = button.offsetWidth + 'px';
    setTimeout(() => { button.dataset.label = button.innerHTML; button.classList.add('is-busy'); button.setAttribute('aria-disabled', 'true'); button.textContent = words.busy; });
  }
  document.addEventListener('submit', (e) => {
    const form = e.target, button = e.submitter;
    if (button && button.getAttribute('aria-disabled') === 'true') { e.preventDefault(); return; }
    if (ask(form, button)) { e.preventDefault(); e.stopPropagation(); return; }
    busy(form, button);
  }, true);
  addEventListener('pageshow', (e) => { if (e.persisted) all('.is-busy').forEach((b) => { b.innerHTML = b.dataset.label; b.classList.remove('is-busy'); b.removeAttribute('aria-disabled'); }); });

  // —— Clicks ——
  document.addEventListener('click', (e) => {
    const el = e.target.closest('button, a, summary');
    all('details[data-menu][open]').forEach((m) => { if (!m.contains(e.target)) m.open = false; });
    if (!el) return;
    const d = el.dataset;
    if (d.pref) { e.preventDefault(); flip(d.pref); }
    if (d.toast) toast(d.toast);
    if (d.fill) { const i = document.querySelector(d.fill); i.value = el.textContent.trim(); i.focus(); }
    if (d.dialog) $(d.dialog).showModal();
    if ('print' in d) print();
    if ('copy' in d) navigator.clipboard && navigator.clipboard.writeText(d.copy || location.href).then(() => toast(words.copied));
    if ('share' in d) (navigator.share ? navigator.share({ title: document.title, url: d.share || location.href }) : navigator.clipboard.writeText(d.share || location.href).then(() => toast(words.copied))).catch(() => {});
  });
  document.addEventListener('change', (e) => {
    const d = e.target.dataset, picks = all('[data-pick]');
    if (d.pickAll) picks.forEach((p) => { if (p.name === d.pickAll) p.checked = e.target.checked; });
    if (d.pickAll || 'pick' in d) countPicks();
    if ('shortcuts' in d) store(local, 'shortcuts', e.target.checked ? null : 'off');
    if ('submit' in d) e.target.form.requestSubmit();
  });
  function countPicks() {
    const n = all('[data-pick]:checked').length;
    all('[data-bulk-count]').forEach((c) => { c.textContent = say('chosen', { n }); });
    all('[data-bulk] button').forEach((b) => { b.disabled = !n; });
    all('[data-bulk]').forEach((b) => b.toggleAttribute('data-none', !n));
  }

  // —— Drafts: every keystroke stays in this browser, and goes to the server when the form has data-autosave-url ——
  const key = (form) => 'draft:' + form.dataset.autosave;
  const fields = (form) => [...form.elements].filter((f) => f.name && !/^(hidden|password|file|submit|button)$/.test(f.type) && f.name !== 'csrfmiddlewaretoken');
  const timers = new WeakMap();
  function saved(form, text) { all('[data-autosave-state]', form).forEach((s) => { s.lastElementChild.textContent = text; s.classList.add('is-on'); }); }
  function keep(form) {
    store(session, key(form), JSON.stringify(fields(form).map((f) => [f.name, f.value, f.checked === undefined ? null : f.checked])));
    saved(form, say('draftKept', { time: clock() }));
    const url = form.dataset.autosaveUrl;
    if (url && navigator.onLine) fetch(url, { method: 'POST', body: new FormData(form), headers: { 'X-Autosave': '1' }, credentials: 'same-origin' })
      .then((r) => { if (r.ok) saved(form, say('draftSaved', { time: clock() })); }).catch(() => {});
  }
  function restore(form) {
    const kept = JSON.parse(store(session, key(form)) || '[]'), mine = fields(form);
    if (!kept.length || mine.some((f) => f.type !== 'radio' && f.type !== 'checkbox' && f.tagName !== 'SELECT' && f.value.trim() && !('autosaveDefault' in f.dataset))) return;
    kept.forEach(([name, value, checked]) => mine.forEach((f) => {
      if (f.name !== name) return;
      if (f.type === 'radio' || f.type === 'checkbox') { if (f.value === value) f.checked = checked; } else f.value = value;
    }));
    if (kept.some(([, v, c]) => c === null && v)) toast(words.draftRestored);
  }
  document.addEventListener('input', (e) => {
    const form = e.target.form; count(e.target);
    if (!form || !form.dataset.autosave) return;
    clearTimeout(timers.get(form)); timers.set(form, setTimeout(() => keep(form), 800));
  });
  function count(field) {
    const c = field.id && document.querySelector(`[data-count="${field.id}"]`);
    if (c && field.maxLength > 0) c.textContent = say('left', { n: field.maxLength - field.value.length });
  }

  // —— Network ——
  function network() { const bar = $('offline'); bar.hidden = navigator.onLine; bar.textContent = navigator.onLine ? '' : words.offline; }
  addEventListener('offline', () => { all('form[data-autosave]').forEach(keep); network(); });
  addEventListener('online', () => { network(); toast(words.online); });

  // —— Fragments ——
  document.addEventListener('htmx:configRequest', (e) => { const m = document.querySelector('meta[name="csrf-token"]'); if (m && e.detail.verb !== 'get') e.detail.headers['X-CSRFToken'] = m.content; });
  document.addEventListener('htmx:beforeRequest', (e) => {
    const box = $('detail');
    if ('wideOnly' in e.target.dataset && !(box && box.offsetParent)) { e.preventDefault(); location.href = e.target.href; }
  });
  document.addEventListener('htmx:afterSwap', (e) => {
    const told = e.target.matches('[data-announce]') ? e.target : e.target.querySelector('[data-announce]');
    if (told) announce(told.dataset.announce);
    const focus = e.target.querySelector('[data-focus]'); if (focus) focus.focus();
    fresh(e.target);
    if (e.target.id !== 'detail') return;
    all('.item.is-on').forEach((i) => i.classList.remove('is-on'));
    const from = e.detail.requestConfig.elt.closest('.item'), title = e.target.querySelector('h2'); if (from) from.classList.add('is-on');
    e.target.scrollTop = 0; if (title) announce(say('shown', { title: title.textContent }));
  });
  document.addEventListener('htmx:responseError', () => toast(words.failed));
  document.addEventListener('htmx:sendError', () => toast(words.offline));

  // —— Keys: / j k o s ?, off in fields, can be switched off ——
  let at = -1;
  function step(by) {
    const items = all('[data-item]'); if (!items.length) return;
    at = Math.min(items.length - 1, Math.max(0, at + by)); (items[at].querySelector('a') || items[at]).focus();
  }
  document.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') { all('details[data-menu][open]').forEach((m) => { m.open = false; m.firstElementChild.focus(); }); if (document.querySelector('[data-sheet]:target')) { const id = location.hash.slice(1); location.hash = 'results'; const opener = document.querySelector(`[href="#${id}"]`); if (opener) opener.focus(); } }
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || e.target.closest('input, textarea, select, [contenteditable], dialog') || store(local, 'shortcuts') === 'off') return;
    const here = document.activeElement.closest('[data-item]');
    if (here) at = all('[data-item]').indexOf(here);
    const done = { '/': () => { const q = document.querySelector('[data-ask]'); q ? q.focus() : location.assign('/'); }, j: () => step(1), k: () => step(-1), o: () => here && here.querySelector('a').click(), s: () => { const b = here && here.querySelector('[data-star]'); if (b) b.click(); }, '?': () => $('shortcuts').showModal() }[e.key];
    if (done) { e.preventDefault(); done(); }
  });

  function fresh(from) {
    all('form[data-autosave]', from).forEach(restore);
    all('[data-autosave-clear]', from).forEach((el) => store(session, 'draft:' + el.dataset.autosaveClear, null));
    all('textarea', from).forEach(count); if (document.querySelector('[data-bulk]')) countPicks();
  }
  showPrefs(); fresh(document); network();
  const wrong = document.querySelector('[data-focus]'); if (wrong) wrong.focus();
  const off = document.querySelector('[data-shortcuts]'); if (off) off.checked = store(local, 'shortcuts') !== 'off';
  addEventListener('hashchange', () => { const s = document.querySelector('[data-sheet]:target'); if (s) s.focus(); });
  if ('serviceWorker' in navigator && document.querySelector('link[rel="manifest"]')) navigator.serviceWorker.register('/sw.js').catch(() => {});
  window.ui = { toast, announce };
})();
