// Zooms and moves the lock-order graph; the state of the view stands behind the # of the address.
(() => {
  const box = document.querySelector('.explorer .graph');
  const svg = box?.querySelector('svg');
  const bar = document.querySelector('.explorer .zoom');
  if (!svg || !bar) return;
  const [, , wide, high] = svg.getAttribute('viewBox').split(' ').map(Number);
  let scale = 1;

  const tell = () => {
    const at = new URLSearchParams({
      zoom: scale.toFixed(2),
      x: Math.round(box.scrollLeft),
      y: Math.round(box.scrollTop),
    });
    history.replaceState(null, '', `#${at}`);
  };
  const zoom = (to, x = box.clientWidth / 2, y = box.clientHeight / 2) => {
    const next = Math.min(6, Math.max(0.1, to));
    // The point under the pointer stays where it is.
    const left = ((box.scrollLeft + x) / scale) * next - x;
    const top = ((box.scrollTop + y) / scale) * next - y;
    scale = next;
    svg.setAttribute('width', String(wide * scale));
    svg.setAttribute('height', String(high * scale));
    box.scrollLeft = left;
    box.scrollTop = top;
    tell();
  };

  bar.hidden = false;
  for (const button of bar.querySelectorAll('button'))
    button.addEventListener('click', () => {
      const by = Number(button.dataset.zoom);
      zoom(by === 0 ? Math.min(1, box.clientWidth / wide) : scale * by);
    });
  box.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const { left, top } = box.getBoundingClientRect();
      zoom(scale * (event.deltaY < 0 ? 1.15 : 0.87), event.clientX - left, event.clientY - top);
    },
    { passive: false },
  );
  box.addEventListener('keydown', (event) => {
    if (event.key === '+' || event.key === '=') zoom(scale * 1.25);
    if (event.key === '-') zoom(scale * 0.8);
  });
  let held = null;
  box.addEventListener('pointerdown', (event) => {
    if (event.target.closest('a')) return;
    held = { x: event.clientX, y: event.clientY, left: box.scrollLeft, top: box.scrollTop };
  });
  addEventListener('pointermove', (event) => {
    if (held === null) return;
    box.scrollLeft = held.left - (event.clientX - held.x);
    box.scrollTop = held.top - (event.clientY - held.y);
  });
  addEventListener('pointerup', () => {
    if (held !== null) tell();
    held = null;
  });

  const asked = new URLSearchParams(location.hash.slice(1));
  const wanted = Number(asked.get('zoom'));
  if (wanted > 0) {
    zoom(wanted, 0, 0);
    box.scrollLeft = Number(asked.get('x'));
    box.scrollTop = Number(asked.get('y'));
  }
  // Links keep the view.
  for (const link of box.querySelectorAll('a'))
    link.addEventListener('click', () => {
      const href = link.getAttribute('href').split('#')[0];
      link.setAttribute('href', `${href}${location.hash}`);
    });
})();
