-- Inversions (two classes taken in both orders) by platform: which logs show them, have one order of them, or miss them
WITH
-- A capture without a tag counts for its architecture.
home (capture, platform) AS (
  SELECT capture.id, tag.value FROM capture JOIN json_each(capture.platform) AS tag
  UNION
  SELECT id, CASE arch WHEN 's390x' THEN 's390' ELSE coalesce(arch, 'unknown') END
  FROM capture WHERE json_array_length(platform) = 0 AND format <> 'litmus'
),
-- What a program of one capture takes in which order, and what each task of a composed witness does in the log that it is from.
order_in (held, wanted, capture) AS (
  SELECT e.class_held, e.class_wanted, s.capture
  FROM order_edge e JOIN program_source s ON s.seq = e.source
  UNION
  SELECT held.value ->> 'class', task.value -> 'wants' ->> 'class', capture.id
  FROM witness
  JOIN json_each(witness.body, '$.captures') AS of_witness
  JOIN capture ON capture.id = of_witness.value
  JOIN json_each(witness.body, '$.tasks') AS task
  JOIN json_each(task.value, '$.holds') AS held
  WHERE witness.basis = 'composed'
    AND substr(task.value -> 'wants' ->> 'at', 1, length(capture.file) + 1) = capture.file || ':'
),
-- A class that lockdep numbers is another one at the next boot: it is nobody's to share.
edge (held, wanted, capture, platform) AS (
  SELECT DISTINCT o.held, o.wanted, o.capture, home.platform
  FROM order_in o JOIN home ON home.capture = o.capture
  WHERE o.held <> o.wanted AND o.held NOT GLOB '*#[0-9]*' AND o.wanted NOT GLOB '*#[0-9]*'
),
inversion (a, b) AS (
  SELECT DISTINCT x.held, x.wanted FROM edge x
  WHERE x.held < x.wanted
    AND EXISTS (SELECT 1 FROM edge y WHERE y.held = x.wanted AND y.wanted = x.held)
),
seen (a, b, platform, forth, back, captures) AS (
  SELECT i.a, i.b, p.platform,
         (SELECT count(DISTINCT capture) FROM edge e
           WHERE e.platform = p.platform AND e.held = i.a AND e.wanted = i.b),
         (SELECT count(DISTINCT capture) FROM edge e
           WHERE e.platform = p.platform AND e.held = i.b AND e.wanted = i.a),
         (SELECT count(DISTINCT capture) FROM edge e
           WHERE e.platform = p.platform AND ((e.held = i.a AND e.wanted = i.b) OR (e.held = i.b AND e.wanted = i.a)))
  FROM inversion i CROSS JOIN (SELECT DISTINCT platform FROM home) p
)
SELECT a || ' <-> ' || b AS inversion, platform,
       CASE
         WHEN forth > 0 AND back > 0 THEN 'shows'
         WHEN forth > 0 THEN 'only ' || a || ' before ' || b
         WHEN back > 0 THEN 'only ' || b || ' before ' || a
         ELSE 'misses'
       END AS has,
       captures,
       (SELECT group_concat(platform, ', ') FROM
         (SELECT o.platform FROM seen o
           WHERE o.a = seen.a AND o.b = seen.b AND o.forth > 0 AND o.back > 0 ORDER BY o.platform)) AS shown_by,
       (SELECT g.best_witness FROM signature g
         WHERE json_array_length(g.cycle) = 2
           AND NOT EXISTS (SELECT value FROM json_each(g.cycle) WHERE value NOT IN (seen.a, seen.b))
           AND json_extract(g.cycle, '$[0]') <> json_extract(g.cycle, '$[1]')
         ORDER BY g.signature LIMIT 1) AS witness
FROM seen
ORDER BY (SELECT count(*) FROM seen o WHERE o.a = seen.a AND o.b = seen.b AND o.forth > 0 AND o.back > 0) DESC,
         inversion, has = 'misses', platform;
