/** The C++ headers about all ops: their enumeration, attributes, ports and traits; and which backend has a file for which. */

const pascal = (name) => name.replace(/(^|_)([a-z0-9])/g, (_, _u, c) => c.toUpperCase());

const cppType = {
  int: () => 'int64_t',
  float: () => 'double',
  bool: () => 'bool',
  string: () => 'std::string',
  dtype: () => 'DType',
  ints: ({ count }) => (count === undefined ? 'std::vector<int64_t>' : `std::array<int64_t, ${count}>`),
  floats: () => 'std::vector<double>',
};
const cppDefault = { int: ' = 0', float: ' = 0', bool: ' = false', dtype: ' = DType::kFloat32' };

/** Trait -> its C++ enumeration. All other traits are booleans. */
const enumerations = { dtypes: 'DTypes', batchwise: 'Batchwise', view: 'View', lowPrecision: 'LowPrecision' };
const booleans = ['elementwise', 'random', 'product'];

const enumerator = (trait, value) => `${enumerations[trait]}::k${pascal(value)}`;

/** The input ports that a plan has: of all others only the shape matters. */
const readPorts = ({ inputs, shapeOnly }) => inputs.filter((port) => !shapeOnly.includes(port));

/** The dtypes of each input port that a plan has, in order. */
function dtypesOf({ traits, ...op }) {
  return readPorts(op).map((port) => (typeof traits.dtypes === 'string' ? traits.dtypes : traits.dtypes?.[port]));
}

/** @throws Error where an op does not say all of its traits, or something else */
function checkTraits(op, traitValues) {
  const fail = (trait, received, expected) => {
    throw new Error(
      `${op.name} (lib/ops/${op.name}.ts): trait ${trait}: expected ${expected}, received ${JSON.stringify(received)}.`,
    );
  };
  const traits = op.traits ?? {};
  for (const [trait, values] of Object.entries(traitValues)) {
    const said = trait === 'dtypes' && readPorts(op).length > 0 ? dtypesOf({ ...op, traits }) : [traits[trait]];
    for (const value of said) if (!values.includes(value)) fail(trait, traits[trait], `one of ${values.join(', ')}`);
  }
  for (const trait of booleans) if (typeof traits[trait] !== 'boolean') fail(trait, traits[trait], 'true or false');
  const ports = [...op.inputs, ...op.outputs];
  const unknown = Array.isArray(traits.float32) ? traits.float32.filter((port) => !ports.includes(port)) : ['no list'];
  if (unknown.length > 0) fail('float32', traits.float32, `a list of ${ports.join(', ')}`);
  const others = op.outputs.slice(1).filter((port) => !traits.float32.includes(port));
  if (traits.lowPrecision !== 'none' && others.length > 0)
    fail('float32', traits.float32, `${others.join(', ')} among them`);
  const known = [...Object.keys(traitValues), ...booleans, 'float32'];
  for (const trait of Object.keys(traits)) if (!known.includes(trait)) fail(trait, traits[trait], 'no such trait');
}

function attrStruct(op) {
  // The shapes of inputs that are not read stand behind the other attributes.
  const shapes = op.shapeOnly.map((port) => [`${port}_shape`, { kind: 'ints' }]);
  const attrs = [...Object.entries(op.attrs).filter(([, kind]) => !kind.graphOnly), ...shapes];
  const fields = attrs.map(([name, kind]) => `  ${cppType[kind.kind](kind)} ${name}${cppDefault[kind.kind] ?? '{}'};`);
  const visits = attrs.map(([name]) => `    visit("${name}", self.${name});`);
  return [
    `struct ${pascal(op.name)}Attrs {`,
    `  static constexpr OpKind kOp = OpKind::k${pascal(op.name)};`,
    ...fields,
    `  bool operator==(const ${pascal(op.name)}Attrs&) const = default;`,
    '  template <class Self, class Visitor>',
    `  static void Visit([[maybe_unused]] Self& self, [[maybe_unused]] Visitor&& visit) {`,
    ...visits,
    '  }',
    '};',
  ].join('\n');
}

/** Where the ports of a list stand among others. */
const positionsIn = (ports, list) => ports.flatMap((port, i) => (list.includes(port) ? [i] : []));

