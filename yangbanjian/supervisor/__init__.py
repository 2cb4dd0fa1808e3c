"""Starts, watches and stops the processes: the embedded PostgreSQL, web, events, worker. No Django.

Words: the *home* is the data folder (`YBJ_HOME`); the *engine* is the running PostgreSQL;
the *account* is the unprivileged user that runs it when we were started as root; a *child* is
one supervised program. Uses the standard library and psycopg only, so that it still works
when the rest of the product cannot be imported.

Promises: no server is reachable from outside the machine or by another local user; several
processes share one server and the last one out stops it; `kill -9` of anything loses nothing.
"""
