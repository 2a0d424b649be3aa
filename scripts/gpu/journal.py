"""Sums up a journal of slimnet_replay: journal.py JOURNAL [--of N] [--record FILE] [--first-failing FILE]"""

import argparse
import json
import re
import sys

_LINE = re.compile(r'^(\w+) ("(?:[^"\\]|\\.)*")(?: (.*))?$')


def read(path):
    """Name of each case -> (state, what is known); a case that was begun and no more has ended its process."""
    cases = {}
    with open(path, encoding='utf8') as file:
        for line in file:
            match = _LINE.match(line.rstrip('\n'))
            if match is None:
                continue
            state, name, rest = match[1], json.loads(match[2]), match[3]
            if state == 'begun':
                cases.setdefault(name, ('unfinished', {}))
            else:
                cases[name] = (state, json.loads(rest) if rest else {})
    return cases


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('journal')
    parser.add_argument('--of', type=int, help='so many cases there are')
    parser.add_argument('--record', help='a JSON line is added to this file')
    parser.add_argument('--first-failing', help='the name of the first failing case is written to this file')
    options = parser.parse_args()
    cases = read(options.journal)
    by_state = {}
    for name, (state, known) in cases.items():
        by_state.setdefault(state, []).append((name, known))
    for state in ('refused', 'failed', 'unfinished'):
        for name, known in by_state.get(state, [])[:60]:
            print(f'{state}: {name}: {known.get("message", "")[:300]}')
    passed = by_state.get('passed', [])
    engines = {}
    for _, known in passed:
        for engine in filter(None, known.get('implementations', '').split(', ')):
            engines[engine] = engines.get(engine, 0) + 1
    for engine, count in sorted(engines.items(), key=lambda item: -item[1])[:40]:
        print(f'{count:6d} cases: {engine}')
    close = sorted(((known.get('error') or 0, name) for name, known in passed), reverse=True)[:5]
    for error, name in close:
        print(f'{error:8.3f} of what is allowed: {name}')
    counts = {state: len(found) for state, found in by_state.items()}
    if options.of is not None:
        counts['notRun'] = options.of - len(cases)
    if options.record:
        failed = [{'case': name, **known} for name, known in by_state.get('failed', [])]
        refused = [{'case': name, **known} for name, known in by_state.get('refused', [])]
        line = {'replay': counts, 'failed': failed, 'refused': refused, 'engines': engines, 'closest': close}
        with open(options.record, 'a', encoding='utf8') as file:
            file.write(json.dumps(line) + '\n')
    if options.first_failing and by_state.get('failed'):
        with open(options.first_failing, 'w', encoding='utf8') as file:
            file.write(by_state['failed'][0][0])
    print(f'{counts.get("refused", 0)} refused, {counts.get("unfinished", 0)} unfinished, {counts.get("notRun", 0)} not run')
    print(f'{len(passed)} passed, {len(by_state.get("failed", []))} failed')
    return 0 if passed and not by_state.get('failed') and not by_state.get('unfinished') else 1


if __name__ == '__main__':
    sys.exit(main())
