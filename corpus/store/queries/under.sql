-- What is taken while a lock class is held (part of the name will do), and where that was recorded
SELECT class_held, class_wanted, mode, ctx, times, captures, example_site_held, example_site_wanted, example_line
FROM lock_order
WHERE instr(class_held, :lock) > 0
ORDER BY class_held, times DESC, class_wanted;
