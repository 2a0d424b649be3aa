// Which results are stored in low precision. Convolutions and products begin it, on the way back too, what can read low
// precision goes on with them, and where a reader cannot, a reorder stands between. Of several results only the first
// is stored so; statistics, gradients of weights and all that changes variables stay in float32.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/error.h"
#include "ir/constants.h"
#include "ir/views.h"
#include "passes/edit.h"
#include "passes/passes.h"

namespace slimnet {
namespace {

constexpr double kLargestUnsigned = 255;
constexpr double kLargestSigned = 127;

// The result holds values of the input alone (and zeros): it needs no steps of its own.
bool KeepsValues(const Node& node) {
  return node.post_ops.empty() && Info(node.op).low_precision == LowPrecision::kInputScale;
}

bool Holds(const PortList<int>& ports, size_t port) {
  return std::find(ports.begin(), ports.end(), static_cast<int>(port)) != ports.end();
}

// A convolution on the way back: product of a gradient with the filter, or with what the filter met.
bool IsBackwardProduct(const Node& node) {
  return node.op == OpKind::kConv2dBackwardData || node.op == OpKind::kConv2dBackwardFilter;
}

// `with_unsigned`: what is never negative has 255 steps.
Encoding EncodingOf(const ValueRange& range, bool with_unsigned) {
  const bool is_signed = range.smallest < 0 || !with_unsigned;
  const double largest = std::max(-range.smallest, range.largest);
  const double steps = is_signed ? kLargestSigned : kLargestUnsigned;
  // Nothing but zeros was seen: any step will do.
  return {is_signed ? DType::kInt8 : DType::kUInt8, largest > 0 ? largest / steps : 1.0};
}

// What one node may do.
struct Choice {
  bool low = false;                // reads low precision
  bool may_write_low = false;      // may then write low precision
  bool may_write_float32 = false;  // may then write float32
  bool lowers = false;             // may write low precision where it reads float32
};

class PrecisionLowering {
 public:
  PrecisionLowering(Program& program, const Backend& backend)
      : program_(program),
        backend_(backend),
        request_(program.precision),
        constant_(ConstantValues(program)),
        late_(DependsOnUpdates(program)),
        producer_(program.values.size(), -1),
        encodings_(program.values.size()),
        choices_(program.nodes.size()),
        low_precision_result_(program.values.size(), false),
        wants_low_precision_(program.values.size(), false) {}

  void Run() {
    with_unsigned_ = MultipliesUnsigned();
    for (size_t i = 0; i < choices_.size(); ++i) Choose(i);
    RequireWayBack();
    for (size_t i = choices_.size(); i-- > 0;) DecideResult(i);
    const size_t count = choices_.size();
    for (size_t i = 0; i < count; ++i) Rewrite(i);
    for (ProgramOutput& output : program_.outputs) output.value = Version(output.value, false);
    SortNodes(program_);
  }

 private:
  const Node& NodeAt(size_t index) const { return program_.nodes[index]; }

  bool IsActivation(ValueId value) const {
    return !constant_[value] && program_.values[value].type.dtype == DType::kFloat32;
  }

  // Whether the node may read that input in low precision.
  bool MayBeLow(const Node& node, size_t port) const {
    return IsActivation(node.inputs[port]) && !Holds(Info(node.op).float32_inputs, port);
  }

  // Tensors that post-ops read: they are stored as the result is.
  static std::vector<ValueId> OperandsLikeResult(const Node& node) {
    std::vector<ValueId> operands;
    for (const PostOp& post : node.post_ops) {
      if (IsByElement(post.kind)) operands.push_back(post.operand);
    }
    return operands;
  }

  // Whether somebody makes the value in low precision already.
  bool ComesInLowPrecision(ValueId value) const {
    if (producer_[value] < 0) return false;
    const Choice& choice = choices_[static_cast<size_t>(producer_[value])];
    return choice.may_write_low || choice.lowers;
  }

  // How a value is stored where it is stored in low precision; nothing when nobody can say.
  std::optional<Encoding> StoredAs(const Node& node, ValueId value) const {
    if (program_.values[value].type.dtype != DType::kFloat32 || constant_[value]) return std::nullopt;
    if (request_.precision == Precision::kBFloat16) return Encoding{DType::kBFloat16, 0};
    if (KeepsValues(node) && encodings_[node.inputs[0]]) return encodings_[node.inputs[0]];
    const auto range = request_.ranges.find(program_.values[value].maker);
    if (range == request_.ranges.end()) return std::nullopt;
    return EncodingOf(range->second, with_unsigned_);
  }

