// Moves one cursor over the table, the timeline and the waits-for graph of a witness page; copies texts to the clipboard.
(() => {
  const box = document.querySelector('.stepper');
  const slider = box?.querySelector('input');
  const told = box?.querySelector('output');
  const rows = [...document.querySelectorAll('.steps tr[data-step]')];
  const parts = [...document.querySelectorAll('.picture [data-from]')];
  const cursor = document.querySelector('.picture .cursor');

  const show = (step) => {
    for (const [i, row] of rows.entries()) {
      row.classList.toggle('now', i === step - 1);
      row.classList.toggle('later', i > step - 1);
    }
    for (const part of parts) {
      const from = Number(part.dataset.from);
      const to = part.dataset.to ?? '';
      const there = from < step && (to === '' || step <= Number(to));
      part.classList.toggle('later', !there);
      part.classList.toggle('past', false);
    }
    if (cursor !== null) {
      cursor.classList.add('on');
      const { left, column } = cursor.dataset;
      cursor.setAttribute('x', String(Number(left) + (step - 0.5) * Number(column) - 1.5));
    }
    told.textContent = `step ${step} of ${rows.length}`;
  };

  if (slider && told && rows.length > 0) {
    const last = rows.length;
    const wanted = Number(new URLSearchParams(location.hash.slice(1)).get('step'));
    const go = (step) => {
      const at = Math.min(last, Math.max(1, step));
      slider.value = String(at);
      show(at);
      history.replaceState(null, '', `#step=${at}`);
    };
    slider.min = '1';
    slider.max = String(last);
    slider.value = String(Number.isInteger(wanted) && wanted >= 1 && wanted <= last ? wanted : last);
    box.hidden = false;
    show(Number(slider.value));
    slider.addEventListener('input', () => go(Number(slider.value)));
    box.querySelector('[data-go="-1"]')?.addEventListener('click', () => go(Number(slider.value) - 1));
    box.querySelector('[data-go="1"]')?.addEventListener('click', () => go(Number(slider.value) + 1));
    document.addEventListener('keydown', (event) => {
      if (event.target !== document.body || event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === 'ArrowLeft') go(Number(slider.value) - 1);
      if (event.key === 'ArrowRight') go(Number(slider.value) + 1);
    });
    // Paper shows the end.
    addEventListener('beforeprint', () => show(last));
    addEventListener('afterprint', () => show(Number(slider.value)));
  }

  for (const button of document.querySelectorAll('.copyable button')) {
    if (navigator.clipboard === undefined) continue;
    button.hidden = false;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.parentElement.querySelector('pre').textContent);
      const before = button.textContent;
      button.textContent = 'copied';
      setTimeout(() => {
        button.textContent = before;
      }, 1500);
    });
  }
})();
