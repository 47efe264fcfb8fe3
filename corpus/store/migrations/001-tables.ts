// Migration 1: the tables, their references, and the triggers that keep findings and decisions append-only.

/** Tables may change with any version; views (migration 2) are the public API. */
export const TABLES = `
CREATE TABLE capture (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE CHECK (length(id) = 64),
  file        TEXT NOT NULL,
  bytes       INTEGER NOT NULL,
  format      TEXT NOT NULL,
  arch        TEXT,
  kernel      TEXT,
  platform    TEXT NOT NULL CHECK (json_valid(platform)),
  events      INTEGER NOT NULL,
  tasks       INTEGER NOT NULL,
  locks       INTEGER NOT NULL,
  classes     INTEGER NOT NULL,
  gaps        INTEGER NOT NULL,
  imported_at TEXT NOT NULL,
  pack        BLOB NOT NULL
) STRICT;

CREATE TABLE report (
  capture  TEXT NOT NULL REFERENCES capture (id),
  n        INTEGER NOT NULL,
  kind     TEXT NOT NULL,
  line     INTEGER NOT NULL,
  task     TEXT,
  pid      INTEGER,
  wants    TEXT,
  holds    TEXT NOT NULL CHECK (json_valid(holds)),
  title    TEXT NOT NULL,
  PRIMARY KEY (capture, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE skip (
  capture    TEXT NOT NULL REFERENCES capture (id),
  stat       TEXT NOT NULL,
  severity   TEXT NOT NULL,
  count      INTEGER NOT NULL,
  first_line INTEGER,
  advice     TEXT NOT NULL,
  PRIMARY KEY (capture, stat)
) STRICT, WITHOUT ROWID;

CREATE TABLE class_use (
  capture         TEXT NOT NULL REFERENCES capture (id),
  class           TEXT NOT NULL,
  kind            TEXT NOT NULL,
  acquisitions    INTEGER NOT NULL,
  contended       INTEGER NOT NULL,
  longest_hold_ns INTEGER,
  PRIMARY KEY (capture, class)
) STRICT, WITHOUT ROWID;

CREATE TABLE program (
  seq    INTEGER PRIMARY KEY,
  id     TEXT NOT NULL UNIQUE CHECK (length(id) = 64),
  name   TEXT NOT NULL,
  tasks  INTEGER NOT NULL,
  locks  INTEGER NOT NULL,
  ops    INTEGER NOT NULL,
  litmus TEXT NOT NULL
) STRICT;

-- episode -1: the file carried the program outright.
CREATE TABLE program_source (
  seq      INTEGER PRIMARY KEY,
  program  TEXT NOT NULL REFERENCES program (id),
  capture  TEXT NOT NULL REFERENCES capture (id),
  episode  INTEGER NOT NULL CHECK (episode >= -1),
  basis    TEXT NOT NULL,
  happened INTEGER NOT NULL CHECK (happened IN (0, 1)),
  lowered  TEXT NOT NULL CHECK (json_valid(lowered)),
  UNIQUE (program, capture, episode)
) STRICT;
CREATE INDEX program_source_capture ON program_source (capture);

CREATE TABLE order_edge (
  source       INTEGER NOT NULL REFERENCES program_source (seq),
  n            INTEGER NOT NULL,
  class_held   TEXT NOT NULL,
  class_wanted TEXT NOT NULL,
  mode         TEXT NOT NULL,
  ctx          TEXT NOT NULL,
  task         TEXT NOT NULL,
  site_held    TEXT,
  site_wanted  TEXT,
  line         INTEGER,
  PRIMARY KEY (source, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_edge_classes ON order_edge (class_held, class_wanted);

CREATE TABLE signature (
  signature    TEXT PRIMARY KEY,
  kind         TEXT NOT NULL,
  title        TEXT NOT NULL,
  cycle        TEXT NOT NULL CHECK (json_valid(cycle)),
  best_witness TEXT NOT NULL REFERENCES witness (id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TABLE witness (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE CHECK (length(id) = 12),
  signature   TEXT NOT NULL REFERENCES signature (signature),
  kind        TEXT NOT NULL,
  basis       TEXT NOT NULL,
  grade       TEXT NOT NULL,
  basis_rank  INTEGER NOT NULL,
  grade_rank  INTEGER NOT NULL,
  model       TEXT NOT NULL,
  preemptions INTEGER NOT NULL,
  steps       INTEGER NOT NULL,
  litmus      TEXT NOT NULL,
  body        TEXT NOT NULL CHECK (json_valid(body)),
  campaign    TEXT,
  found_at    TEXT NOT NULL
) STRICT;
CREATE INDEX witness_signature ON witness (signature);

CREATE TABLE sighting (
  seq       INTEGER PRIMARY KEY,
  signature TEXT NOT NULL REFERENCES signature (signature),
  witness   TEXT REFERENCES witness (id),
  capture   TEXT REFERENCES capture (id),
  campaign  TEXT,
  at        TEXT NOT NULL
) STRICT;
CREATE INDEX sighting_signature ON sighting (signature, at);

CREATE TABLE triage (
  seq       INTEGER PRIMARY KEY,
  signature TEXT NOT NULL REFERENCES signature (signature),
  state     TEXT NOT NULL CHECK (state IN ('open', 'reported', 'fixed', 'invalid', 'dup')),
  note      TEXT,
  link      TEXT,
  dup_of    TEXT REFERENCES signature (signature),
  who       TEXT NOT NULL,
  at        TEXT NOT NULL
) STRICT;
CREATE INDEX triage_signature ON triage (signature, seq);

CREATE TABLE campaign (
  name           TEXT PRIMARY KEY,
  seed           INTEGER NOT NULL,
  execs          INTEGER NOT NULL,
  steps          INTEGER NOT NULL,
  seconds        REAL NOT NULL,
  features       INTEGER NOT NULL,
  seeds          INTEGER NOT NULL,
  new_signatures INTEGER NOT NULL,
  model          TEXT NOT NULL,
  state          BLOB NOT NULL,
  state_sha256   TEXT NOT NULL,
  started_at     TEXT NOT NULL,
  updated_at     TEXT NOT NULL
) STRICT;

CREATE TABLE coverage_minute (
  campaign       TEXT NOT NULL REFERENCES campaign (name),
  minute         INTEGER NOT NULL,
  at             TEXT NOT NULL,
  execs          INTEGER NOT NULL,
  steps          INTEGER NOT NULL,
  features       INTEGER NOT NULL,
  seeds          INTEGER NOT NULL,
  new_signatures INTEGER NOT NULL,
  PRIMARY KEY (campaign, minute)
) STRICT, WITHOUT ROWID;

-- rowid is witness.seq.
CREATE VIRTUAL TABLE search USING fts5 (lock, class, task, site, note);

CREATE TRIGGER witness_is_never_changed BEFORE UPDATE ON witness
  BEGIN SELECT RAISE(ABORT, 'a witness is never changed'); END;
CREATE TRIGGER witness_is_never_deleted BEFORE DELETE ON witness
  BEGIN SELECT RAISE(ABORT, 'a witness is never deleted'); END;
CREATE TRIGGER triage_is_never_changed BEFORE UPDATE ON triage
  BEGIN SELECT RAISE(ABORT, 'the triage log is append-only'); END;
CREATE TRIGGER triage_is_never_deleted BEFORE DELETE ON triage
  BEGIN SELECT RAISE(ABORT, 'the triage log is append-only'); END;
CREATE TRIGGER sighting_is_never_changed BEFORE UPDATE ON sighting
  BEGIN SELECT RAISE(ABORT, 'a sighting is never changed'); END;
CREATE TRIGGER sighting_is_never_deleted BEFORE DELETE ON sighting
  BEGIN SELECT RAISE(ABORT, 'a sighting is never deleted'); END;
CREATE TRIGGER capture_is_never_changed BEFORE UPDATE ON capture
  BEGIN SELECT RAISE(ABORT, 'a capture is never changed'); END;
`;
