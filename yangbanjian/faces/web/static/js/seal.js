// Seals a bid in the browser, to the byte as `ybj seal` does: HPKE (RFC 9180) with DHKEM(P-256, HKDF-SHA256), HKDF-SHA256,
// AES-128-GCM over a text of one length. The amount's field has no name, and nothing that is sent says the amount.
(() => {
  'use strict';
  const el = (id) => document.getElementById(id), subtle = window.isSecureContext && window.crypto && window.crypto.subtle;
  const utf = (text) => new TextEncoder().encode(text), bytes = (found) => new Uint8Array(found);
  const hex = (raw) => [...raw].map((b) => b.toString(16).padStart(2, '0')).join('');
  const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
  const random = (n) => crypto.getRandomValues(new Uint8Array(n)), show = (id, on) => { el(id).hidden = !on; };
  function joined(...parts) {
    const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    parts.reduce((at, p) => { all.set(p, at); return at + p.length; }, 0);
    return all;
  }

  // —— HPKE, base mode, empty info ——
  const two = (n) => Uint8Array.of(n >> 8, n & 255), V1 = utf('HPKE-v1'), CURVE = { name: 'ECDH', namedCurve: 'P-256' };
  const KEM = joined(utf('KEM'), two(0x10)), HPKE = joined(utf('HPKE'), two(0x10), two(1), two(1)), NOTHING = new Uint8Array(0);
  async function hmac(key, said) {
    const made = await subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    return bytes(await subtle.sign('HMAC', made, said));
  }
  // HMAC fills a short key up with zeros: these stand for the empty salt, which browsers refuse.
  const extract = (suite, salt, label, material) => hmac(salt.length ? salt : new Uint8Array(32), joined(V1, suite, utf(label), material));
  const expand = async (suite, key, label, info, n) => (await hmac(key, joined(two(n), V1, suite, utf(label), info, [1]))).slice(0, n);
  async function sealedTo(key, plaintext, aad) {
    const there = await subtle.importKey('raw', key, CURVE, false, []), own = await subtle.generateKey(CURVE, false, ['deriveBits']);
    const enc = bytes(await subtle.exportKey('raw', own.publicKey));
    const exchanged = bytes(await subtle.deriveBits({ name: 'ECDH', public: there }, own.privateKey, 256));
    const shared = await expand(KEM, await extract(KEM, NOTHING, 'eae_prk', exchanged), 'shared_secret', joined(enc, key), 32);
    const context = joined([0], await extract(HPKE, NOTHING, 'psk_id_hash', NOTHING), await extract(HPKE, NOTHING, 'info_hash', NOTHING));
    const secret = await extract(HPKE, shared, 'secret', NOTHING);
    const aes = await subtle.importKey('raw', await expand(HPKE, secret, 'key', context, 16), 'AES-GCM', false, ['encrypt']);
    const iv = await expand(HPKE, secret, 'base_nonce', context, 12);
    return joined(enc, bytes(await subtle.encrypt({ name: 'AES-GCM', iv, additionalData: aad, tagLength: 128 }, aes, plaintext)));
  }

  // —— What a bid is: canonical JSON, its commitment, its one length ——
  // For a trial there is no key: one is made whose other half nobody keeps.
  async function throwAway() {
    const pair = await subtle.generateKey(CURVE, false, ['deriveBits']);
    return bytes(await subtle.exportKey('raw', pair.publicKey));
  }
  async function sealed(how, amount) {
    const id = hex(random(16)), nonce = random(32), bid = { amount_fen: amount, bid_id: id, lot: how.lot, plate: how.plate };
    const text = JSON.stringify(bid), said = utf(JSON.stringify({ bid, nonce: hex(nonce) }));
    if (said.length > how.pad_to) throw new RangeError('longer than the fixed length');
    const padded = new Uint8Array(how.pad_to).fill(32); padded.set(said);
    const commitment = bytes(await subtle.digest('SHA-256', joined(utf('yangbanjian-sealed-bid/1\n'), utf(text), nonce)));
    const raw = await sealedTo(how.public_key ? unhex(how.public_key) : await throwAway(), padded, utf(how.aad.replace('{bid_id}', id)));
    return {
      id, kept: JSON.stringify({ text, nonce: hex(nonce) }) + '\n',
      sent: JSON.stringify({ bid_id: id, commitment: hex(commitment), ciphertext: btoa(String.fromCharCode(...raw)) }),
    };
  }
  // 234.5万, 2,345,000, ￥2345000.00: whole fen, or 0. By digits, never by a fraction of two.
  function fen(typed) {
    const text = typed.normalize('NFKC').replace(/[\s,¥元]/g, '').replace('萬', '万').replace('億', '亿');
    const [, whole, part = '', unit = ''] = /^(\d{1,16})(?:\.(\d{1,12}))?(万|亿)?$/.exec(text) || [];
    const places = { '': 2, 万: 6, 亿: 10 }[unit], rest = part.replace(/0+$/, '');
    const amount = whole && rest.length <= places ? BigInt(whole + rest.padEnd(places, '0')) : 0n;
    return amount <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(amount) : 0;
  }
  const yuan = (n) => '¥' + String(Math.floor(n / 100)).replace(/\B(?=(\d{3})+$)/g, ',') + '.' + String(n % 100).padStart(2, '0');

  // —— The page ——
  const offer = (link, text) => { link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' })); link.hidden = false; };
  const store = (key, text) => { try { if (text) sessionStorage.setItem(key, text); return sessionStorage.getItem(key); } catch (e) { return null; } };
  document.querySelectorAll('[data-keep]').forEach((link) => offer(link, link.dataset.keep + '\n'));
  const kept = el('seal-kept');
  if (kept) {
    const text = store('seal.' + kept.dataset.bid);
    if (text) { offer(el('seal-kept-file'), text); kept.hidden = false; }
  }
  const spec = el('seal-spec');
  if (!spec) return;
  const how = JSON.parse(spec.textContent), texts = el('seal').dataset, isTrial = !how.public_key;
  show(subtle ? 'seal-form' : 'seal-cannot', true);
  if (!subtle) return;
  if (!isTrial && !el('seal-by-hand').querySelector('.has-error')) el('seal-by-hand').open = false;
  let made = null;
  function fault(text) {
    el('seal-fault-text').textContent = text; show('seal-fault', !!text);
    el('seal-amount').setAttribute('aria-invalid', String(!!text));
    if (text) el('seal-amount').focus();
  }
  el('seal-form').addEventListener('submit', async (e) => {
    e.preventDefault();
    const amount = fen(el('seal-amount').value);
    if (!amount) return fault(texts.odd);
    if (amount < how.start_fen) return fault(texts.low);
    try { made = await sealed(how, amount); } catch (odd) { return fault(texts.failed); }
    fault(''); el('seal-amount').value = '';
    el('seal-shown').textContent = yuan(amount);
    if (isTrial) made = null; else { el('seal-sent').value = made.sent; offer(el('seal-keep'), made.kept); }
    show('seal-form', false); show('seal-ready', true); el('seal-ready').focus();
  });
  el('seal-again').addEventListener('click', () => {
    made = null;
    if (!isTrial) el('seal-sent').value = '';
    el('seal-shown').textContent = '';
    show('seal-ready', false); show('seal-form', true); el('seal-amount').focus();
  });
  // In this window only, for the page that comes next: it offers the file again beside the receipt.
  if (!isTrial) el('seal-post').addEventListener('submit', () => { if (made) store('seal.' + made.id, made.kept); });
})();
