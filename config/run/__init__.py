"""`make run`: the whole product on one machine, started and stopped as one.

Web server, Celery worker and beat each run in a session of their own, so that Ctrl-C reaches only this supervisor
and each of them is asked to stop in order.
"""
