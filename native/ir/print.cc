#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/limits.h"
#include "ir/microbatch_loop.h"
#include "ir/node_text.h"
#include "ir/program.h"
#include "ir/text.h"

namespace slimnet {
namespace {

// Items separated by a text, of anything that `text` turns into a string.
template <class Items, class Text>
std::string Join(const Items& items, std::string_view separator, Text text) {
  std::string joined;
  bool first = true;
  for (const auto& item : items) {
    if (!first) joined += separator;
    first = false;
    joined += text(item);
  }
  return joined;
}

std::string AttrText(int64_t value) { return std::to_string(value); }
std::string AttrText(double value) { return NumberText(value); }
std::string AttrText(bool value) { return value ? "true" : "false"; }
std::string AttrText(const std::string& value) { return Quote(value); }
std::string AttrText(DType value) { return std::string(Name(value)); }

template <class List>
std::string ListText(const List& list) {
  return "[" + Join(list, ",", [](auto element) { return AttrText(element); }) + "]";
}
template <class Element>
std::string AttrText(const std::vector<Element>& list) {
  return ListText(list);
}
template <size_t kCount>
std::string AttrText(const std::array<int64_t, kCount>& list) {
  return ListText(list);
}

std::string AttrsText(const Attrs& attrs) {
  std::string text;
  const auto visit = [&text](std::string_view name, const auto& value) {
    if (!text.empty()) text += ", ";
    text += std::string(name) + "=" + AttrText(value);
  };
  std::visit([&](const auto& a) { a.Visit(a, visit); }, attrs);
  return text;
}

std::string PostText(const PostOp& post) {
  const PostOpInfo& info = Info(post.kind);
  std::string text(info.name);
  if (info.has_operand) text += "(" + ValueText(post.operand) + (post.in_place ? ", in_place)" : ")");
  return text;
}

std::string Span(const Place& place, size_t bytes) {
  const size_t at = place.kind == Place::Kind::kConstant ? static_cast<size_t>(place.index) : place.offset;
  return std::to_string(at) + "+" + std::to_string(bytes);
}

// Where the results are, for programs that went through plan_memory.
std::string PlaceText(const Program& program, const Node& node) {
  std::string arena;
  std::string text;
  bool moves = false;
  for (ValueId output : node.outputs) {
    const Value& value = program.values[output];
    moves = moves || value.place.moves;
    switch (value.place.kind) {
      case Place::Kind::kArena:
        arena += (arena.empty() ? "" : ", ") + Span(value.place, value.bytes());
        break;
      case Place::Kind::kConstant:
        text += " constant[" + Span(value.place, value.bytes()) + "]";
        break;
      case Place::Kind::kSpare:
        text += " spare[" + std::to_string(value.bytes()) + "]";
        break;
      case Place::Kind::kAlias:
        text += " alias[" + ValueText(value.place.index) + "]";
        break;
      case Place::Kind::kNone:
      case Place::Kind::kInput:
      case Place::Kind::kVariable:
        break;
    }
  }
  if (!arena.empty()) text += " arena[" + arena + "]";
  if (moves) text += " moving";
  if (node.scratch.kind == Place::Kind::kArena) text += " scratch[" + std::to_string(node.scratch.offset) + "]";
  return text;
}

std::string NodeText(const Program& program, const Node& node) {
  std::string line = Join(node.outputs, ", ", ValueText) + " = " + std::string(Info(node.op).name) + "(" +
                     Join(node.inputs, ", ", ValueText) + ") {" + AttrsText(node.attrs) + "}";
  if (!node.post_ops.empty()) line += " post[" + Join(node.post_ops, ", ", PostText) + "]";
  line += " @" + Quote(node.name) + " : ";
  line += Join(node.outputs, ", ", [&](ValueId value) { return ToString(program.values[value].type); });
  for (ValueId output : node.outputs) {
    const LayoutPtr& layout = program.values[output].layout;
    if (layout) line += " layout(" + ValueText(output) + ": " + Quote(layout->name()) + ")";
    const std::optional<Encoding>& encoding = program.values[output].encoding;
    if (!encoding) continue;
    line += node.outputs.size() == 1 ? " as " + ToString(*encoding)
                                     : " as(" + ValueText(output) + ": " + ToString(*encoding) + ")";
  }
  return line + PlaceText(program, node) + "\n";
}

std::string PrecisionText(const PrecisionRequest& request) {
  std::string text;
  if (request.precision != Precision::kFloat32) text += "precision " + std::string(Name(request.precision)) + "\n";
  for (const auto& [name, range] : request.ranges) {
    text += "range " + Quote(name) + " " + NumberText(range.smallest) + " " + NumberText(range.largest) + "\n";
  }
  for (const std::string& name : request.keep_float32) text += "keep_float32 " + Quote(name) + "\n";
  if (request.observe) text += "observe\n";
  return text;
}

std::string SplitText(const std::optional<SplitRequest>& split) {
  if (!split) return "";
  if (split->steps == 0) return "split never\n";
  return "split " + std::to_string(split->steps) + " " + std::to_string(split->images) + "\n";
}

// The line above the nodes of one part of the program.
std::string Heading(const MicrobatchLoop& loop, const Node& node) {
  if (node.prologue) return "prologue:\n";
  return loop.Holds(node) ? "microbatch_loop " + std::to_string(loop.repeats()) + ":\n" : "main:\n";
}

}  // namespace

std::string PrintNodes(const Program& program) {
  std::string text = "slimnet.plan " + std::to_string(limits::kPlanVersion) + "\n";
  for (const Node& node : program.nodes) text += NodeText(program, node);
  return text;
}

std::string Print(const Program& program) {
  std::string text = "slimnet.plan " + std::to_string(limits::kPlanVersion) + "\n";
  const MicrobatchLoop loop(program);
  bool prologue = false;
  bool inside = false;
  for (const Node& node : program.nodes) {
    if (node.prologue != prologue || loop.Holds(node) != inside) text += Heading(loop, node);
    prologue = node.prologue;
    inside = loop.Holds(node);
    text += NodeText(program, node);
  }
  for (const ProgramOutput& output : program.outputs)
    text += "output " + Quote(output.name) + " " + ValueText(output.value) + "\n";
  for (ValueId value : program.updates) text += "update " + ValueText(value) + "\n";
  if (!program.random_step.empty()) text += "random_step " + Quote(program.random_step) + "\n";
  if (program.updates_in_place) text += "updates in_place\n";
  return text + PrecisionText(program.precision) + SplitText(program.split);
}

}  // namespace slimnet