  // Whether unsigned integers are of use: some product reads them, or there is none that reads signed ones.
  bool MultipliesUnsigned() const {
    if (request_.precision != Precision::kInt8) return true;
    bool signed_alone = false;
    for (const Node& node : program_.nodes) {
      if (!Info(node.op).product || !MayBeLow(node, 0) || !constant_[node.inputs[1]]) continue;
      if (Reads(node, DType::kUInt8)) return true;
      signed_alone = signed_alone || Reads(node, DType::kInt8);
    }
    return !signed_alone;
  }

  // Whether the product can read such integers.
  bool Reads(const Node& node, DType integers) const {
    return Works(node, std::nullopt, [&](ValueId) { return Encoding{integers, 1}; }).ok;
  }

  void Choose(size_t index) {
    const Node& node = NodeAt(index);
    for (const ValueId value : node.outputs) producer_[value] = static_cast<int32_t>(index);
    const OpInfo& info = Info(node.op);
    if (node.outputs.size() != 1 && info.float32_outputs.size() + 1 < node.outputs.size()) return;
    const ValueId result = node.outputs[0];
    encodings_[result] = StoredAs(node, result);
    if (info.source || late_[index] || constant_[result] || request_.KeepsFloat32(node.name)) return;
    if (info.low_precision == LowPrecision::kBfloat16 && request_.precision != Precision::kBFloat16) return;
    const std::vector<ValueId> activations = Activations(node);
    if (IsBackwardProduct(node)) {
      ++backward_products_;
    } else if (activations.empty() || activations[0] != node.inputs[0]) {
      return;
    } else if (info.product) {
      if (!constant_[node.inputs[1]]) return;
      RequireRange(node, result);
      // A reorder less, and the first layer sees its input as it is.
      choices_[index].lowers = !ComesInLowPrecision(node.inputs[0]) && OperandsLikeResult(node).empty() &&
                               Works(node, encodings_[result], false).ok;
      if (!choices_[index].lowers) RequireRange(node, node.inputs[0]);
    } else if (std::none_of(activations.begin(), activations.end(),
                            [&](ValueId v) { return ComesInLowPrecision(v); })) {
      return;
    }
    Choice& choice = choices_[index];
    const auto known = [&](ValueId value) { return encodings_[value].has_value(); };
    if (std::all_of(activations.begin(), activations.end(), known)) {
      const std::vector<ValueId> operands = OperandsLikeResult(node);
      choice.may_write_low = encodings_[result] && !Holds(info.float32_outputs, 0) &&
                             std::all_of(operands.begin(), operands.end(), known) &&
                             Works(node, encodings_[result], true).ok;
      const Verdict float32 = Works(node, std::nullopt, true);
      choice.may_write_float32 = !IsView(node.op) && float32.ok;
      if (IsBackwardProduct(node) && !choice.may_write_low && !choice.may_write_float32) refused_.push_back(float32);
    }
    choice.low = choice.may_write_low || choice.may_write_float32;
  }

  // The inputs that are read in low precision where the node is computed in it.
  std::vector<ValueId> Activations(const Node& node) const {
    std::vector<ValueId> activations;
    for (size_t port = 0; port < node.inputs.size(); ++port) {
      if (MayBeLow(node, port)) activations.push_back(node.inputs[port]);
    }
    return activations;
  }

  // A shape that oneDNN has no kernel for stays in float32, as on the way there. Where that is all of them, nobody
  // would get what was asked for.
  void RequireWayBack() const {
    if (refused_.empty() || refused_.size() < backward_products_) return;
    throw Error(ErrorCode::kBackend, "Training in " + std::string(Name(request_.precision)) +
                                         " cannot be had on backend " + backend_.name() +
                                         ": it has none of the convolutions of the way back: " + refused_[0].reason +
                                         " Hint: train with precision float32.");
  }

  void RequireRange(const Node& node, ValueId value) const {
    if (encodings_[value]) return;
    throw Error(ErrorCode::kCompile, "int8 needs the range of every value that a convolution reads or makes; that of " +
                                         program_.values[value].maker +
                                         " is not known. Hint: calibrate with this graph and these fetches, or keep "
                                         "the layer in float32 (keepFloat32).")
        .At(Info(node.op).name, node.name);
  }

  // Asks the backend about a copy of the node whose inputs are in low precision, or float32, and whose result is stored
  // so.
  Verdict Works(const Node& node, const std::optional<Encoding>& result, bool low_precision_inputs) const {
    return Works(node, result,
                 [&](ValueId value) { return low_precision_inputs ? encodings_[value] : std::optional<Encoding>(); });
  }

