-- What was decided about a witness and when it was seen (the start of its id), oldest first
SELECT at, 'decided' AS what, t.state AS detail, coalesce(t.note, '') AS note, t.who
FROM triage_log t
WHERE t.signature IN (SELECT signature FROM witnesses WHERE substr(id, 1, length(:id)) = :id)
UNION ALL
SELECT at, 'seen', coalesce(x.campaign, 'predict or check'), coalesce(x.file, ''), NULL
FROM sightings x
WHERE x.signature IN (SELECT signature FROM witnesses WHERE substr(id, 1, length(:id)) = :id)
ORDER BY at, what;
