// Migration 4: who runs a campaign, its figures of now, and all statistics of each minute.

export const CAMPAIGNS = `
-- One row while a process works on the campaign; left behind by a killed one.
CREATE TABLE campaign_lock (
  campaign TEXT PRIMARY KEY,
  token    TEXT NOT NULL,
  pid      INTEGER NOT NULL,
  host     TEXT NOT NULL,
  began    TEXT NOT NULL,
  at       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign_now (
  campaign TEXT PRIMARY KEY,
  at       TEXT NOT NULL,
  figures  TEXT NOT NULL CHECK (json_valid(figures))
) STRICT, WITHOUT ROWID;

ALTER TABLE coverage_minute ADD COLUMN figures TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(figures));

DROP VIEW coverage;
CREATE VIEW coverage AS
  SELECT campaign, minute, at, execs, steps, features, seeds, new_signatures, figures FROM coverage_minute;

CREATE VIEW campaign_figures AS
  SELECT n.campaign, n.at, n.figures, l.pid, l.host
  FROM campaign_now n LEFT JOIN campaign_lock l ON l.campaign = n.campaign;
`;
