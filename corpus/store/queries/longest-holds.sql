-- Lock classes by the longest time that a recording saw one held
SELECT class, kind, longest_hold_ns / 1000000.0 AS longest_hold_ms, acquisitions, contended, captures
FROM contention
WHERE longest_hold_ns IS NOT NULL
ORDER BY longest_hold_ns DESC, class
LIMIT 50;