  // `as`: how what may be in low precision among the inputs is stored.
  template <class As>
  Verdict Works(const Node& node, const std::optional<Encoding>& result, const As& as) const {
    Program probe;
    Node copy = node;
    const auto take = [&](ValueId& value, const std::optional<Encoding>& encoding) {
      probe.values.push_back(program_.values[value]);
      probe.values.back().encoding = encoding;
      value = static_cast<ValueId>(probe.values.size()) - 1;
    };
    for (size_t port = 0; port < copy.inputs.size(); ++port) {
      take(copy.inputs[port], MayBeLow(node, port) ? as(node.inputs[port]) : std::optional<Encoding>());
    }
    for (PostOp& post : copy.post_ops) {
      if (post.operand == kNoValue) continue;
      const ValueId original = post.operand;
      take(post.operand, IsByElement(post.kind) && result ? encodings_[original] : std::nullopt);
    }
    for (size_t i = 0; i < copy.outputs.size(); ++i) take(copy.outputs[i], i == 0 ? result : std::nullopt);
    return backend_.Supports({probe, copy});
  }

  // Readers stand behind: by now all of them have said what they want.
  void DecideResult(size_t index) {
    const Node& node = NodeAt(index);
    Choice& choice = choices_[index];
    const ValueId result = node.outputs.empty() ? kNoValue : node.outputs[0];
    choice.lowers = choice.lowers && wants_low_precision_[result];
    if (choice.lowers) {
      low_precision_result_[result] = true;
      return;
    }
    if (!choice.low) return;
    if (IsView(node.op) && !wants_low_precision_[result]) {
      choice.low = false;
      return;
    }
    low_precision_result_[result] = choice.may_write_low && (wants_low_precision_[result] || !choice.may_write_float32);
    for (const ValueId value : Activations(node)) wants_low_precision_[value] = true;
    if (!low_precision_result_[result]) return;
    for (const ValueId value : OperandsLikeResult(node)) wants_low_precision_[value] = true;
  }

  void Rewrite(size_t index) {
    // Nodes are appended meanwhile: no reference is held.
    const bool low = choices_[index].low && !choices_[index].lowers;
    const bool low_precision_result =
        (low || choices_[index].lowers) && low_precision_result_[NodeAt(index).outputs[0]];
    for (size_t port = 0; port < NodeAt(index).inputs.size(); ++port) {
      const ValueId value = NodeAt(index).inputs[port];
      const ValueId version = Version(value, low && MayBeLow(NodeAt(index), port));
      program_.nodes[index].inputs[port] = version;
    }
    for (size_t k = 0; k < NodeAt(index).post_ops.size(); ++k) {
      const PostOp post = NodeAt(index).post_ops[k];
      if (post.operand == kNoValue) continue;
      program_.nodes[index].post_ops[k].operand = Version(post.operand, low_precision_result && IsByElement(post.kind));
    }
    if (low_precision_result) {
      const ValueId result = NodeAt(index).outputs[0];
      program_.values[result].encoding = encodings_[result];
    }
  }

  // The value as it is, or a copy of it stored the other way.
  ValueId Version(ValueId value, bool low) {
    if (!IsActivation(value) || low == low_precision_result_[value]) return value;
    const auto [known, fresh] = copies_.try_emplace(value, kNoValue);
    if (fresh) {
      const std::string name = NodeAt(static_cast<size_t>(producer_[value])).name;
      const std::string suffix(Name(low ? encodings_[value]->dtype : DType::kFloat32));
      known->second = AppendNode(program_, ReorderAttrs{}, name + "/" + suffix, {value});
      if (low) program_.values[known->second].encoding = encodings_[value];
    }
    return known->second;
  }

  Program& program_;
  const Backend& backend_;
  const PrecisionRequest& request_;
  const std::vector<bool> constant_;
  const std::vector<bool> late_;
  std::vector<int32_t> producer_;
  std::vector<std::optional<Encoding>> encodings_;  // by value: how it is stored where it is stored in low precision
  std::vector<Choice> choices_;                     // by node
  std::vector<bool> low_precision_result_, wants_low_precision_;  // by value
  std::map<ValueId, ValueId> copies_;
  bool with_unsigned_ = true;
  size_t backward_products_ = 0;
  std::vector<Verdict> refused_;  // of backward products
};

}  // namespace

void AssignPrecision(Program& program, const Backend& backend) {
  const Precision precision = program.precision.precision;
  if (precision == Precision::kFloat32) return;
  if (const Verdict verdict = backend.Offers(precision); !verdict) {
    throw Error(ErrorCode::kBackend, "Precision " + std::string(Name(precision)) + " cannot be had on backend " +
                                         backend.name() + ": " + verdict.reason);
  }
  PrecisionLowering(program, backend).Run();
}

}  // namespace slimnet
