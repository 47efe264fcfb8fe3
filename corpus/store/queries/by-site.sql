-- Witnesses in which a function takes or wants a lock (part of the name will do)
SELECT id, kind, state, title, grade, basis, found_at
FROM witnesses
WHERE instr(litmus, :site) > 0
ORDER BY found_at DESC, id;
