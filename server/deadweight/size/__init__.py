"""The only place that turns causes into bytes."""
