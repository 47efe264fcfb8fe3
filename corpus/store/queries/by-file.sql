-- Bugs seen in a file (part of its name will do)
SELECT DISTINCT s.best_witness AS id, s.title, s.state, x.file
FROM signatures s
JOIN sightings x ON x.signature = s.signature
WHERE instr(x.file, :file) > 0
ORDER BY x.file, s.title;
