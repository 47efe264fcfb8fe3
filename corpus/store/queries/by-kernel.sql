-- Bugs seen in logs of a kernel (the start of its release will do)
SELECT DISTINCT s.best_witness AS id, s.title, s.state, c.kernel, c.arch, c.file
FROM signatures s
JOIN sightings x ON x.signature = s.signature
JOIN captures c ON c.id = x.capture
WHERE substr(c.kernel, 1, length(:kernel)) = :kernel
ORDER BY c.kernel, s.title, c.file;
