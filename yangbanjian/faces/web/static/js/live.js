// The home page says what is published while it is looked at. A hidden tab lets go: a browser has few connections a site.
(() => {
  'use strict';
  const news = document.querySelector('[data-news]');
  let source = null, published = 0;
  function listen() {
    if (source) source.close();
    source = document.hidden ? null : new EventSource(news.dataset.news);
    if (source) source.addEventListener('entry', (e) => {
      if (!JSON.parse(e.data).verb.endsWith('.published')) return;
      published += 1; news.querySelector('b').textContent = published; news.hidden = false;
    });
  }
  if (!news || !window.EventSource) return;
  listen(); document.addEventListener('visibilitychange', listen);
})();
