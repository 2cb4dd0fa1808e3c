// Before the first paint: larger text, high contrast and night, from this browser's choice.
(function () {
  var d = document.documentElement, known = { size: ['xl', 'lg'], contrast: ['high'], theme: ['night'] };
  d.classList.add('js');
  Object.keys(known).forEach(function (k) {
    var found = new RegExp('(?:^|; )look_' + k + '=([a-z]*)').exec(document.cookie), v = found && found[1];
    if (!found) try { v = localStorage.getItem('look_' + k); } catch (e) { /* private mode */ }
    if (known[k].indexOf(v) >= 0) d.setAttribute('data-' + k, v);
  });
})();
