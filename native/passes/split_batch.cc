// Two sizes of batch in one program. Early steps of a network make much of each image and need few weights: run on few
// images at a time, they find what the step before has written in the cache. Late steps need many weights: run on the
// whole batch, they read them once.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "ir/batchwise.h"
#include "ir/constants.h"
#include "ir/reads.h"
#include "passes/edit.h"
#include "passes/microbatch_candidates.h"
#include "passes/passes.h"
#include "passes/split_cost.h"

namespace slimnet {
namespace {

// The nearest microbatch loop to what the plan asks for.
Split AsAsked(const SplitRequest& request, const Candidates& candidates) {
  if (request.images < 1 || request.images >= candidates.batch || candidates.batch % request.images != 0) return {};
  size_t steps = std::min(static_cast<size_t>(request.steps), candidates.nodes.size());
  while (steps > 0 && !candidates.may_end[steps]) --steps;
  return {steps, request.images};
}

class Splitter {
 public:
  Splitter(Program& program, const Candidates& candidates, const Split& split)
      : program_(program),
        count_(candidates.batch / split.images),
        images_(split.images),
        constant_(ConstantValues(program)),
        loop_(candidates.nodes.begin(), candidates.nodes.begin() + static_cast<std::ptrdiff_t>(split.steps)),
        inside_(program.values.size(), false) {
    for (int32_t index : loop_) {
      for (ValueId value : program.nodes[static_cast<size_t>(index)].outputs) inside_[value] = true;
    }
  }

  void Run() {
    for (int32_t index : loop_) EnterSlices(program_.nodes[static_cast<size_t>(index)]);
    for (int32_t index : loop_) Shrink(program_.nodes[static_cast<size_t>(index)]);
    for (Node& node : program_.nodes) {
      if (!IsInside(node)) ForEachRead(node, [&](ValueId& value) { value = Joined(value); });
    }
    for (ProgramOutput& output : program_.outputs) output.value = Joined(output.value);
    Order();
  }

 private:
  // Of the nodes that were there before any view was added.
  bool IsInside(const Node& node) const { return inside_[node.outputs[0]]; }

  // Reads what was there before the microbatch loop in parts, where the node works on it image by image.
  void EnterSlices(Node& node) {
    const std::vector<bool> batchwise = *ReadsBatchwise(program_, node);
    for (size_t i = 0; i < batchwise.size(); ++i) {
      if (batchwise[i] && !inside_[node.inputs[i]]) node.inputs[i] = PartOf(node.inputs[i]);
    }
    for (PostOp& post : node.post_ops) {
      if (IsByElement(post.kind) && !inside_[post.operand]) post.operand = PartOf(post.operand);
    }
  }

  ValueId PartOf(ValueId whole) {
    const auto [known, fresh] = parts_.try_emplace(whole, kNoValue);
    if (fresh) known->second = AddView(MicrobatchSliceAttrs{count_}, "microbatch_slice", whole, enter_);
    return known->second;
  }

  ValueId Joined(ValueId value) {
    if (static_cast<size_t>(value) >= inside_.size() || !inside_[value]) return value;
    const auto [known, fresh] = joins_.try_emplace(value, kNoValue);
    if (fresh) known->second = AddView(MicrobatchConcatAttrs{count_}, "microbatch_concat", value, leave_);
    return known->second;
  }

  ValueId AddView(Attrs attrs, const std::string& suffix, ValueId value, std::vector<Node>& list) {
    Node node;
    node.op = static_cast<OpKind>(attrs.index());
    node.attrs = std::move(attrs);
    node.name = program_.values[value].maker + "/" + suffix;
    node.inputs = {value};
    const ValueId view = program_.AddValue(InferTypes(node, {program_.values[value].type})[0], 0, node.name);
    program_.values[view].encoding = program_.values[value].encoding;
    node.outputs = {view};
    list.push_back(std::move(node));
    return view;
  }

  void Shrink(Node& node) {
    for (ValueId value : node.outputs) program_.values[value].type.shape[0] = images_;
    if (auto* reshape = std::get_if<ReshapeAttrs>(&node.attrs)) {
      reshape->shape = program_.values[node.outputs[0]].type.shape;
    }
  }

  // What can be made before the microbatch loop, the microbatch loop, what is made of its results.
  void Order() {
    std::vector<Node> before;
    std::vector<Node> inside;
    std::vector<Node> behind;
    for (Node& node : program_.nodes) {
      const bool early = Info(node.op).source || constant_[node.outputs[0]];
      (IsInside(node) ? inside : early ? before : behind).push_back(std::move(node));
    }
    program_.nodes = std::move(before);
    for (std::vector<Node>* list : {&enter_, &inside, &leave_, &behind}) {
      std::move(list->begin(), list->end(), std::back_inserter(program_.nodes));
    }
  }

  Program& program_;
  const int64_t count_;
  const int64_t images_;
  const std::vector<bool> constant_;
  const std::vector<int32_t> loop_;
  std::vector<bool> inside_;  // by value: made in the microbatch loop
  std::map<ValueId, ValueId> parts_;
  std::map<ValueId, ValueId> joins_;
  std::vector<Node> enter_;
  std::vector<Node> leave_;
};

}  // namespace

void SplitBatch(Program& program, const Backend& backend) {
  // Who looks at the values wants to see them whole.
  if (program.precision.observe) return;
  const CpuInfo cpu = backend.device().cpu.value_or(CpuInfo());
  if (program.split ? program.split->steps == 0 : cpu.cache_bytes == 0) return;
  const Candidates candidates = FindCandidates(program);
  const Cores cores{static_cast<int64_t>(cpu.cache_bytes), cpu.threads};
  const Split split = program.split ? AsAsked(*program.split, candidates)
                                    : ChooseSplit(CountBytes(program, candidates), candidates.batch, cores);
  if (split.steps > 0) Splitter(program, candidates, split).Run();
}

}  // namespace slimnet
