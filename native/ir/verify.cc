#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "ir/batchwise.h"
#include "ir/constants.h"
#include "ir/infer.h"
#include "ir/microbatch_loop.h"
#include "ir/program.h"
#include "ir/reads.h"
#include "ir/text.h"
#include "ir/views.h"

namespace slimnet {
namespace {

[[noreturn]] void FailAt(const Node& node, const std::string& problem, ErrorCode code = ErrorCode::kPlan) {
  const std::string op(Info(node.op).name);
  throw Error(code, op + " (" + node.name + "): " + problem).At(op, node.name);
}

[[noreturn]] void Fail(const std::string& problem) { throw Error(ErrorCode::kPlan, problem); }

// Range of the integers that a constant of this dtype may hold.
struct IntegerRange {
  double smallest;
  double largest;
};

IntegerRange RangeOf(DType dtype) {
  if (dtype == DType::kBool) return {0, 1};
  const bool is_signed = dtype >= DType::kInt8 && dtype <= DType::kInt64;
  const int bits = static_cast<int>(8 * BytesOf(dtype)) - (is_signed ? 1 : 0);
  const double beyond = std::ldexp(1.0, bits);
  // A double cannot hold 2^63 - 1: the largest double below 2^63 is what can be said.
  return {is_signed ? -beyond : 0.0, bits > 53 ? std::nextafter(beyond, 0.0) : beyond - 1};
}

class Verifier {
 public:
  explicit Verifier(const Program& program)
      : program_(program), producer_(program.values.size(), -1), constant_(program.values.size(), false) {}

  void Run() {
    for (size_t i = 0; i < program_.nodes.size(); ++i) {
      const Node& node = program_.nodes[i];
      CheckForm(node);
      CheckReads(node);
      CheckTypes(node);
      CheckPostOps(node);
      CheckEncodings(node);
      CheckNames(node);
      CheckUpdates(node);
      CheckPrologue(node);
      CheckMicrobatchLoop(node);
      for (ValueId value : node.outputs) producer_[value] = static_cast<int32_t>(i);
    }
    CheckResults();
    CheckInPlace();
  }

 private:
  const TensorType& TypeOf(ValueId value) const { return program_.values[value].type; }

  const Node& ProducerOf(ValueId value) const { return program_.nodes[static_cast<size_t>(producer_[value])]; }

  bool InRange(ValueId value) const { return value >= 0 && static_cast<size_t>(value) < program_.values.size(); }

  bool IsMade(ValueId value) const { return InRange(value) && producer_[value] >= 0; }

  void CheckForm(const Node& node) {
    const OpInfo& info = Info(node.op);
    if (node.attrs.index() != static_cast<size_t>(node.op)) FailAt(node, "the attributes are those of another op.");
    const size_t results = info.outputs.size() + (HasSecondResult(node) ? 1 : 0);
    if (node.inputs.size() != info.inputs.size() || node.outputs.size() != results) {
      FailAt(node, "expected " + std::to_string(info.inputs.size()) + " inputs and " + std::to_string(results) +
                       " results, received " + std::to_string(node.inputs.size()) + " and " +
                       std::to_string(node.outputs.size()) + ".");
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const ValueId value = node.outputs[i];
      if (!InRange(value)) FailAt(node, "the result " + ValueText(value) + " is no value of the program.");
      if (producer_[value] >= 0) FailAt(node, "the result " + ValueText(value) + " is already made by another node.");
      if (program_.values[value].port != static_cast<int32_t>(i))
        FailAt(node, "the result " + ValueText(value) + " has the wrong port.");
    }
  }

  void CheckReads(const Node& node) {
    for (ValueId value : node.inputs) {
      if (!IsMade(value)) FailAt(node, "the input " + ValueText(value) + " is not made before it is read.");
    }
    for (const PostOp& post : node.post_ops) {
      if (post.operand != kNoValue && !IsMade(post.operand)) {
        FailAt(node, "the operand " + ValueText(post.operand) + " is not made before it is read.");
      }
    }
  }

