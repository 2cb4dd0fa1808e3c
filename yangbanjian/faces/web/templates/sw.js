{% load static %}// Keeps the shell and the offline page; pages come from the network first. Never keeps an answer to a form,
// a workspace, a signed-in fragment or the API.
'use strict';
const SHELL = 'shell-{% static 'css/site.css' %}-{% static 'js/ui.js' %}';
const LISTS = 'lists';
const FILES = ['/offline', '{% static 'css/site.css' %}', '{% static 'js/prefs.js' %}', '{% static 'js/ui.js' %}',
  '{% static 'vendor/htmx.min.js' %}', '{% static 'vendor/icons.svg' %}', '{% static 'img/mark.svg' %}'];
const KEEP_LISTS = 12;
const isList = (url) => /^\/(achievements|demands|experts)?$/.test(url.pathname);
const isPlain = (answer) => answer.ok && answer.type === 'basic' && !/no-store|private/.test(answer.headers.get('Cache-Control') || '');

self.addEventListener('install', (e) => {
  e.waitUntil(caches.open(SHELL).then((c) => c.addAll(FILES.map((f) => new Request(f, { credentials: 'omit', cache: 'reload' })))).then(() => self.skipWaiting()));
});
self.addEventListener('activate', (e) => {
  e.waitUntil(caches.keys().then((names) => Promise.all(names.filter((n) => n !== SHELL && n !== LISTS).map((n) => caches.delete(n))))
    .then(() => self.clients.claim()));
});
async function keepList(request, answer) {
  const cache = await caches.open(LISTS);
  await cache.put(request, answer);
  const kept = await cache.keys();
  await Promise.all(kept.slice(0, -KEEP_LISTS).map((old) => cache.delete(old)));
}
async function page(request) {
  const url = new URL(request.url);
  try {
    const answer = await fetch(request);
    if (isList(url) && !url.searchParams.has('q') && isPlain(answer)) keepList(request, answer.clone());
    return answer;
  } catch (error) {
    return (isList(url) && await caches.match(request, { ignoreVary: true })) || caches.match('/offline', { ignoreVary: true });
  }
}
self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url);
  if (e.request.method !== 'GET' || url.origin !== location.origin) return;
  if (e.request.mode === 'navigate') { e.respondWith(page(e.request)); return; }
  if (FILES.includes(url.pathname)) e.respondWith(caches.match(e.request, { ignoreVary: true }).then((kept) => kept || fetch(e.request)));
});
