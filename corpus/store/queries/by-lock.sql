-- Witnesses in which a lock class takes part (part of the name will do)
SELECT id, kind, state, title, grade, basis, found_at
FROM witnesses
WHERE instr(locks, :lock) > 0
ORDER BY found_at DESC, id;
