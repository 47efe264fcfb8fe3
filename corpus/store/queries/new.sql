-- Bugs that nobody has looked at yet, and those that came back, newest first
SELECT best_witness AS id, title, state, sightings, captures, first_seen, last_seen
FROM signatures
WHERE state IN ('open', 'regressed')
ORDER BY first_seen DESC, signature;
