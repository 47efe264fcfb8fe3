-- Captures by the time that reading them took
SELECT file, format, bytes, events, import_ms,
       CASE WHEN import_ms > 0 THEN round(bytes / 1048.576 / import_ms, 1) END AS mib_per_s
FROM captures
WHERE import_ms IS NOT NULL
ORDER BY import_ms DESC, file
LIMIT 50;
