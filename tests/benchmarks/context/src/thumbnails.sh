#!/bin/sh
exec /opt/encoder/bin/encoder "$@"
