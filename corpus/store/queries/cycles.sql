-- Cycles of up to four lock classes in lock_order that no witness confirms: lockdep would warn of them
WITH RECURSIVE
edge (held, wanted) AS (SELECT DISTINCT class_held, class_wanted FROM lock_order),
-- Paths start at their smallest class, so that each cycle is found once.
path (first, last, classes, length) AS (
  SELECT held, wanted, json_array(held, wanted), 1 FROM edge WHERE wanted >= held
  UNION
  SELECT first, wanted, json_insert(classes, '$[#]', wanted), length + 1
  FROM path JOIN edge ON edge.held = path.last
  WHERE length < 4 AND last <> first AND wanted >= first
    AND (wanted = first OR NOT EXISTS (SELECT 1 FROM json_each(classes) WHERE value = wanted))
),
-- The last class of a closed path is the first again.
cycle (classes, length) AS (
  SELECT json_remove(classes, '$[#-1]'), length FROM path WHERE last = first
)
SELECT (SELECT group_concat(value, ' -> ') FROM json_each(classes)) AS cycle, length
FROM cycle
WHERE NOT EXISTS (
  SELECT 1 FROM signatures
  WHERE json_array_length(signatures.cycle) = length
    AND NOT EXISTS (SELECT value FROM json_each(signatures.cycle)
                    EXCEPT SELECT value FROM json_each(cycle.classes))
)
ORDER BY length, cycle;
