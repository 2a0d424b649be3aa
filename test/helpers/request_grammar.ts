/** Requests out of an OpenAPI description: right ones, and ones that are wrong in places. */
import { deflateSync, gzipSync } from 'node:zlib';
import { hash } from './generator.js';

type Schema = Readonly<Record<string, unknown>>;

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
}

export interface WrittenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Values that stand where others are expected. */
const odd: readonly unknown[] = [
  null,
  true,
  '',
  'x',
  '\u0000',
  '/etc/passwd',
  'file:///etc/passwd',
  'http://127.0.0.1/',
  '__proto__',
  'constructor',
  '\ud83d\ude00'.repeat(50),
  0,
  -1,
  0.5,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 53,
  [],
  [[]],
  [[[[[[[[[[1]]]]]]]]]],
  {},
  { __proto__: null, toString: 1 },
];

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A stream of choices that depends on its seed alone. */
export class Grammar {
  readonly #api: OpenApi;
  readonly #seed: number;
  #drawn = 0;

  constructor(api: OpenApi, seed: number) {
    this.#api = api;
    this.#seed = seed;
  }

  request(names: readonly string[]): WrittenRequest {
    const [path, item] = this.#one(Object.entries(this.#api.paths));
    const [method, operation] = this.#one(Object.entries(item));
    const headers: Record<string, string> = {};
    const query: string[] = [];
    const written = path.replaceAll(/\{(\w+)\}/g, (_, kind: string) => {
      if (this.#chance(0.15)) return encodeURIComponent(textOf(this.#one(odd)));
      return kind === 'version' ? '1' : this.#one(names);
    });
    for (const { name, in: place, schema } of operation.parameters ?? []) {
      if (place === 'path' || this.#chance(0.5)) continue;
      const value = textOf(this.#chance(0.5) ? this.#one(odd) : this.#value(schema, 0));
      if (place === 'query') query.push(`${name}=${encodeURIComponent(value)}`);
      else headers[name] = value.replaceAll(/[^\x20-\x7e]/g, '');
    }
    let body = this.#body(operation, headers);
    if (headers['Content-Encoding'] === 'gzip' && this.#chance(0.7)) body = gzipSync(body);
    if (headers['Content-Encoding'] === 'deflate' && this.#chance(0.7)) body = deflateSync(body);
    const other = this.#chance(0.03) ? this.#one(['get', 'post', 'put', 'delete', 'patch', 'options', 'head']) : method;
    return {
      method: other.toUpperCase(),
      path: written + (query.length > 0 ? `?${query.join('&')}` : ''),
      headers,
      body: other === 'get' || other === 'head' ? Buffer.alloc(0) : body,
    };
  }

  #body({ requestBody }: Operation, headers: Record<string, string>): Buffer {
    if (requestBody === undefined) return Buffer.alloc(0);
    const [type, { schema = {} }] = this.#one(Object.entries(requestBody.content));
    if (this.#chance(0.9)) headers['Content-Type'] = this.#chance(0.1) ? 'text/html; charset=x' : type;
    if (type !== 'application/json') return this.#bytes();
    const text = JSON.stringify(this.#value(schema, 0));
    const json = Buffer.from(this.#chance(0.05) ? text.slice(0, Math.floor(text.length * this.#draw())) : text);
    const section = this.#chance(0.3) ? this.#bytes() : Buffer.alloc(0);
    if (section.length > 0 && this.#chance(0.8))
      headers['Inference-Header-Content-Length'] = String(
        json.length + (this.#chance(0.2) ? this.#one([-1, 1, 9999]) : 0),
      );
    return Buffer.concat([json, section]);
  }

  #value(schema: Schema, depth: number): unknown {
    if (this.#chance(0.06)) return this.#one(odd);
    if (depth > 12) return null;
    if (typeof schema.$ref === 'string')
      return this.#value(this.#api.components.schemas[schema.$ref.split('/').at(-1) as string] as Schema, depth);
    if ('const' in schema) return schema.const;
    if (Array.isArray(schema.enum)) return this.#one(schema.enum);
    switch (Array.isArray(schema.type) ? this.#one(schema.type) : schema.type) {
      case 'object': {
        const required = (schema.required ?? []) as readonly string[];
        const entries = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
          .filter(([name]) => this.#chance(required.includes(name) ? 0.97 : 0.5))
          .map(([name, each]) => [name, this.#value(each, depth + 1)]);
        return Object.fromEntries(entries);
      }
      case 'array': {
        const { minItems: least = 0, maxItems: most = 6 } = schema as { minItems?: number; maxItems?: number };
        const length = least + Math.floor(this.#draw() * (most - least + 1));
        const items = (schema.items ?? {}) as Schema;
        return Array.from({ length }, () => this.#value(items, depth + 1));
      }
      case 'integer':
        return this.#chance(0.8) ? Math.floor(this.#draw() * 9) : Math.floor(this.#draw() * 2 ** 40);
      case 'number':
        return this.#draw() * 100 - 50;
      case 'boolean':
        return this.#chance(0.5);
      case 'string':
        return this.#chance(0.5) ? 'text' : '1';
      default:
        return this.#chance(0.8) ? this.#draw() : this.#one(odd);
    }
  }

  #bytes(): Buffer {
    const length = Math.floor(this.#draw() ** 3 * 3000);
    return Buffer.from(Array.from({ length }, () => Math.floor(this.#draw() * 256)));
  }

  #one<T>(values: readonly T[]): T {
    return values[Math.floor(this.#draw() * values.length)] as T;
  }

  #chance(share: number): boolean {
    return this.#draw() < share;
  }

  #draw(): number {
    return hash(this.#drawn++, this.#seed);
  }
}
