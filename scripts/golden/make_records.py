"""Record files as TensorFlow frames them.

Writes test/golden/records.json: the records that TFRecordWriter was given, and the file that it made, both in base64.
"""

import base64
import os
import tempfile

import fixtures
from slim_env import VERSIONS, tf


def main():
    records = [b'slimnet', b'', bytes(range(256)), bytes(1000), 'größer'.encode()]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'records')
        with tf.io.TFRecordWriter(path) as writer:
            for record in records:
                writer.write(record)
        with open(path, 'rb') as file:
            written = file.read()
    text = lambda data: base64.b64encode(data).decode()
    fixtures.write_json('records.json', {'versions': VERSIONS, 'records': [text(r) for r in records], 'file': text(written)})


if __name__ == '__main__':
    main()
