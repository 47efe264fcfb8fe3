-- What a lock rule cures: for each class and rule the witnesses that it cures and those that it leaves, by complete search
SELECT class, rule,
       sum(cures) AS cured,
       count(*) - sum(cures) AS left_over,
       group_concat(CASE WHEN cures THEN substr(witness, 1, 7) END, ' ') AS cured_ids,
       group_concat(CASE WHEN NOT cures THEN substr(witness, 1, 7) END, ' ') AS left_ids
FROM changes_tried
WHERE how = 'rule'
GROUP BY class, rule
ORDER BY cured DESC, left_over, class, rule;
