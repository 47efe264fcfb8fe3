-- Bugs that were marked fixed and were seen again, with the kernels of the sightings since then
SELECT s.best_witness AS id, s.title, s.fixed_in, s.note AS fixed_note, x.at AS seen_again, x.file,
       (SELECT kernel FROM captures WHERE captures.id = x.capture) AS kernel,
       (SELECT imported_at FROM captures WHERE captures.id = x.capture) AS imported_at
FROM signatures s
JOIN sightings x ON x.signature = s.signature
WHERE s.state = 'regressed'
  AND x.at > (SELECT max(at) FROM triage_log t WHERE t.signature = s.signature AND t.state = 'fixed')
ORDER BY x.at DESC, s.signature;
