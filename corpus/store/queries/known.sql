-- Bugs that somebody has triaged, with the last note
SELECT best_witness AS id, title, state, note, link, dup_of, last_seen
FROM signatures
WHERE state NOT IN ('open', 'regressed')
ORDER BY last_seen DESC, signature;
