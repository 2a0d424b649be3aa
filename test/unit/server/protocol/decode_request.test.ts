import fc from 'fast-check';
import {
  bytesOf,
  decodeRequest,
  encodeResponse,
  joinElements,
  RequestError,
  splitElements,
} from '../../../../lib/server/protocol/index.js';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe('elements of BYTES', () => {
  test('are the same after they were joined and split', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), (elements) => {
        expect(splitElements(joinElements(elements), elements.length, 'x').map((each) => [...each])).toEqual(
          elements.map((each) => [...each]),
        );
      }),
    );
  });

  test.each([
    ['a length that is cut off', [1, 0, 0], 1],
    ['a length beyond the end', [9, 0, 0, 0, 1], 1],
    ['the largest length', [255, 255, 255, 255, 1], 1],
    ['too few elements', [0, 0, 0, 0], 2],
    ['too many bytes', [0, 0, 0, 0, 7], 1],
    ['bytes for no elements', [7], 0],
  ])('are refused with %s', (_, section, count) => {
    expect(() => splitElements(Uint8Array.from(section), count, 'x')).toThrow(RequestError);
  });
});

describe('requests', () => {
  const types = [
    ['BOOL', [true, false], [1, 0]],
    ['UINT8', [0, 255], [0, 255]],
    ['UINT16', [0, 65535], [0, 65535]],
    ['UINT32', [0, 4294967295], [0, 4294967295]],
    ['UINT64', [0, 2 ** 53 - 1], [0n, 9007199254740991n]],
    ['INT8', [-128, 127], [-128, 127]],
    ['INT16', [-32768, 32767], [-32768, 32767]],
    ['INT32', [-2147483648, 2147483647], [-2147483648, 2147483647]],
    ['INT64', [-(2 ** 53 - 1), 1], [-9007199254740991n, 1n]],
    ['FP32', [0.5, -3], [0.5, -3]],
    ['FP64', [0.1, -3], [0.1, -3]],
  ] as const;

  test.each(types)('carry %s in JSON, and come back the same in binary form', (datatype, data, expected) => {
    const tensor = { name: 'x', datatype, shape: [2], data };
    const [input] = decodeRequest(bytes({ inputs: [tensor] }), null).inputs;
    expect([...(input?.data ?? [])]).toEqual([...expected]);
    const { parts, jsonLength } = encodeResponse(
      { modelName: 'm', modelVersion: '1', outputs: [input as never] },
      () => true,
    );
    const section = parts[1] as Uint8Array;
    // At an odd place, so that nothing is aligned.
    const json = bytes({
      inputs: [{ ...tensor, data: undefined, parameters: { binary_data_size: section.byteLength } }],
    });
    const body = Buffer.concat([json, section]);
    const [again] = decodeRequest(new Uint8Array(body), json.byteLength).inputs;
    expect([...(again?.data ?? [])]).toEqual([...expected]);
    expect(jsonLength).toBe(parts[0]?.byteLength);
    expect(bytesOf(again as never)).toEqual(section);
  });

  test.each([
    ['BOOL', [1, 0]],
    ['UINT8', [256, 0]],
    ['INT8', [0, -129]],
    ['UINT16', [0.5, 0]],
    ['UINT64', [-1, 0]],
    ['INT64', [2 ** 53, 0]],
    ['FP32', [null, 0]],
    ['FP16', [1, 2]],
    ['BF16', [1, 2]],
    ['FP32', 'ab'],
    ['FP32', { 0: 1, 1: 2, length: 2 }],
    ['BYTES', [1, 2]],
  ])('are refused with %s of %j', (datatype, data) => {
    const refuse = () => decodeRequest(bytes({ inputs: [{ name: 'x', datatype, shape: [2], data }] }), null);
    expect(refuse).toThrow(RequestError);
  });

  test('whatever the bytes are, they are a request or refused', () => {
    const numbers = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-1, 0, 1, 2, 1e9, 2 ** 31, 2 ** 53));
    const tensor = fc.record(
      {
        name: fc.oneof(fc.string(), numbers),
        datatype: fc.oneof(fc.constantFrom('FP32', 'BYTES', 'UINT8', 'INT64', 'BOOL'), fc.string()),
        shape: fc.oneof(fc.array(numbers, { maxLength: 9 }), fc.jsonValue()),
        data: fc.oneof(fc.array(numbers, { maxLength: 9 }), fc.jsonValue()),
        parameters: fc.oneof(fc.record({ binary_data_size: numbers }), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const message = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          id: fc.jsonValue(),
          inputs: fc.oneof(fc.array(tensor, { maxLength: 3 }), fc.jsonValue()),
          outputs: fc.oneof(fc.array(tensor, { maxLength: 3 }), fc.jsonValue()),
          parameters: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(message, fc.uint8Array({ maxLength: 20 }), fc.integer({ min: -3, max: 3 }), (json, section, off) => {
        const head = bytes(json);
        const body = new Uint8Array(Buffer.concat([head, section]));
        const length = section.length === 0 && off === 0 ? null : Math.max(0, head.byteLength + off);
        try {
          decodeRequest(body, length);
        } catch (error) {
          if (!(error instanceof RequestError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('a claim of many elements takes no memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    const claim = { name: 'x', datatype: 'FP64', shape: [2 ** 15, 2 ** 15], data: [1] };
    expect(() => decodeRequest(bytes({ inputs: [claim] }), null)).toThrow('1073741824');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });
});
