"""Moments as the records' pages write them, wherever Django writes one itself."""

DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i e"
