"""The activity log as a file: CSV, lines of JSON or a workbook, streamed row by row in constant memory."""