  void CheckTypes(const Node& node) {
    if (node.op == OpKind::kConstant) CheckConstant(node);
    if (Info(node.op).source) {
      CheckStated(node);
      return;
    }
    std::vector<TensorType> inputs;
    for (ValueId value : node.inputs) inputs.push_back(TypeOf(value));
    std::vector<TensorType> inferred = InferTypes(node, inputs);
    if (HasSecondResult(node)) inferred.push_back(inferred[0]);
    for (size_t i = 0; i < inferred.size(); ++i) {
      const TensorType& stated = TypeOf(node.outputs[i]);
      if (stated != inferred[i]) {
        FailAt(node, "the plan says " + ToString(stated) + ", the inputs give " + ToString(inferred[i]) + ".",
               ErrorCode::kShape);
      }
    }
  }

  void CheckStated(const Node& node) {
    try {
      infer::CheckShape(TypeOf(node.outputs[0]).shape);
    } catch (const Error& error) {
      FailAt(node, error.what(), ErrorCode::kShape);
    }
  }

  void CheckConstant(const Node& node) {
    const std::vector<double>& values = std::get<ConstantAttrs>(node.attrs).values;
    const TensorType& type = TypeOf(node.outputs[0]);
    const auto elements = static_cast<size_t>(ElementCount(type.shape));
    if (values.size() != elements && values.size() != 1) {
      FailAt(node, "expected " + std::to_string(elements) + " values or one, received " +
                       std::to_string(values.size()) + ".");
    }
    if (IsFloating(type.dtype)) return;
    const IntegerRange range = RangeOf(type.dtype);
    for (double value : values) {
      if (!(value >= range.smallest && value <= range.largest && value == std::trunc(value))) {
        FailAt(node, "the value " + std::to_string(value) + " is no " + std::string(Name(type.dtype)) + ".");
      }
    }
  }

  void CheckPostOps(const Node& node) {
    if (node.post_ops.empty()) return;
    const OpInfo& info = Info(node.op);
    if (info.source || !info.updates.empty() || IsView(node.op)) FailAt(node, "this op cannot absorb others.");
    if (std::count_if(node.post_ops.begin(), node.post_ops.end(), [](const PostOp& post) { return post.in_place; }) >
        1) {
      FailAt(node, "only one add can work in place.");
    }
    bool second = false;
    for (const PostOp& post : node.post_ops) {
      const TensorType& result = TypeOf(node.outputs[0]);
      const PostOpInfo& post_info = Info(post.kind);
      if (post_info.has_operand != (post.operand != kNoValue))
        FailAt(node, "a post-op has an operand too many or too few.");
      if (post.in_place && post.kind != PostOp::Kind::kAdd) FailAt(node, "only an add can work in place.");
      // The first result takes the operand's memory.
      if (post.in_place && second) FailAt(node, "the second result cannot take the memory of what is added.");
      if (post.kind == PostOp::Kind::kResult && (std::exchange(second, true) || info.outputs.size() > 1)) {
        FailAt(node, "a node has two results at most.");
      }
      if (IsByElement(post.kind) && TypeOf(post.operand) != result) {
        FailAt(node, "the absorbed " + std::string(post_info.name) + " takes " + ToString(result) + ", received " +
                         ToString(TypeOf(post.operand)) + ".");
      }
      if (post_info.by_channel) {
        const TensorType expected{result.dtype, {result.shape.empty() ? 1 : result.shape.back()}};
        if (TypeOf(post.operand) != expected) {
          FailAt(node, "the absorbed " + std::string(post_info.name) + " must be " + ToString(expected) +
                           ", received " + ToString(TypeOf(post.operand)) + ".");
        }
      }
    }
  }

