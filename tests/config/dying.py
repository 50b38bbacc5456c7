"""A process that dies (SIGKILL, nothing is cleaned up) before its n-th statement."""

import os
import signal


def die_before(statement: int):
    count = 0

    def wrapper(execute, sql, params, many, context):
        nonlocal count
        count += 1
        if count == statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    return wrapper
