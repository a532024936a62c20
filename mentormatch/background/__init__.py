"""Work that outlives a request: `durable` tasks and `periodic` functions of `<app>/tasks.py`."""

from mentormatch.background.registry import durable, periodic

__all__ = ["durable", "periodic"]
