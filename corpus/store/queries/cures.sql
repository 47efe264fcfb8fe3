-- Single changes that were tried on a witness (the start of its id), those that cure it first
SELECT witness AS id, how, change, CASE WHEN cures THEN 'cures it' ELSE 'does not' END AS outcome
FROM changes_tried
WHERE substr(witness, 1, length(:id)) = :id
ORDER BY cures DESC, how, change;