  // What is written in low precision is a plain float32 tensor of the run's own, and bytes that two values share mean
  // the same.
  void CheckEncodings(const Node& node) {
    for (ValueId value : node.outputs) {
      const Value& made = program_.values[value];
      if (!made.encoding) continue;
      if (made.type.dtype != DType::kFloat32 || made.layout || Info(node.op).source) {
        FailAt(node, "the result " + ValueText(value) + " cannot be stored as " + ToString(*made.encoding) + ".");
      }
      if (made.encoding->dtype != DType::kBFloat16 && !(made.encoding->step > 0)) {
        FailAt(node, "the encoding of " + ValueText(value) + " has no step.");
      }
    }
    if (IsView(node.op) && program_.values[node.inputs[0]].encoding != program_.values[node.outputs[0]].encoding) {
      FailAt(node, "a view is stored otherwise than what it looks at.");
    }
    for (const PostOp& post : node.post_ops) {
      if (post.in_place && program_.values[post.operand].bytes() != program_.values[node.outputs[0]].bytes()) {
        FailAt(node, "an add in place needs an operand of the result's size.");
      }
    }
  }

  // Inputs are told apart by name; a variable has one type wherever it is read.
  void CheckNames(const Node& node) {
    if (node.op == OpKind::kInput && !inputs_.insert(std::get<InputAttrs>(node.attrs).name).second) {
      FailAt(node, "the input name " + std::get<InputAttrs>(node.attrs).name + " occurs twice.");
    }
    if (node.op == OpKind::kVariable) {
      const auto [known, fresh] =
          variables_.emplace(std::get<VariableAttrs>(node.attrs).name, &TypeOf(node.outputs[0]));
      if (!fresh && *known->second != TypeOf(node.outputs[0])) {
        FailAt(node, "the variable is read as " + ToString(TypeOf(node.outputs[0])) + " and as " +
                         ToString(*known->second) + ".");
      }
    }
  }

  void CheckUpdates(const Node& node) {
    const auto& updates = Info(node.op).updates;
    for (size_t i = 0; i < updates.size(); ++i) {
      const auto port = static_cast<size_t>(updates[i]);
      const ValueId changed = node.inputs[port];
      const Node& maker = ProducerOf(changed);
      // A variable, or its new value.
      const bool is_new = static_cast<size_t>(program_.values[changed].port) < Info(maker.op).updates.size();
      if (maker.op != OpKind::kVariable && !is_new) {
        FailAt(node, "the input " + std::string(Info(node.op).inputs[port]) + " must be a variable.");
      }
      if (i >= node.outputs.size() || TypeOf(node.outputs[i]) != TypeOf(changed)) {
        FailAt(node, "it makes no new value of " + ValueText(changed) + ", which it changes.");
      }
    }
  }

  void CheckPrologue(const Node& node) {
    if (!node.prologue) {
      main_began_ = true;
      return;
    }
    if (main_began_) FailAt(node, "a node of the prologue stands behind a node of the main part.");
    if (!MayBeConstant(node.op)) FailAt(node, "the prologue cannot hold this op.");
  }

  // The microbatch loop is the beginning of the main part. It is entered by slices and left by concats; what else it
  // reads is the same in each repetition.
  void CheckMicrobatchLoop(const Node& node) {
    const bool constant = IsConstant(node, constant_);
    for (ValueId value : node.outputs) constant_[value] = constant;
    loop_.Add(node);
    const bool inside = loop_.Holds(node);
    if (!inside && !constant && node.op != OpKind::kInput) left_loop_ = true;
    if (inside && left_loop_) FailAt(node, "a node of the microbatch loop stands behind a node that runs once.");
    if (IsMovingView(node.op)) {
      CheckMovingView(node);
      return;
    }
    if (!inside) return;
    const auto batchwise = ReadsBatchwise(program_, node);
    if (!batchwise || node.prologue) FailAt(node, "the microbatch loop cannot hold this op.");
    for (size_t i = 0; i < batchwise->size(); ++i) {
      if (!(*batchwise)[i] && loop_.Makes(node.inputs[i])) {
        FailAt(node, "it needs the whole of " + ValueText(node.inputs[i]) + ", which is a part of a batch.");
      }
    }
  }

