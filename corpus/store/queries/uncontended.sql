-- Lock classes of which no task was ever seen waiting and no witness speaks
SELECT class, kind, acquisitions, captures
FROM contention
WHERE never_contended
  AND NOT EXISTS (SELECT 1 FROM signatures, json_each(signatures.cycle) WHERE json_each.value = contention.class)
ORDER BY acquisitions DESC, class;
