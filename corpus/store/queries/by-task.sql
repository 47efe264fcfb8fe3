-- Witnesses in which a task takes part (part of its name will do)
SELECT w.id, w.kind, w.state, w.title, t.task, t.holds, t.wants, t.site
FROM witness_tasks t
JOIN witnesses w ON w.id = t.witness
WHERE instr(t.task, :task) > 0
ORDER BY w.found_at DESC, w.id, t.task;
