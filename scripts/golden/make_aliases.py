"""Functions that Slim has under several names.

Writes test/golden/aliases.json: `aliases` is a list of lists of names below `slim` that stand for one function; `applied` has the names of
partial applications, with the function that is applied and the options that are set.
"""

import functools

import fixtures
from slim_env import VERSIONS, slim


def main():
    names = {}
    applied = []
    for name in sorted(dir(slim)):
        value = getattr(slim, name)
        if name.startswith('_') or not callable(value):
            continue
        if isinstance(value, functools.partial):
            options = {key: None if option is None else option.__name__ for key, option in value.keywords.items()}
            applied.append({'name': name, 'function': value.func.__name__, 'options': options})
        else:
            names.setdefault(id(value), []).append(name)
    aliases = [group for group in names.values() if len(group) > 1]
    fixtures.write_json('aliases.json', {
        'versions': VERSIONS,
        'aliases': fixtures.rows(aliases),
        'applied': fixtures.rows(applied),
    })


if __name__ == '__main__':
    main()
