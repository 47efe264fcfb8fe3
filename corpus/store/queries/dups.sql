-- Bugs that were joined to others by hand, with the one that stands for them
SELECT s.best_witness AS id, s.title, o.best_witness AS same_as, o.title AS same_title, s.note
FROM signatures s
LEFT JOIN signatures o ON o.signature = s.dup_of
WHERE s.state = 'dup'
ORDER BY same_title, s.title;
