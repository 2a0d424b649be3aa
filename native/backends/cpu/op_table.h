// The ops of a backend on the host: entries of its own, and for all others the loops that such backends share.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "backends/cpu/encoded.h"
#include "backends/cpu/loops.h"
#include "backends/cpu/op_entry.h"
#include "backends/cpu/via_float32.h"
#include "base/error.h"
#include "ir/layouts.h"

namespace slimnet::cpu {

template <class Context, bool kFloat64>
class OpTable {
 public:
  using Entry = OpEntry<Context, kFloat64>;
  using Entries = std::array<const Entry*, kOpCount>;  // by OpKind; null: none of the backend's own

  OpTable(std::string backend, const Entries& own) : backend_(std::move(backend)), own_(own) {}

  bool Has(OpKind op) const { return OwnOf(op) != nullptr || LoopOf(op) != nullptr; }

  Verdict Supports(const Context& node) const {
    const OpInfo& op = Info(node.node.op);
    if (!Has(node.node.op)) return Verdict::No(LeavesOut(op));
    if (WritesLayout(node.program, node.node))
      return Verdict::No("the " + backend_ + " backend packs in steps of their own");
    if (IsLowPrecision(node) && op.low_precision == LowPrecision::kNone) {
      return Verdict::No("the " + backend_ + " backend computes " + std::string(op.name) + " in float32");
    }
    return With(node.node.op, [&](const auto& entry) -> Verdict {
      if (Verdict verdict = ComputesIn(node, backend_, entry.floats); !verdict) return verdict;
      const std::span<const PostOp> post_ops = node.node.post_ops;
      for (size_t i = 0; i < post_ops.size(); ++i) {
        if (Verdict verdict = Fuses(entry, node, post_ops.first(i), post_ops[i]); !verdict) return verdict;
      }
      return entry.supports == nullptr ? Verdict::Yes() : entry.supports(node);
    });
  }

  Verdict Fuses(const Context& node, const PostOp& next) const {
    if (!Has(node.node.op)) return Verdict::No(LeavesOut(Info(node.node.op)));
    return With(node.node.op, [&](const auto& entry) { return Fuses(entry, node, node.node.post_ops, next); });
  }

  LayoutPtr Prefers(const Context& node, size_t input) const {
    if (!Has(node.node.op)) return nullptr;
    return With(node.node.op, [&](const auto& entry) -> LayoutPtr {
      // Asked before Supports() has been: what cannot run has no preference.
      if (entry.prefers == nullptr || !Supports(node)) return nullptr;
      return entry.prefers(node, input);
    });
  }

  // `context_of` makes a Context of a NodeContext, `round_filter` is ViaFloat32's.
  template <class ContextOf>
  std::unique_ptr<Kernel> Prepare(const Context& node, const ContextOf& context_of,
                                  FilterRounding round_filter = nullptr) const {
    if (!Has(node.node.op)) throw Error(ErrorCode::kBackend, LeavesOut(Info(node.node.op))).At("", node.node.name);
    return With(node.node.op, [&](const auto& entry) -> std::unique_ptr<Kernel> {
      if (!IsLowPrecision(node) || entry.reads_low_precision) return entry.prepare(node);
      return ViaFloat32(
          node, [&](const NodeContext& plain) { return entry.prepare(context_of(plain)); }, std::move(round_filter));
    });
  }

 private:
  const Entry* OwnOf(OpKind op) const { return own_[static_cast<size_t>(op)]; }

  std::string LeavesOut(const OpInfo& op) const {
    return "the " + backend_ + " backend leaves out the op " + std::string(op.name);
  }

  // Of an op that the backend has.
  template <class Body>
  auto With(OpKind op, const Body& body) const {
    const Entry* own = OwnOf(op);
    return own != nullptr ? body(*own) : body(*LoopOf(op));
  }

  template <class AnyEntry>
  Verdict Fuses(const AnyEntry& entry, const Context& node, std::span<const PostOp> before, const PostOp& next) const {
    if (entry.fuses != nullptr) return entry.fuses(node, before, next);
    return Verdict::No("the " + backend_ + " backend computes " + std::string(Info(node.node.op).name) + " alone");
  }

  std::string backend_;
  Entries own_;
};

}  // namespace slimnet::cpu
