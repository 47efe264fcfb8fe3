-- Bugs with the same cycle of classes but other sites: the coarser key, as syzkaller groups crashes
SELECT cycle, count(*) AS bugs, group_concat(DISTINCT kind) AS kinds, group_concat(substr(best_witness, 1, 7), ' ') AS ids
FROM signatures
GROUP BY cycle
HAVING count(*) > 1
ORDER BY bugs DESC, cycle;