function tableLine(op) {
  const { traits } = op;
  const ports = {
    inputs: readPorts(op).map((port) => `"${port}"`),
    outputs: op.outputs.map((port) => `"${port}"`),
    updates: op.updates.map((port) => readPorts(op).indexOf(port)),
    dtypes: dtypesOf(op).map((value) => enumerator('dtypes', value)),
    float32_inputs: positionsIn(readPorts(op), traits.float32),
    float32_outputs: positionsIn(op.outputs, traits.float32),
  };
  const flags = {
    source: op.source,
    internal: op.internal,
    elementwise: traits.elementwise,
    random: traits.random,
    product: traits.product,
  };
  const fields = [
    `.name = "${op.name}"`,
    ...Object.entries(ports).flatMap(([name, items]) => (items.length > 0 ? [`.${name} = {${items.join(', ')}}`] : [])),
    ...Object.entries(flags).flatMap(([name, set]) => (set ? [`.${name} = true`] : [])),
    `.batchwise = ${enumerator('batchwise', traits.batchwise)}`,
    `.view = ${enumerator('view', traits.view)}`,
    `.low_precision = ${enumerator('lowPrecision', traits.lowPrecision)}`,
  ];
  return `    {${fields.join(', ')}},`;
}

/**
 * @param ops all ops of lib/ops, in order
 * @param traitValues what each trait that is no boolean may say
 * @throws Error naming the op and the trait where one is missing or unknown
 */
export function opHeader(ops, traitValues) {
  for (const op of ops) checkTraits(op, traitValues);
  const enums = Object.entries(enumerations).map(
    ([trait, name]) => `enum class ${name} : uint8_t { ${traitValues[trait].map((v) => `k${pascal(v)}`).join(', ')} };`,
  );
  const mostPorts = Math.max(...ops.flatMap((op) => [op.inputs.length, op.outputs.length]));
  return `// Generated by scripts/gen_ops.mjs from lib/ops: do not edit.
// clang-format off
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/dtype.h"

namespace slimnet {

enum class OpKind : uint8_t {
${ops.map((op) => `  k${pascal(op.name)},`).join('\n')}
};

inline constexpr int kOpCount = ${ops.length};

// What traits may say; lib/core/traits.ts tells what that means.
${enums.join('\n')}

// Something for each of some ports.
template <class T>
class PortList {
 public:
  constexpr PortList() = default;
  constexpr PortList(std::initializer_list<T> items) : size_(items.size()) {
    size_t at = 0;
    for (const T& item : items) items_[at++] = item;
  }
  constexpr size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr const T& operator[](size_t i) const { return items_[i]; }
  constexpr const T* begin() const { return items_.data(); }
  constexpr const T* end() const { return items_.data() + size_; }

 private:
  std::array<T, ${mostPorts}> items_{};
  size_t size_ = 0;
};

// What the compiler and the backends must know of an op besides its attributes.
struct OpInfo {
  std::string_view name;
  PortList<std::string_view> inputs{};
  PortList<std::string_view> outputs{};
  PortList<int> updates{};    // input ports that name variables which the op changes at the end of a run
  PortList<DTypes> dtypes{};  // by input port
  PortList<int> float32_inputs{};   // ports that are float32 whatever the precision is
  PortList<int> float32_outputs{};
  bool source = false;        // states its type instead of having it inferred
  bool internal = false;      // made by the compiler alone
  bool elementwise = false;
  bool random = false;
  bool product = false;
  Batchwise batchwise;
  View view;
  LowPrecision low_precision;
};

// In the order of OpKind.
inline constexpr std::array<OpInfo, kOpCount> kOps{{
${ops.map(tableLine).join('\n')}
}};

constexpr const OpInfo& Info(OpKind op) { return kOps[static_cast<size_t>(op)]; }

${ops.map(attrStruct).join('\n\n')}

using Attrs = std::variant<
${ops.map((op) => `    ${pascal(op.name)}Attrs`).join(',\n')}>;

// Attributes with default values for an op.
inline Attrs DefaultAttrs(OpKind kind) {
  switch (kind) {
${ops.map((op) => `    case OpKind::k${pascal(op.name)}: return ${pascal(op.name)}Attrs{};`).join('\n')}
  }
  return AbsAttrs{};
}

}  // namespace slimnet
`;
}

/**
 * @param backend a folder of native/backends
 * @param files the names of its files
 */
export function backendHeader(backend, files, ops) {
  const own = ops.filter((op) => files.includes(`${op.name}.cc`));
  return `// Generated by scripts/gen_ops.mjs from the files of native/backends/${backend}: do not edit.
// clang-format off
#pragma once

// X(PascalName) for each op that has a file of its name there.
#define SLIMNET_${backend.toUpperCase()}_OPS(X) \\
${own.map((op) => `  X(${pascal(op.name)})`).join(' \\\n')}
`;
}
