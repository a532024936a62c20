"""What the log says, and how much of it."""

import logging


class OutageInOneLine(logging.Filter):
    """An outage of the database is a line for each request that meets it, not a page of code."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Here, because the log is set up before models can be made.
        from mentormatch.db import in_one_line, is_outage  # noqa: PLC0415  # see above

        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, Exception) and is_outage(error):
            record.msg, record.args = f"{record.getMessage()}: {in_one_line(error)}", ()
            record.exc_info = record.exc_text = None
        return True
