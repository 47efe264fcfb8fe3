-- Where recordings lost something, and how to record better next time
SELECT file, stat, severity, count, first_line, advice
FROM skipped
WHERE severity IN ('data-loss', 'error')
UNION ALL
SELECT file, 'gap', 'data-loss', gaps, NULL, 'The tracer lost events here; no conclusion crosses the gap.'
FROM captures
WHERE gaps > 0
ORDER BY file, stat;
