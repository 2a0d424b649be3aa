// What a backend on the host has for one op: one object in each op's file.
#pragma once

#include <memory>
#include <span>

#include "backend/backend.h"
#include "backends/cpu/float_types.h"

namespace slimnet::cpu {

// `Context` is the node, and what the backend lets its ops use besides; `kFloat64` says in what its ops compute that do
// not say it themselves.
template <class Context, bool kFloat64>
struct OpEntry {
  // Types in which the op computes; integers among them where it says so.
  std::span<const DType> floats = FloatTypes(kFloat64);
  // The op itself reads and writes what is stored in low precision; all others that take it compute via float32.
  bool reads_low_precision = false;
  // What must hold of a node besides; null: nothing.
  Verdict (*supports)(const Context& node) = nullptr;
  // Whether the node may absorb `next` behind the post-ops `before`; null: it absorbs nothing.
  Verdict (*fuses)(const Context& node, std::span<const PostOp> before, const PostOp& next) = nullptr;
  // The layout in which the node wants an input; null: plain.
  LayoutPtr (*prefers)(const Context& node, size_t input) = nullptr;
  std::unique_ptr<Kernel> (*prepare)(const Context& node) = nullptr;
};

}  // namespace slimnet::cpu