  void CheckMovingView(const Node& node) const {
    const auto* part = std::get_if<MicrobatchSliceAttrs>(&node.attrs);
    const int64_t count = part != nullptr ? part->count : std::get<MicrobatchConcatAttrs>(node.attrs).count;
    const bool leaves = loop_.Makes(node.inputs[0]);
    if (count != loop_.repeats() || leaves == (part != nullptr)) {
      FailAt(node, "it does not stand at an end of the microbatch loop.");
    }
    if (program_.values[node.inputs[0]].layout || program_.values[node.outputs[0]].layout) {
      FailAt(node, "images in a layout of a backend cannot be told apart.");
    }
  }

  void CheckResults() {
    for (const ProgramOutput& output : program_.outputs) {
      if (!IsMade(output.value))
        Fail("The output " + output.name + " is " + ValueText(output.value) + ", which no node makes.");
      if (loop_.Makes(output.value))
        Fail("The output " + output.name + " is " + ValueText(output.value) + ", which is a part of a batch.");
    }
    for (ValueId value : program_.updates) {
      if (!IsMade(value)) Fail("The update " + ValueText(value) + " is made by no node.");
      const Node& node = ProducerOf(value);
      if (Info(node.op).updates.empty()) FailAt(node, "an `update` names this node, but it changes no variable.");
    }
  }

  // An add in place overwrites its operand: nobody may read those bytes later, and they must be the run's own.
  void CheckInPlace() {
    struct Bytes {
      int32_t last_reader = -1;
      int reads_by_last = 0;
      bool external = false;
    };
    const std::vector<ValueId> roots = ViewRoots(program_);
    std::vector<Bytes> bytes(program_.values.size());
    const auto read = [&](ValueId value, int32_t reader) {
      Bytes& b = bytes[roots[value]];
      b.reads_by_last = b.last_reader == reader ? b.reads_by_last + 1 : 1;
      b.last_reader = reader;
    };
    for (size_t i = 0; i < program_.nodes.size(); ++i) {
      const Node& node = program_.nodes[i];
      if (IsView(node.op)) continue;  // makes no copy: its own readers count
      for (ValueId value : node.inputs) read(value, static_cast<int32_t>(i));
      for (const PostOp& post : node.post_ops) {
        if (post.operand != kNoValue) read(post.operand, static_cast<int32_t>(i));
      }
    }
    for (const ProgramOutput& output : program_.outputs) bytes[roots[output.value]].external = true;
    for (const Node& node : program_.nodes) {
      for (size_t i = 0; i < Info(node.op).updates.size(); ++i) bytes[roots[node.outputs[i]]].external = true;
    }
    for (size_t i = 0; i < program_.nodes.size(); ++i) {
      for (const PostOp& post : program_.nodes[i].post_ops) {
        if (!post.in_place) continue;
        const ValueId root = roots[post.operand];
        const Bytes& b = bytes[root];
        const Node& maker = ProducerOf(root);
        if (Info(maker.op).source || maker.prologue || b.external || b.last_reader != static_cast<int32_t>(i) ||
            b.reads_by_last != 1) {
          FailAt(program_.nodes[i], "the add overwrites " + ValueText(post.operand) + ", which others need.");
        }
      }
    }
  }

  const Program& program_;
  std::vector<int32_t> producer_;  // node index by value, of the nodes seen so far
  std::set<std::string_view> inputs_;
  std::map<std::string_view, const TensorType*> variables_;
  std::vector<bool> constant_;  // by value
  MicrobatchLoop loop_;         // of the nodes seen so far
  bool main_began_ = false;
  bool left_loop_ = false;
};

}  // namespace

void Verify(const Program& program) { Verifier(program).Run(); }

}  // namespace slimnet
