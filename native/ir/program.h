// The intermediate representation: a list of nodes over numbered values, in an order in which it can run.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/dtype.h"
#include "gen/ops.gen.h"
#include "ir/precision.h"

namespace slimnet {

using Shape = std::vector<int64_t>;

struct TensorType {
  DType dtype = DType::kFloat32;
  Shape shape;

  bool operator==(const TensorType&) const = default;
};

int64_t ElementCount(const Shape& shape);
size_t ByteSize(const TensorType& type);
std::string ToString(const TensorType& type);  // float32[1,224,224,3]

// A memory layout that only its backend understands. Plain row-major tensors have none.
class Layout {
 public:
  virtual ~Layout() = default;
  // Equal names of one backend mean equal layouts.
  virtual const std::string& name() const = 0;
  virtual size_t bytes() const = 0;
};
using LayoutPtr = std::shared_ptr<const Layout>;

using ValueId = int32_t;
inline constexpr ValueId kNoValue = -1;

// Where a value stands in a list that has one element for each value.
inline size_t At(ValueId value) { return static_cast<size_t>(value); }

// Where plan_memory put a value.
struct Place {
  enum class Kind : uint8_t {
    kNone,      // not planned; after plan_memory: lives within the prologue alone, in memory that the runtime lends it
    kArena,     // offset in the executor's arena
    kInput,     // the caller's data: `index` is the program input
    kVariable,  // the store's memory of the variable that the node `index` reads
    kSpare,     // new memory of the variable that the node `index` reads: its value when the run has ended
    kConstant,  // number `index` of what the prologue hands to the main part, or a constant of the plan: lives as long
                // as the compiled program
    kAlias,     // the very bytes of value `index` (squeeze, reshape), which is no alias itself
  };
  Kind kind = Kind::kNone;
  size_t offset = 0;
  int32_t index = 0;
  // By the value's bytes with each repetition of the microbatch loop; the rest is of the first repetition.
  bool moves = false;
};

struct Value {
  TensorType type;
  std::string maker;  // name of the node that makes it, or made it before another node absorbed that one
  int32_t port = 0;   // which output of its node
  LayoutPtr layout;   // null: plain row-major
  // Nothing: stored as the type says. Only float32 values without a layout have one.
  std::optional<Encoding> encoding;
  Place place;

  size_t bytes() const {
    if (layout) return layout->bytes();
    return encoding ? static_cast<size_t>(ElementCount(type.shape)) * BytesOf(encoding->dtype) : ByteSize(type);
  }
};

// An operation absorbed by the node before it, applied to that node's first result in order.
struct PostOp {
  enum class Kind : uint8_t {
    kBias,           // plus an operand [C]
    kScale,          // times an operand [C]
    kAdd,            // plus a tensor
    kRelu,           // max(x, 0)
    kRelu6,          // min(max(x, 0), 6)
    kResult,         // what there is now is the node's first result; the post-ops behind make a second one of it
    kReluBackward,   // what it is where an operand, the result of a relu, is above 0, else 0
    kRelu6Backward,  // the same where it is below 6 as well
  };
  Kind kind = Kind::kRelu;
  ValueId operand = kNoValue;
  bool in_place = false;  // kAdd: the result takes the operand's memory, which nobody reads afterwards

  bool operator==(const PostOp&) const = default;
};

struct PostOpInfo {
  std::string_view name;  // in plans, reports and errors
  bool has_operand = false;
  bool by_channel = false;  // the operand has an element for each channel, whatever the image
  bool activation = false;
  bool mask = false;  // keeps or drops an element by that of the operand
};

// In the order of PostOp::Kind.
inline constexpr std::array<PostOpInfo, 8> kPostOps{{
    {.name = "bias", .has_operand = true, .by_channel = true},
    {.name = "scale", .has_operand = true, .by_channel = true},
    {.name = "add", .has_operand = true},
    {.name = "relu", .activation = true},
    {.name = "relu6", .activation = true},
    {.name = "result"},
    {.name = "relu_backward", .has_operand = true, .mask = true},
    {.name = "relu6_backward", .has_operand = true, .mask = true},
}};

constexpr const PostOpInfo& Info(PostOp::Kind kind) { return kPostOps[static_cast<size_t>(kind)]; }
constexpr bool IsByChannel(PostOp::Kind kind) { return Info(kind).by_channel; }
constexpr bool IsActivation(PostOp::Kind kind) { return Info(kind).activation; }
constexpr bool IsMask(PostOp::Kind kind) { return Info(kind).mask; }
// The operand has an element for each of the result.
constexpr bool IsByElement(PostOp::Kind kind) { return Info(kind).has_operand && !Info(kind).by_channel; }

struct Node {
  OpKind op = OpKind::kInput;
  Attrs attrs;
  std::string name;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::vector<PostOp> post_ops;
  // Depends on variables and constants alone: runs once for each state of the variables.
  bool prologue = false;
  Place scratch;  // set by plan_memory when the kernel asked for scratch
};

struct ProgramOutput {
  std::string name;
  ValueId value = kNoValue;
};

// What a plan says about its microbatch loop; without it, the compiler chooses.
struct SplitRequest {
  int64_t steps = 0;   // as many nodes as this, or as many as can be; 0: no microbatch loop
  int64_t images = 0;  // at a time
};

struct Program {
  std::vector<Node> nodes;    // execution order; inputs, variables and constants are nodes as well
  std::vector<Value> values;  // by ValueId; ids of removed nodes stay unused
  std::vector<ProgramOutput> outputs;
  std::vector<ValueId> updates;
  // The variable whose value at the beginning of a run is the step that random ops draw from; empty: runs with random
  // ops are counted.
  std::string random_step;
  // New values are written over the old ones, at the end of a run, instead of beside them.
  bool updates_in_place = false;
  PrecisionRequest precision;
  std::optional<SplitRequest> split;
  size_t arena_bytes = 0;  // set by plan_memory; scratch included

  ValueId AddValue(TensorType type, int32_t port = 0, std::string maker = {});
};

// Facts about values that passes ask for; rebuilt by whoever changed the program.
struct Uses {
  // Node index that makes each value, or -1.
  std::vector<int32_t> producer;
  // Node indices that read each value (inputs and post-op operands), ascending, one entry for each read.
  std::vector<std::vector<int32_t>> readers;
  // True for values that are outputs of the program, and for new values of variables.
  std::vector<bool> external;

  explicit Uses(const Program& program);
  bool SingleReader(ValueId value) const { return !external[value] && readers[value].size() == 1; }
};

// Whether the post-ops make a second result.
bool HasSecondResult(const Node& node);

// Reads plan text (docs/plan_format.md). Throws Error{kPlan} with the line. Checks limits, arity and attributes, not
// shapes.
Program Parse(std::string_view text);

// Plan text of a program, with what the compiler added.
std::string Print(const Program& program);

// Output types of a node from its input types: the same rules as lib/ops. Throws Error{kShape}.
std::vector<TensorType> InferTypes(const Node& node, const std::vector<TensorType>& inputs);

// Everything that must hold between two passes: order, ids, types, post-ops, updates. Throws Error{kPlan} (kShape for
// types).
void Verify(const Program& program);

}  // namespace slimnet
