// Migration 2: the views, which are the database's public API (docs/database.md).

export const VIEWS = `
CREATE VIEW captures AS
  SELECT id, file, bytes, format, arch, kernel, platform, events, tasks, locks, classes,
         (SELECT count(*) FROM report WHERE report.capture = capture.id) AS reports,
         gaps, imported_at
  FROM capture;

CREATE VIEW reports AS
  SELECT report.capture, capture.file, report.kind, report.line, report.task, report.pid,
         report.wants, report.holds, report.title
  FROM report JOIN capture ON capture.id = report.capture;

CREATE VIEW skipped AS
  SELECT skip.capture, capture.file, skip.stat, skip.severity, skip.count, skip.first_line, skip.advice
  FROM skip JOIN capture ON capture.id = skip.capture;

CREATE VIEW programs AS
  SELECT program.id, program.name, program.tasks, program.locks, program.ops,
         (SELECT count(*) FROM program_source WHERE program_source.program = program.id) AS sources,
         program.litmus
  FROM program;

CREATE VIEW program_sources AS
  SELECT program_source.program, program_source.capture, capture.file,
         nullif(program_source.episode, -1) AS episode, program_source.basis, program_source.happened
  FROM program_source JOIN capture ON capture.id = program_source.capture;

CREATE VIEW lock_order AS
  SELECT e.class_held, e.class_wanted, e.mode, e.ctx,
         count(DISTINCT s.capture) AS captures,
         count(*) AS times,
         min(e.site_held) AS example_site_held,
         min(e.site_wanted) AS example_site_wanted,
         (SELECT c.file || coalesce(':' || e2.line, '')
            FROM order_edge e2 JOIN program_source s2 ON s2.seq = e2.source JOIN capture c ON c.id = s2.capture
           WHERE e2.class_held = e.class_held AND e2.class_wanted = e.class_wanted
             AND e2.mode = e.mode AND e2.ctx = e.ctx
           ORDER BY e2.line IS NULL, e2.source, e2.n LIMIT 1) AS example_line
  FROM order_edge e JOIN program_source s ON s.seq = e.source
  GROUP BY e.class_held, e.class_wanted, e.mode, e.ctx;

CREATE VIEW contention AS
  SELECT class, min(kind) AS kind,
         count(*) AS captures,
         sum(acquisitions) AS acquisitions,
         sum(contended) AS contended,
         max(longest_hold_ns) AS longest_hold_ns,
         sum(contended) = 0 AS never_contended
  FROM class_use GROUP BY class;

CREATE VIEW signatures AS
  SELECT g.signature, g.kind, g.title, g.cycle,
         CASE
           WHEN t.state = 'fixed'
                AND EXISTS (SELECT 1 FROM sighting x WHERE x.signature = g.signature AND x.at > t.at)
             THEN 'regressed'
           ELSE coalesce(t.state, 'open')
         END AS state,
         t.note, t.link, t.dup_of,
         (SELECT min(at) FROM sighting x WHERE x.signature = g.signature) AS first_seen,
         (SELECT max(at) FROM sighting x WHERE x.signature = g.signature) AS last_seen,
         (SELECT count(DISTINCT at || ' ' || coalesce(campaign, '')) FROM sighting x
           WHERE x.signature = g.signature) AS sightings,
         (SELECT count(DISTINCT capture) FROM sighting x WHERE x.signature = g.signature) AS captures,
         g.best_witness
  FROM signature g
  LEFT JOIN triage t ON t.seq = (SELECT max(seq) FROM triage y WHERE y.signature = g.signature);

CREATE VIEW witnesses AS
  SELECT w.id, w.signature, w.kind, s.state, s.title, s.cycle,
         (SELECT group_concat(lock, ', ') FROM
           (SELECT DISTINCT json_extract(h.value, '$.class') AS lock
              FROM json_each(w.body, '$.tasks') AS t,
                   json_each(json_insert(json_extract(t.value, '$.holds'), '$[#]',
                                         json_extract(t.value, '$.wants'))) AS h
             WHERE json_extract(h.value, '$.class') IS NOT NULL ORDER BY lock)) AS locks,
         json_array_length(w.body, '$.tasks') AS tasks,
         w.preemptions, w.steps, w.basis, w.grade, w.model,
         w.id = s.best_witness AS best,
         w.campaign, w.found_at, w.litmus
  FROM witness w JOIN signatures s ON s.signature = w.signature;

CREATE VIEW sightings AS
  SELECT x.signature, x.witness, x.capture, capture.file, x.campaign, x.at
  FROM sighting x LEFT JOIN capture ON capture.id = x.capture;

CREATE VIEW triage_log AS
  SELECT signature, state, note, link, dup_of, who, at FROM triage ORDER BY seq;

CREATE VIEW campaigns AS
  SELECT name, seed, execs, steps, seconds, features, seeds, new_signatures, model, started_at, updated_at
  FROM campaign;

CREATE VIEW coverage AS
  SELECT campaign, minute, at, execs, steps, features, seeds, new_signatures FROM coverage_minute;
`;
