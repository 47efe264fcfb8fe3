// Migration 5: kernels of fixes, changes that were tried, who recorded a lock order, and the indices that pages need.

export const DECISIONS_AND_INDICES = `
ALTER TABLE triage ADD COLUMN fixed_in TEXT;
ALTER TABLE capture ADD COLUMN import_ms INTEGER;

-- Last decision by time: two databases that were merged may hold decisions that were stored in another order.
DROP INDEX triage_signature;
CREATE INDEX triage_signature ON triage (signature, at, seq);
CREATE INDEX triage_state ON triage (state);
CREATE INDEX sighting_capture ON sighting (capture);
CREATE INDEX sighting_witness ON sighting (witness);
CREATE INDEX witness_found ON witness (found_at, seq);
CREATE INDEX order_edge_wanted ON order_edge (class_wanted);

CREATE TABLE signature_class (
  class     TEXT NOT NULL,
  signature TEXT NOT NULL REFERENCES signature (signature),
  PRIMARY KEY (class, signature)
) STRICT, WITHOUT ROWID;
CREATE INDEX signature_class_signature ON signature_class (signature);
INSERT INTO signature_class
  SELECT DISTINCT c.value, g.signature FROM signature g, json_each(g.cycle) c;
CREATE TRIGGER signature_has_classes AFTER INSERT ON signature
  BEGIN
    INSERT INTO signature_class SELECT DISTINCT value, NEW.signature FROM json_each(NEW.cycle);
  END;

CREATE TABLE change_tried (
  witness TEXT NOT NULL REFERENCES witness (id),
  n       INTEGER NOT NULL,
  how     TEXT NOT NULL,
  class   TEXT,
  rule    TEXT,
  change  TEXT NOT NULL,
  cures   INTEGER NOT NULL CHECK (cures IN (0, 1)),
  PRIMARY KEY (witness, n)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER change_tried_is_never_changed BEFORE UPDATE ON change_tried
  BEGIN SELECT RAISE(ABORT, 'what was tried is never changed'); END;

DROP VIEW captures;
CREATE VIEW captures AS
  SELECT id, file, bytes, format, arch, kernel, platform, events, tasks, locks, classes,
         (SELECT count(*) FROM report WHERE report.capture = capture.id) AS reports,
         gaps, imported_at, import_ms
  FROM capture;

DROP VIEW witnesses;
DROP VIEW signatures;
CREATE VIEW signatures AS
  SELECT g.signature, g.kind, g.title, g.cycle,
         CASE
           WHEN t.state = 'fixed'
                AND EXISTS (SELECT 1 FROM sighting x WHERE x.signature = g.signature AND x.at > t.at)
             THEN 'regressed'
           ELSE coalesce(t.state, 'open')
         END AS state,
         t.note, t.link, t.dup_of, t.fixed_in,
         (SELECT min(at) FROM sighting x WHERE x.signature = g.signature) AS first_seen,
         (SELECT max(at) FROM sighting x WHERE x.signature = g.signature) AS last_seen,
         (SELECT count(DISTINCT at || ' ' || coalesce(campaign, '')) FROM sighting x
           WHERE x.signature = g.signature) AS sightings,
         (SELECT count(DISTINCT capture) FROM sighting x WHERE x.signature = g.signature) AS captures,
         g.best_witness
  FROM signature g
  LEFT JOIN triage t ON t.seq = (SELECT y.seq FROM triage y WHERE y.signature = g.signature
                                  ORDER BY y.at DESC, y.seq DESC LIMIT 1);

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

DROP VIEW triage_log;
CREATE VIEW triage_log AS
  SELECT signature, state, note, link, dup_of, fixed_in, who, at FROM triage ORDER BY at, seq;

CREATE VIEW witness_tasks AS
  SELECT w.id AS witness, w.signature, json_extract(t.value, '$.name') AS task,
         (SELECT group_concat(json_extract(h.value, '$.class'), ', ') FROM json_each(t.value, '$.holds') h) AS holds,
         json_extract(t.value, '$.wants.class') AS wants,
         json_extract(t.value, '$.wants.site') AS site
  FROM witness w, json_each(w.body, '$.tasks') t;

CREATE VIEW signature_classes AS
  SELECT signature, class FROM signature_class;

CREATE VIEW lock_order_sources AS
  SELECT e.class_held, e.class_wanted, e.mode, e.ctx, e.task, e.site_held, e.site_wanted,
         c.file, e.line, c.kernel, c.arch, c.platform, s.capture, s.program
  FROM order_edge e JOIN program_source s ON s.seq = e.source JOIN capture c ON c.id = s.capture;

CREATE VIEW changes_tried AS
  SELECT t.witness, w.signature, t.how, t.class, t.rule, t.change, t.cures
  FROM change_tried t JOIN witness w ON w.id = t.witness;
`;
